"""An upgrade over the data of custody's first revision: nothing is lost, each succession is whole, and work goes on (E8, E12)."""

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from services.chain_of_custody.app import create_app, make_runtime
from shared.actor import Actor, Role
from shared.config import Settings
from shared.db.migrate import migrate
from tests.calls import AUDITOR, BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.database import make_settings
from tests.integration.chain_of_custody.house import CUSTODIAN2, SIGNED, act, call, item
from tests.integration.upgrades.old_custody import FIRST, OldCustody

SHELF, SHELF_PATH = "vault-a-1", "Laboratory / Vault / Cabinet A / Shelf A1"
STRANGER = Actor("stranger", "Stranger", Role.TECHNICIAN)
_ALL = "SELECT id, item_id, sequence, record, digest FROM chain_of_custody.events ORDER BY item_id, sequence"
_OFFERS = "SELECT id, giver, receiver, state FROM chain_of_custody.handovers ORDER BY id"


def fill(old: OldCustody) -> None:
    """One item for each way that evidence had gone until then."""
    for login, role in (
        ("custodian", "custodian"),
        ("custodian2", "custodian"),
        ("technician", "technician"),
        ("reviewer", "reviewer"),
    ):
        old.person(login, role)
    old.person("bogota", "office", "BOG")
    for item_id in (
        "pending",
        "accepted",
        "declined",
        "withdrawn",
        "stored",
        "round",
        "back",
        "held",
        "going",
        "far",
    ):
        old.item(item_id)
    old.item("waits", blocked=True)
    old.offer("h-pending", ["pending"], "custodian", "technician")
    old.offer("h-accepted", ["accepted", "far"], "custodian", "technician", "accepted")
    old.offer("h-declined", ["declined"], "custodian", "technician", "declined")
    old.offer("h-withdrawn", ["withdrawn"], "custodian", "technician", "withdrawn")
    old.item("aliquot", parent="accepted", by="technician")
    old.offer("h-stranger", ["far"], "technician", "stranger", "accepted")
    old.store("stored", "custodian", SHELF, SHELF_PATH)
    old.store("round", "custodian", SHELF, SHELF_PATH)
    old.retrieve("round", "custodian2", SHELF, SHELF_PATH)
    old.store("round", "custodian2", "vault-a-2", "Laboratory / Vault / Cabinet A / Shelf A2")
    old.give_back("back", "custodian", "bogota")
    old.hold("hold", "held")
    old.disposal("disposal", "going")


@pytest.fixture(scope="module")
def before() -> dict[str, Any]:
    """What the tables said before the upgrade."""
    return {}


@pytest.fixture(scope="module")
def settings(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory, before: dict[str, Any]
) -> Settings:
    """A database that was filled at the first revision and then upgraded."""
    name = f"t_upgrades_custody_{os.getpid()}"
    found = make_settings(
        postgres_server, name, tmp_path_factory.mktemp("data"), revisions={"chain_of_custody": FIRST}
    )
    with psycopg.connect(found.database_url, autocommit=True) as owner:
        fill(OldCustody(owner))
        before.update(events=owner.execute(_ALL).fetchall(), offers=owner.execute(_OFFERS).fetchall())
    migrate(found)
    return found


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[FlaskClient]:
    runtime = make_runtime(settings)
    yield create_app(settings, runtime).test_client()
    runtime.engine.dispose()


