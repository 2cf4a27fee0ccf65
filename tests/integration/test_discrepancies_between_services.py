"""Custody finds a mass missing, intake holds the discrepancy, a reviewer resolves it, custody lets go: each side's own messages,
delivered to the other in any of the orders that two outboxes allow, and twice (E5)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from services.chain_of_custody.app import create_app as create_custody
from services.intake.app import create_app as create_intake
from services.intake.app import make_runtime
from services.intake.service.tell_custody import ITEMS, keep_item_ids
from shared.actor import Role
from shared.config import Settings
from shared.runtime import Runtime
from tests.calls import ADMIN, AUDITOR, BANGKOK, BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN, as_service
from tests.integration.chain_of_custody.house import tell_people
from tests.integration.intake.builders import ask, dispatched, line, receive, seen
from tests.integration.intake.conftest import FixedProgrammes


class Pair:
    """Intake and custody on one database; messages wait in their outboxes until the test delivers them."""

    def __init__(self, settings: Settings) -> None:
        self.runtimes = {
            "intake": make_runtime(settings),
            "chain_of_custody": Runtime("chain_of_custody", settings),
        }
        self.runtimes["intake"].extras["programmes"] = FixedProgrammes()
        self.intake = create_intake(settings, self.runtimes["intake"]).test_client()
        self.custody = create_custody(settings, self.runtimes["chain_of_custody"]).test_client()
        self.seen = {"intake": 0, "chain_of_custody": 0}
        tell_people(self.custody)
        for code, country in (("BOG", "CO"), ("BKK", "TH")):
            office = {"code": code, "name": code, "country": country}
            assert ask(self.intake, "POST", "/offices", office, actor=ADMIN).status_code == 201

    def deliver(self, sender: str) -> list[dict[str, Any]]:
        """Every message of the sender that was not delivered yet, twice each; returns their bodies."""
        runtime = self.runtimes[sender]
        query = text(f"SELECT seq, target, path, body FROM {sender}.outbox WHERE seq > :seen ORDER BY seq")
        with runtime.unit_of_work() as uow:
            rows = uow.session.execute(query, {"seen": self.seen[sender]}).all()
        for row in rows:
            self.seen[sender] = row.seq
            client = self.intake if row.target == "intake" else self.custody
            for _ in range(2):
                said = as_service(client, sender, "POST", row.path, row.body)
                assert said.status_code == 200, said.data
            if row.path == ITEMS:
                with runtime.unit_of_work() as uow:
                    keep_item_ids(uow, row.body, said.json)
                    uow.commit()
        return [row.body for row in rows]

    def received(self, count: int = 1, **over: Any) -> list[tuple[str, str]]:
        """(exhibit, item) of new exhibits of one submission in the custodian's hands, 500 mg net each."""
        lines = range(1, count + 1)
        sent = dispatched(self.intake, [line(n) for n in lines])
        receipt = receive(self.intake, sent["id"], [seen(n, **over) for n in lines]).json
        self.deliver("intake")
        found = []
        for row in receipt["exhibits"]:
            item = ask(self.intake, "GET", f"/exhibits/{row['id']}", actor=CUSTODIAN).json["item_id"]
            found.append((row["id"], item))
            if not over:
                assert self.weigh(item, 500)["state"] == "in_custody"
        return found

    def weigh(self, item: str, milligrams: float) -> dict[str, Any]:
        body = {"net_mass_mg": milligrams, "uncertainty_mg": 0.4, "balance": "b"}
        done = ask(self.custody, "POST", f"/items/{item}/weighings", body, actor=CUSTODIAN)
        assert done.status_code == 201, done.data
        return dict(done.json)

    def aliquot(self, item: str) -> str:
        body = {"net_mass_mg": 20, "uncertainty_mg": 0.2, "purpose": "x"}
        return str(ask(self.custody, "POST", f"/items/{item}/aliquots", body, actor=CUSTODIAN).json["id"])

    def state(self, item: str) -> str:
        return str(ask(self.custody, "GET", f"/items/{item}", actor=AUDITOR).json["state"])

    def open_ones(self, **wanted: str) -> list[dict[str, Any]]:
        rows = ask(self.intake, "GET", "/discrepancies?state=open&limit=500", actor=REVIEWER).json["items"]
        return [row for row in rows if all(row[name] == value for name, value in wanted.items())]

    def resolve(self, discrepancy_id: str) -> None:
        body = {"resolution": "dried", "password": "verified"}
        done = ask(self.intake, "POST", f"/discrepancies/{discrepancy_id}/resolve", body, actor=REVIEWER)
        assert done.status_code == 200, done.data


