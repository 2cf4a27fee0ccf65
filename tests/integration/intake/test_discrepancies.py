"""What does not fit opens a discrepancy; only a reviewer's signature closes it."""

import threading
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from services.intake.models import Discrepancy
from services.intake.service.discrepancies import signed_digest
from services.intake.service.tell_custody import UNBLOCK
from shared.actor import Actor, Role
from shared.runtime import Runtime
from tests.calls import ADMIN, AUDITOR, BOGOTA, CUSTODIAN, REVIEWER, SCIENTIST, TECHNICIAN
from tests.integration.intake.builders import ask, dispatched, line, missing, outbox, receive, seen

WORDS = {"resolution": "the office confirmed its balance was out of calibration", "password": "verified"}


def resolve(client: FlaskClient, discrepancy_id: str, body: Any = None, *, actor: Actor = REVIEWER) -> Any:
    return ask(client, "POST", f"/discrepancies/{discrepancy_id}/resolve", body or WORDS, actor=actor)


@pytest.mark.rule("E5")
def test_what_does_not_fit_opens_discrepancies_and_blocks(client: FlaskClient, runtime: Runtime) -> None:
    sent = dispatched(client, [line(n) for n in (1, 2, 3, 4)])
    lines = [
        seen(1, gross_mass_g=4.1), seen(2, seal_condition="broken"), missing(3), seen(4, outcome="damaged"),
    ]  # fmt: skip
    receipt = receive(client, sent["id"], lines).json
    codes = {row["line"]: row["code"] for row in receipt["discrepancies"]}
    assert codes == {1: "weight", 2: "seal", 3: "missing", 4: "damaged"}
    exhibits = {row["line"]: f"/exhibits/{row['id']}" for row in receipt["exhibits"]}
    assert set(exhibits) == {1, 2, 4}
    assert ask(client, "GET", exhibits[1], actor=CUSTODIAN).json["state"] == "blocked"
    opened = next(row["id"] for row in receipt["discrepancies"] if row["line"] == 1)
    for actor in (TECHNICIAN, CUSTODIAN, ADMIN, AUDITOR, SCIENTIST, BOGOTA):
        assert resolve(client, opened, actor=actor).status_code == 403, actor
    assert resolve(client, opened, {"resolution": "x"}).json["errors"][0]["pointer"] == "/password"
    done = resolve(client, opened)
    assert (done.json["state"], done.json["resolved_by"], done.json["resolution"]) == (
        "resolved", "reviewer", WORDS["resolution"],
    )  # fmt: skip
    again = resolve(client, opened)
    assert again.status_code == 409 and again.json["code"] == "already_resolved"
    assert ask(client, "GET", exhibits[1], actor=CUSTODIAN).json["state"] == "received"
    (told,) = outbox(runtime, UNBLOCK, sent["id"])
    assert told["exhibit_id"] == exhibits[1].rpartition("/")[2] and told["resolved_by"] == "reviewer"
    query = f"/discrepancies?submission_id={sent['id']}&state=open"
    assert {row["line"] for row in ask(client, "GET", query, actor=REVIEWER).json["items"]} == {2, 3, 4}


def test_a_resolution_without_a_signature_is_refused(client: FlaskClient, runtime: Runtime) -> None:
    sent = dispatched(client, [line(1)])
    opened = receive(client, sent["id"], [seen(1, gross_mass_g=4)]).json["discrepancies"][0]["id"]
    # A body that is bytes is sent without a signature, as where the gateway found the password wrong.
    body = b'{"resolution": "fine", "password": "verified"}'
    refused = ask(client, "POST", f"/discrepancies/{opened}/resolve", body, actor=REVIEWER)
    assert refused.status_code == 403 and refused.json["code"] == "wrong_password"
    assert ask(client, "GET", "/discrepancies?state=open", actor=REVIEWER).json["items"][0]["id"] == opened


