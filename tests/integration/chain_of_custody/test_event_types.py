"""The table of events in docs/integrators.md is what custody records: every type, its details, and how many people sign (E13)."""

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from gateway.pages.history import GROUPS
from services.chain_of_custody.service import verify_spectrum
from shared.runtime import Runtime
from tests.integration.chain_of_custody import histories
from tests.integration.chain_of_custody.house import tell_account
from tests.integration.chain_of_custody.test_takeovers import LEAVER, abandoned, take_item
from tests.integration.spectra import house as spectra

ROOT = Path(__file__).parents[3]
SERVICES = tuple(
    ROOT / "services" / name / room
    for name in ("chain_of_custody", "classifier")
    for room in ("service", "domain")
)
#: What another service tells of; tests tell it with details of their own.
TOLD = re.compile(r"(measure|result|library)")


@dataclass(frozen=True)
class Row:
    """What the table says of a type."""

    needed: frozenset[str]
    possible: frozenset[str]
    signed: int


def documented() -> dict[str, Row]:
    page = (ROOT / "docs" / "integrators.md").read_text()
    table = page.partition("## Events")[2].partition("\n## ")[0]
    found = {}
    for line in table.splitlines():
        cells = line.split("|")
        if len(cells) != 6 or "`" not in cells[1]:
            continue
        details = re.sub(r"\([^)]*\)", "", cells[3])
        possible = frozenset(re.findall(r"`(\w+)`", details))
        needed = possible - frozenset(re.findall(r"\[`(\w+)`\]", details))
        for kind in re.findall(r"`(\w+)`", cells[1]):
            found[kind] = Row(needed, possible, int(cells[4]))
    return found


def sources() -> str:
    return "\n".join(path.read_text() for folder in SERVICES for path in folder.glob("*.py"))


def recorded_in_code() -> set[str]:
    """Types that are given as they are to a function that records."""
    found = set()
    for folder in SERVICES:
        for path in folder.glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call):
                    continue
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if "record" in name or name in ("make_event", "tell_ledger"):
                    texts = [
                        a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
                    ]
                    found |= {value for value in texts if re.fullmatch(r"[a-z]+(_[a-z]+)*", value)}
    return found


def test_every_type_in_the_code_is_in_the_table() -> None:
    missing = recorded_in_code() - documented().keys()
    assert not missing, f"docs/integrators.md does not tell of {sorted(missing)}"
    assert len(recorded_in_code()) > 20


def test_every_type_in_the_table_is_in_the_code() -> None:
    code = sources()
    composed = {
        "handover_declined": '"declined"',
        "hold_placed_above": "_above",
        "hold_released_above": "_above",
    }
    composed |= {f"result_{word}": f'"{word}"' for word in ("released", "rejected")}
    composed |= {f"library_{word}": f'"{word}"' for word in ("accepted", "refused", "withdrawn")}
    for kind in documented():
        assert composed.get(kind, f'"{kind}"') in code, kind


def test_every_act_upon_an_item_is_in_a_part_of_its_history() -> None:
    house = ("account_", "place_")
    beginnings = tuple(word for key, (_, words) in GROUPS.items() if key for word in words)
    left = [kind for kind in documented() if not kind.startswith((*beginnings, *house))]
    assert not left, f"only 'Everything' shows {left}: say in gateway/pages/history.py where they belong"


@pytest.mark.rule("E13")
@pytest.mark.rule("E16")
def test_what_is_recorded_is_what_the_table_says(client: FlaskClient, runtime: Runtime) -> None:
    for make in histories.ALL:
        make(client)
    item_id = histories.received(client)
    for sha256 in (None, "00" * 32):
        over: dict[str, Any] = {} if sha256 is None else {"sha256": sha256}
        verify_spectrum.verify_spectrum(runtime, spectra.uploaded(client, item_id, b"run", **over))
    assert take_item(client, abandoned(client)[0]).status_code == 201
    tell_account(client, LEAVER, active=True)
    query = text("SELECT record FROM chain_of_custody.events")
    with runtime.unit_of_work() as uow:
        records: list[dict[str, Any]] = [json.loads(row.record) for row in uow.session.execute(query)]
    table = documented()
    for record in records:
        kind, details = record["type"], set(record["details"])
        row = table[kind]
        assert len(record["signatures"]) == row.signed, kind
        if not TOLD.match(kind):
            assert row.needed <= details <= row.possible, (kind, row.needed - details, details - row.possible)
    assert len({record["type"] for record in records}) >= 34