@pytest.fixture(scope="module")
def pair(settings: Settings) -> Iterator[Pair]:
    found = Pair(settings)
    yield found
    for runtime in found.runtimes.values():
        runtime.engine.dispose()


@pytest.fixture
def clients(pair: Pair) -> tuple[FlaskClient, FlaskClient]:
    return pair.intake, pair.custody


@pytest.mark.rule("E5")
@pytest.mark.rule("E15")
def test_a_missing_mass_becomes_a_discrepancy_that_a_reviewer_closes(pair: Pair) -> None:
    ((exhibit, item),) = pair.received()
    child = pair.aliquot(item)
    assert pair.weigh(item, 400)["state"] == "blocked" and pair.state(child) == "blocked"
    pair.deliver("chain_of_custody")
    (row,) = pair.open_ones(exhibit_id=exhibit)
    assert (row["code"], row["item_id"], row["opened_by"], row["line"]) == ("weight", item, "custodian", 1)
    assert "400 mg" in row["detail"] and "receipt_id" not in row
    assert ask(pair.intake, "GET", f"/exhibits/{exhibit}", actor=CUSTODIAN).json["state"] == "blocked"
    submission = row["submission_id"]
    (receipt,) = ask(pair.intake, "GET", f"/submissions/{submission}/receipts", actor=BOGOTA).json["items"]
    assert receipt["discrepancies"] == [], "what was found later is not of the receipt"
    query = f"/discrepancies?submission_id={submission}"
    assert len(ask(pair.intake, "GET", query, actor=BOGOTA).json["items"]) == 1
    assert ask(pair.intake, "GET", query, actor=BANGKOK).json["items"] == []
    pair.resolve(row["id"])
    pair.deliver("intake")
    assert pair.state(item) == pair.state(child) == "in_custody"
    assert pair.weigh(item, 400)["state"] == "in_custody"


@pytest.mark.rule("E15")
@pytest.mark.rule("E17")
def test_whoever_told_a_loss_does_not_explain_it(pair: Pair) -> None:
    """Roles can change on the way; people stay the same."""
    ((exhibit, item),) = pair.received()
    lost = {"net_mass_mg": 100, "uncertainty_mg": 0.4, "reason": "spilt"}
    assert ask(pair.custody, "POST", f"/items/{item}/losses", lost, actor=CUSTODIAN).json["blocked"]
    pair.deliver("chain_of_custody")
    (row,) = pair.open_ones(exhibit_id=exhibit)
    path, body = f"/discrepancies/{row['id']}/resolve", {"resolution": "I said so", "password": "verified"}
    promoted = replace(CUSTODIAN, role=Role.REVIEWER)
    refused = ask(pair.intake, "POST", path, body, actor=promoted)
    assert refused.status_code == 409 and refused.json["code"] == "four_eyes", refused.data
    pair.resolve(row["id"])
    pair.deliver("intake")
    assert pair.state(item) == "in_custody"


@pytest.mark.rule("E5")
def test_a_resolution_that_crosses_custodys_message_leaves_the_new_one_open(pair: Pair) -> None:
    """Intake resolves the first and has not heard of the second: its "nothing is open" must not free what custody blocked."""
    ((exhibit, item),) = pair.received()
    child = pair.aliquot(item)
    pair.weigh(child, 10)
    pair.deliver("chain_of_custody")
    (first,) = pair.open_ones(exhibit_id=exhibit)
    pair.weigh(item, 300)
    pair.resolve(first["id"])
    pair.deliver("intake")
    assert pair.state(item) == pair.state(child) == "blocked"
    pair.deliver("chain_of_custody")
    (second,) = pair.open_ones(exhibit_id=exhibit)
    pair.resolve(second["id"])
    pair.deliver("intake")
    assert pair.state(item) == pair.state(child) == "in_custody"


