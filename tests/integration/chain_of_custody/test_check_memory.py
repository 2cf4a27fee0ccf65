"""The self-check's comparisons do not make PostgreSQL hold what they have compared."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from services.chain_of_custody.repository import agreement
from shared.runtime import Runtime


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


@pytest.mark.rule("E18")
@pytest.mark.parametrize("check", range(len(agreement._CHECKS)))
def test_no_hash_join_parses_records_in_its_filter(runtime: Runtime, check: int) -> None:
    """A hash join frees what its filter used only when a row passes; where none does, every parsed record stays in memory."""
    with runtime.unit_of_work() as uow:
        for kind in ("nestloop", "mergejoin"):
            uow.session.execute(text(f"SET LOCAL enable_{kind} = off"))
        statement = text("EXPLAIN (VERBOSE, FORMAT JSON) " + agreement._CHECKS[check])
        told = uow.session.execute(statement, {"most": 20, "minutes": 10}).scalar_one()
    plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    joins = [node for node in nodes(plan) if node["Node Type"] == "Hash Join"]
    assert not [node["Filter"] for node in joins if "::jsonb" in node.get("Filter", "")]
    assert not [node["Join Filter"] for node in joins if "::jsonb" in node.get("Join Filter", "")]
