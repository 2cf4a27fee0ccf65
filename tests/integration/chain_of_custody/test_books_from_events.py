"""The columns are what the acts come to; whoever changes a column, a portion or a resolution is found (E15, E19)."""

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from services.chain_of_custody.service.check_books import wrong_books
from shared.runtime import Runtime
from tests.calls import CUSTODIAN, TECHNICIAN
from tests.integration.chain_of_custody.house import act, call, exhibit, handed, item, mass
from tests.integration.chain_of_custody.test_mass_balance import composite, same_parcel

masses = st.integers(1, 120_000).map(lambda n: n / 1000)
acts = st.tuples(st.sampled_from(["weighings", "aliquots", "consumptions", "losses", "composite"]), masses)
FLOWS = ("remaining", "composites", "consumed", "lost", "differences", "returned", "disposed")


def findings(runtime: Runtime) -> list[str]:
    with runtime.unit_of_work() as uow:
        return list(wrong_books(uow.session, 50))


def as_owner(runtime: Runtime, *statements: str) -> None:
    url = make_url(runtime.settings.owner_database_url()).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(False)) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)


def do(client: FlaskClient, items: list[str], kind: str, which: int, amount: float) -> None:
    """One act; what the rules refuse is refused, and leaves nothing."""
    item_id = items[which % len(items)]
    if kind == "composite":
        other = items[(which + 1) % len(items)]
        made = composite(client, [item_id, other], amount) if other != item_id else None
    else:
        said = {"weighings": {"balance": "b"}, "losses": {"reason": "spilt"}}.get(kind, {"purpose": "x"})
        made = act(client, item_id, kind, {**mass(amount, 0.2), **said})
    if made is not None and made.status_code == 201:
        if kind in ("aliquots", "composite"):
            items.append(made.json["id"])
    elif made is not None:
        assert made.status_code == 409, made.data


@pytest.mark.rule("E15")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(st.tuples(st.integers(0, 20), acts), max_size=14))
def test_after_any_acts_the_columns_are_what_the_events_come_to(
    client: FlaskClient, runtime: Runtime, story: list[tuple[int, tuple[str, float]]]
) -> None:
    number = exhibit()["number"]
    shared = {"submission_id": f"p-{number}", "submission_number": f"D-{number}"}
    items = [handed(client, **shared) for _ in range(2)]
    for item_id in items:
        assert act(client, item_id, "weighings", mass(500, 0.4, balance="b")).status_code == 201
    roots = list(items)
    for which, (kind, amount) in story:
        do(client, items, kind, which, amount)
    assert findings(runtime) == []
    for root in roots:
        told = call(client, "GET", f"/items/{root}/balance", actor=CUSTODIAN).json
        total = sum(told[name]["net_mass_mg"] for name in FLOWS)
        assert told["received"]["net_mass_mg"] == pytest.approx(total, abs=1e-9)
        blocked = [row["id"] for row in told["items"] if not row["closes"]]
        assert all(item(client, found)["blocked"] for found in blocked), (
            "what does not close waits for a reviewer"
        )


@pytest.mark.rule("E15")
@pytest.mark.rule("E19")
@pytest.mark.parametrize(
    ("change", "back", "words"),
    [
        (
            "items SET remaining_mg = remaining_mg - 5",
            "items SET remaining_mg = remaining_mg + 5",
            "495.000000000 mg",
        ),
        ("items SET uncertainty_mg = 9", "items SET uncertainty_mg = 0.4", "9.000000000 mg"),
        ("items SET remaining_mg = NULL", "items SET remaining_mg = 500", "shows no mass"),
    ],
)
def test_a_changed_mass_is_found_though_its_newest_event_were_changed_too(
    client: FlaskClient, runtime: Runtime, change: str, back: str, words: str
) -> None:
    item_id = handed(client)
    assert act(client, item_id, "weighings", mass(500, 0.4, balance="b")).status_code == 201
    where = f"WHERE id = '{item_id}'"
    number = item(client, item_id)["number"]
    replaced = words.replace("shows no mass", "its row says no mass")
    as_owner(runtime, f"UPDATE chain_of_custody.{change} {where}")
    found = findings(runtime)
    as_owner(runtime, f"UPDATE chain_of_custody.{back} {where}")
    assert len(found) == 1 and number in found[0] and replaced in found[0]
    assert findings(runtime) == []


@pytest.mark.rule("E15")
def test_a_mass_that_no_act_tells_of_is_found(client: FlaskClient, runtime: Runtime) -> None:
    item_id = handed(client)
    where = f"WHERE id = '{item_id}'"
    as_owner(runtime, f"UPDATE chain_of_custody.items SET remaining_mg = 1, uncertainty_mg = 0 {where}")
    found = findings(runtime)
    as_owner(runtime, f"UPDATE chain_of_custody.items SET remaining_mg = NULL, uncertainty_mg = NULL {where}")
    assert found == [f"item {item(client, item_id)['number']}: its row tells of a mass, no act does"]


@pytest.mark.rule("E19")
def test_a_portion_that_was_changed_or_taken_out_is_found(client: FlaskClient, runtime: Runtime) -> None:
    ids = same_parcel(client, 2)
    made = composite(client, ids).json["id"]
    table, where = (
        "chain_of_custody.composite_parts",
        f"WHERE composite_id = '{made}' AND part_id = '{ids[0]}'",
    )
    as_owner(runtime, f"UPDATE {table} SET net_mass_mg = 1 {where}")
    changed = findings(runtime)
    as_owner(runtime, f"DELETE FROM {table} {where}")
    gone = findings(runtime)
    as_owner(runtime, f"INSERT INTO {table} VALUES ('{made}', '{ids[0]}', 10, 0.3)")
    assert changed == gone == [f"composite {made}: its portion of item {ids[0]} is not what its event says"]
    assert findings(runtime) == []


@pytest.mark.rule("E5")
@pytest.mark.rule("E19")
def test_a_discrepancy_that_was_closed_behind_the_reviewers_back_is_found(
    client: FlaskClient, runtime: Runtime
) -> None:
    item_id = handed(client)
    assert act(client, item_id, "weighings", mass(500, 0.4, balance="b")).status_code == 201
    assert act(client, item_id, "weighings", mass(400, 0.4, balance="b")).json["blocked"]
    table, where = "chain_of_custody.discrepancies", f"WHERE item_id = '{item_id}'"
    as_owner(runtime, f"UPDATE {table} SET resolved_at = now() {where}")
    found: Any = findings(runtime)
    as_owner(runtime, f"UPDATE {table} SET resolved_at = NULL {where}")
    assert len(found) == 1 and item_id in found[0] and "says resolved" in found[0]
    assert call(client, "GET", f"/items/{item_id}/events", actor=TECHNICIAN).status_code == 200