@pytest.mark.rule("E9", "E16")
def test_a_resolution_keeps_both_times_and_a_signature_of_the_record(
    client: FlaskClient, runtime: Runtime
) -> None:
    sent = dispatched(client, [line(1)])
    opened = receive(client, sent["id"], [seen(1, gross_mass_g=4)]).json["discrepancies"][0]["id"]
    (found,) = ask(client, "GET", f"/discrepancies?submission_id={sent['id']}", actor=REVIEWER).json["items"]
    early = resolve(client, opened, {**WORDS, "occurred_at": "2026-11-20T08:00:00Z"})
    assert early.status_code == 422 and early.json["errors"][0]["pointer"] == "/occurred_at"
    assert "2026-11-20T08:00:00" in early.json["detail"] and found["opened_at"] in early.json["detail"]
    done = resolve(client, opened, {**WORDS, "occurred_at": found["opened_at"]}).json
    assert done["resolved_at"] == found["opened_at"] < done["resolution_recorded_at"]
    with runtime.unit_of_work() as unit:
        row = unit.session.get_one(Discrepancy, opened)
        assert row.signature is not None and row.signature["login"] == "reviewer"
        assert row.signature["record_sha256"] == signed_digest(row)
        row.resolution = "something else"
        assert row.signature["record_sha256"] != signed_digest(row)


@pytest.mark.rule("E5")
def test_an_exhibit_waits_for_its_last_discrepancy(client: FlaskClient, runtime: Runtime) -> None:
    sent = dispatched(client, [line(1)])
    wrong = seen(1, gross_mass_g=4, seal_condition="absent", outcome="damaged")
    opened = [row["id"] for row in receive(client, sent["id"], [wrong]).json["discrepancies"]]
    assert len(opened) == 3
    threads = [
        threading.Thread(target=resolve, args=(client.application.test_client(), found)) for found in opened
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outbox(runtime, UNBLOCK, sent["id"])) == 1, "exactly the last one tells custody"


def test_two_reviewers_at_once_resolve_once(client: FlaskClient) -> None:
    sent, answers = dispatched(client, [line(1)]), []
    opened = receive(client, sent["id"], [seen(1, gross_mass_g=4)]).json["discrepancies"][0]["id"]
    other = Actor("reviewer2", "Ravi", Role.REVIEWER)

    def send(actor: Actor) -> None:
        answers.append(resolve(client.application.test_client(), opened, actor=actor).status_code)

    threads = [threading.Thread(target=send, args=(actor,)) for actor in (REVIEWER, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409]


def test_a_missing_line_that_a_reviewer_gave_up_closes_the_submission(
    client: FlaskClient, runtime: Runtime
) -> None:
    sent = dispatched(client, [line(1), line(2)])
    opened = receive(client, sent["id"], [seen(1), missing(2)]).json["discrepancies"][0]["id"]
    path = f"/submissions/{sent['id']}"
    assert ask(client, "GET", path, actor=BOGOTA).json["state"] == "partially_received"
    assert resolve(client, opened).status_code == 200
    assert ask(client, "GET", path, actor=BOGOTA).json["state"] == "received"
    assert outbox(runtime, UNBLOCK, sent["id"]) == [], "there is no exhibit to let go"


@pytest.mark.rule("E5")
def test_a_late_parcel_is_let_go_by_the_reviewer(client: FlaskClient, runtime: Runtime) -> None:
    sent = dispatched(client, [line(1)])
    opened = receive(client, sent["id"], [missing(1)]).json["discrepancies"][0]["id"]
    exhibit = receive(client, sent["id"], [seen(1)]).json["exhibits"][0]["id"]
    assert resolve(client, opened).json["exhibit_id"] == exhibit
    assert [told["exhibit_id"] for told in outbox(runtime, UNBLOCK, sent["id"])] == [exhibit]


@pytest.mark.rule("E12")
def test_a_resolved_discrepancy_is_not_changed_again(client: FlaskClient, runtime: Runtime) -> None:
    sent = dispatched(client, [line(1)])
    opened = receive(client, sent["id"], [seen(1, gross_mass_g=4)]).json["discrepancies"][0]["id"]
    resolve(client, opened)
    statement = text("UPDATE intake.discrepancy SET resolution = 'x', state = 'open' WHERE id = :id")
    with runtime.unit_of_work() as unit, pytest.raises(Exception, match="cannot be changed so"):
        unit.session.execute(statement, {"id": opened})