@pytest.fixture
def owner(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(settings.database_url, autocommit=True) as found:
        yield found


@pytest.mark.rule("E12")
def test_every_event_and_every_offer_is_what_it_was(
    owner: psycopg.Connection[Any], before: dict[str, Any]
) -> None:
    kept = [row for row in owner.execute(_ALL).fetchall() if row in before["events"]]
    assert kept == before["events"] and len(kept) > 30
    assert owner.execute(_OFFERS).fetchall() == before["offers"]
    pending = owner.execute("SELECT item_id FROM chain_of_custody.handover_items WHERE pending").fetchall()
    assert pending == [("pending",)]


@pytest.mark.rule("E8")
def test_each_succession_is_whole_and_ends_with_the_holder(owner: psycopg.Connection[Any]) -> None:
    steps = "SELECT giver_kind, giver, receiver_kind, receiver FROM chain_of_custody.transfers WHERE item_id = %s ORDER BY number"
    given = ("person", "custodian")
    expected: dict[str, list[tuple[str, str]]] = {
        "pending": [given],
        "declined": [given],
        "withdrawn": [given],
        "accepted": [given, ("person", "technician")],
        "aliquot": [("person", "technician")],
        "stored": [given, ("place", SHELF)],
        "round": [given, ("place", SHELF), ("person", "custodian2"), ("place", "vault-a-2")],
        "back": [given, ("person", "bogota")],
        "far": [given, ("person", "technician"), ("person", "stranger")],
    }
    for item_id, holders in expected.items():
        found = owner.execute(steps, [item_id]).fetchall()
        assert [row[2:] for row in found] == holders, item_id
        assert [row[:2] for row in found] == [(None, None), *holders[:-1]], item_id
        row = owner.execute(
            "SELECT transfers, holder_kind, holder FROM chain_of_custody.items WHERE id = %s", [item_id]
        ).fetchone()
        assert row == (len(holders), *holders[-1]), item_id
    count = owner.execute(
        "SELECT id, kind, stored FROM chain_of_custody.locations WHERE stored > 0 ORDER BY id"
    )
    assert count.fetchall() == [(SHELF, "shelf", 1), ("vault-a-2", "shelf", 1)]


@pytest.mark.rule("E8")
def test_the_database_holds_the_old_successions_from_now_on(owner: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation), owner.transaction():
        owner.execute("UPDATE chain_of_custody.items SET holder = 'reviewer' WHERE id = 'accepted'")
    with pytest.raises(psycopg.Error):
        owner.execute("DELETE FROM chain_of_custody.transfers WHERE item_id = 'round'")


@pytest.mark.rule("E5")
@pytest.mark.rule("E15")
def test_what_waited_or_was_on_hold_still_is(owner: psycopg.Connection[Any]) -> None:
    waiting = owner.execute(
        "SELECT item_id, code, resolved_at FROM chain_of_custody.discrepancies"
    ).fetchall()
    assert waiting == [("waits", "receipt", None)]
    assert owner.execute("SELECT hold_id, item_id FROM chain_of_custody.hold_items").fetchall() == [
        ("hold", "held")
    ]
    mass = owner.execute(
        "SELECT gross_mass_mg, most_mg FROM chain_of_custody.items WHERE id = 'stored'"
    ).fetchone()
    assert mass is not None and mass[0] == mass[1] == 5250


@pytest.mark.rule("E8")
def test_work_goes_on_where_it_stood(client: FlaskClient) -> None:
    """Acts upon old data, by the code of today: each of them would be refused by the database if a row were wrong."""
    accepted = call(client, "POST", "/handovers/h-pending/accept", SIGNED, actor=TECHNICIAN)
    assert accepted.status_code == 200, accepted.data
    for ended in ("h-declined", "h-withdrawn", "h-accepted"):
        again = call(client, "POST", f"/handovers/{ended}/accept", SIGNED, actor=TECHNICIAN)
        assert (again.status_code, again.json["code"]) == (409, "not_offered"), ended
    offer = {"item_ids": ["declined", "withdrawn"], "to": "technician", "purpose": "analysis"}
    assert call(client, "POST", "/handovers", offer, actor=CUSTODIAN).status_code == 201
    taken = act(client, "round", "retrievals", {"purpose": "analysis"}, CUSTODIAN2)
    assert taken.status_code == 201, taken.data
    put = act(client, "aliquot", "moves", {"place": SHELF, "purpose": "storage"}, TECHNICIAN)
    assert put.status_code == 201, put.data
    blocked = {"item_ids": ["waits"], "to": "technician", "purpose": "analysis"}
    assert call(client, "POST", "/handovers", blocked, actor=CUSTODIAN).json["code"] == "blocked"
    released = call(client, "POST", "/holds/hold/release", {"reason": "over", **SIGNED}, actor=REVIEWER)
    assert released.status_code == 200, released.data
    withdrawn = call(
        client, "POST", "/disposals/disposal/withdraw", {"reason": "kept", **SIGNED}, actor=REVIEWER
    )
    assert withdrawn.status_code == 200, withdrawn.data
    assert item(client, "back", BOGOTA)["state"] == "returned"
    told = call(client, "GET", "/items/round/events", actor=AUDITOR).json["items"]
    assert told[-1]["details"]["giver"] == {
        "kind": "place",
        "id": "vault-a-2",
        "name": told[-1]["details"]["place"],
    }


@pytest.mark.rule("E8")
def test_a_holder_of_whom_nobody_told_is_taken_over_from(client: FlaskClient) -> None:
    """An upgrade knows such a person as one who cannot sign; the gateway's word, once it comes, counts instead."""
    held = call(client, "GET", "/holdings?item_id=far", actor=AUDITOR).json["items"]
    assert [(row["holder"], row["holder_unable"]) for row in held] == [("stranger", "account closed")]