@pytest.mark.rule("E5")
def test_a_receipts_discrepancy_blocks_until_it_is_resolved_too(pair: Pair) -> None:
    ((exhibit, item),) = pair.received(seal_condition="broken", gross_mass_g=4)
    assert pair.state(item) == "blocked"
    first, second = pair.open_ones(exhibit_id=exhibit)
    assert first["opened_by"] is None and first["item_id"] is None
    pair.resolve(first["id"])
    pair.deliver("intake")
    assert pair.state(item) == "blocked"
    pair.resolve(second["id"])
    pair.deliver("intake")
    assert pair.state(item) == "in_custody"


@pytest.mark.rule("E5")
def test_what_is_found_at_intake_later_stops_the_aliquots_that_exist(pair: Pair) -> None:
    ((exhibit, item),) = pair.received()
    child = pair.aliquot(item)
    path, body = (
        f"/exhibits/{exhibit}/discrepancies",
        {"code": "seal", "detail": "The seal was cut on the back."},
    )
    assert ask(pair.intake, "POST", path, body, actor=BOGOTA).status_code == 403
    assert ask(pair.intake, "POST", path, {**body, "code": "missing"}, actor=CUSTODIAN).status_code == 422
    assert ask(pair.intake, "POST", "/exhibits/none/discrepancies", body, actor=CUSTODIAN).status_code == 404
    opened = ask(pair.intake, "POST", path, body, actor=TECHNICIAN)
    assert opened.status_code == 201 and opened.json["opened_by"] == "technician", opened.data
    pair.deliver("intake")
    assert pair.state(item) == pair.state(child) == "blocked"
    events = ask(pair.custody, "GET", f"/items/{child}/events", actor=AUDITOR).json["items"]
    assert events[-1]["actor"] == "technician" and events[-1]["purpose"] == body["detail"]
    assert [event["type"] for event in events].count("discrepancy_opened") == 1
    pair.resolve(opened.json["id"])
    pair.deliver("intake")
    assert pair.state(item) == pair.state(child) == "in_custody"


@pytest.mark.rule("E5")
def test_a_composites_missing_mass_stops_the_composite_and_no_exhibit(pair: Pair) -> None:
    two = pair.received(2)
    parts = [{"item_id": item, "net_mass_mg": 10, "uncertainty_mg": 0.2} for _, item in two]
    made = ask(pair.custody, "POST", "/composites", {"parts": parts, "purpose": "pool"}, actor=CUSTODIAN).json
    assert pair.weigh(made["id"], 5)["state"] == "blocked"
    pair.deliver("chain_of_custody")
    (row,) = pair.open_ones(item_id=made["id"])
    assert row["exhibit_id"] is None and row["line"] is None and row["item_number"] == made["number"]
    for exhibit, item in two:
        assert pair.state(item) == "in_custody"
        assert ask(pair.intake, "GET", f"/exhibits/{exhibit}", actor=CUSTODIAN).json["state"] == "received"
    pair.resolve(row["id"])
    pair.deliver("intake")
    assert pair.state(made["id"]) == "in_custody"


def test_only_the_services_themselves_tell_of_discrepancies(pair: Pair) -> None:
    for client, path in ((pair.intake, "/internal/discrepancies"), (pair.custody, "/internal/items/block")):
        body = {
            "discrepancy_id": "d", "item_id": "i", "item_number": "n", "exhibit_id": "e", "submission_id": "s",
            "code": "weight", "detail": "x", "opened_at": "2026-11-24T08:00:00Z", "opened_by": "x",
        }  # fmt: skip
        if client is pair.custody:
            body["opened_by"] = {"login": "x", "name": "x", "role": "custodian"}  # type: ignore[assignment]
        assert as_service(client, "classifier", "POST", path, body).status_code == 403
    right = as_service(pair.custody, "intake", "POST", "/internal/items/block", body)
    assert right.status_code == 404 and right.json["code"] == "not_found"
