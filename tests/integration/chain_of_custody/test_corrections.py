"""Corrections point at what they correct and change nothing else (E11); times are told apart (E9); items are sealed anew (E3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.chain_of_custody.domain.event_record import signatures_hold
from services.chain_of_custody.repository import seals
from shared.actor import Actor
from shared.http.lists import mark
from shared.http.schemas import format_time
from shared.runtime import Runtime
from tests.calls import ADMIN, ANALYST, AUDITOR, BOGOTA, CUSTODIAN, REVIEWER, SCIENTIST, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    SIGNED,
    TECHNICIAN2,
    act,
    call,
    events,
    handed,
    item,
    mass,
    offered,
    opened,
    signed_by,
    weighed,
)

ANSWERED_ONLY = {
    "index", "digest", "intact", "damage", "title", "facts", "backdated", "delay_seconds", "out_of_order", "exceptional",
    "correctable", "corrects", "corrected_by",
}  # fmt: skip


def _correct(client: FlaskClient, item_id: str, event: dict[str, Any], actor: Actor, **corrected: Any) -> Any:
    body = {"event_id": event["id"], "reason": "misread the label", "corrected": corrected, **SIGNED}
    return act(client, item_id, "corrections", body, actor)


@pytest.mark.rule("E11")
@pytest.mark.rule("E16")
def test_a_correction_points_at_the_act_and_leaves_it_as_it_was(client: FlaskClient) -> None:
    item_id = weighed(client)
    before, standing = events(client, item_id), item(client, item_id)
    last = before[-1]
    made = _correct(client, item_id, last, TECHNICIAN, balance="XPR206", purpose="net mass after drying")
    assert made.status_code == 201, made.data
    after = events(client, item_id)
    assert [event["digest"] for event in after[:-1]] == [event["digest"] for event in before]
    assert after[-2] == {**last, "corrected_by": [made.json["id"]]}
    new = after[-1]
    assert (new["type"], new["corrects"], new["purpose"]) == ("corrected", last["id"], "misread the label")
    assert new["details"] == {
        "corrects": {"event_id": last["id"], "sequence": last["sequence"], "type": "weighed", "digest": last["digest"]},
        "was": {"balance": "XPR205", "purpose": "not stated"},
        "corrected": {"balance": "XPR206", "purpose": "net mass after drying"},
    }  # fmt: skip
    assert [signature["login"] for signature in new["signatures"]] == ["technician"]
    record = {name: value for name, value in new.items() if name not in ANSWERED_ONLY}
    assert last["correctable"][:2] == ["occurred_at", "purpose"] and "balance" in last["correctable"]
    assert new["correctable"] == ["occurred_at", "purpose", "balance"]
    assert signatures_hold(record)
    assert not signatures_hold({**record, "purpose": "another"})
    assert item(client, item_id) == {**standing, "events": standing["events"] + 1}


@pytest.mark.rule("E11")
def test_corrections_can_be_corrected(client: FlaskClient) -> None:
    item_id = weighed(client)
    last = events(client, item_id)[-1]
    first = _correct(client, item_id, last, TECHNICIAN, balance="XPR260").json
    second = _correct(client, item_id, first, CUSTODIAN, balance="XPR206")
    assert second.status_code == 201, second.data
    third = _correct(client, item_id, last, REVIEWER, balance="XPR206").json
    told = {event["id"]: event for event in events(client, item_id)}
    assert told[last["id"]]["corrected_by"] == [first["id"], third["id"]]
    assert told[first["id"]]["corrected_by"] == [second.json["id"]]
    assert second.json["details"]["was"] == {"balance": "XPR260"}


@pytest.mark.rule("E11")
def test_who_corrects(client: FlaskClient) -> None:
    item_id = weighed(client)
    last = events(client, item_id)[-1]
    for actor in (TECHNICIAN2, SCIENTIST, AUDITOR, ADMIN, ANALYST, BOGOTA):
        assert _correct(client, item_id, last, actor, balance="x").status_code == 403, actor.login
    body = {"event_id": last["id"], "reason": "x", "corrected": {"balance": "y"}}
    unsigned = act(client, item_id, "corrections", body)
    assert unsigned.status_code == 422 and unsigned.json["errors"][0]["pointer"] == "/password"
    another = weighed(client)
    foreign = _correct(client, another, last, TECHNICIAN, balance="y")
    assert foreign.status_code == 422 and foreign.json["errors"][0]["pointer"] == "/event_id"
    for number, actor in enumerate((TECHNICIAN, CUSTODIAN, REVIEWER)):
        assert _correct(client, item_id, last, actor, balance=f"b{number}").status_code == 201, actor.login


@pytest.mark.rule("E11")
@pytest.mark.rule("E15")
def test_neither_holder_nor_what_follows_from_a_mass_is_corrected_in_writing(client: FlaskClient) -> None:
    item_id = weighed(client)
    _, _, given, last = events(client, item_id)
    heavy = _correct(client, item_id, last, TECHNICIAN, difference_mg=900.0, balance="x")
    assert heavy.status_code == 422 and "follows from others" in heavy.json["detail"]
    assert [row["pointer"] for row in heavy.json["errors"]] == ["/corrected/difference_mg"]
    moved = _correct(client, item_id, given, CUSTODIAN, to="technician2")
    assert moved.status_code == 422 and "hand it over" in moved.json["detail"]
    assert len(events(client, item_id)) == 4
    assert item(client, item_id)["remaining"]["net_mass_mg"] == 500.0


@pytest.mark.rule("E11")
def test_the_record_of_an_item_that_has_gone_can_still_be_put_right(client: FlaskClient) -> None:
    item_id = opened(client)
    offer = offered(client, [item_id], "bogota")
    assert call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=BOGOTA).status_code == 200
    received = events(client, item_id)[0]
    earlier = format_time(datetime.fromisoformat(received["occurred_at"]) - timedelta(hours=3))
    assert _correct(client, item_id, received, CUSTODIAN, occurred_at=earlier).status_code == 201
    assert item(client, item_id)["state"] == "returned"


@pytest.mark.rule("E12")
def test_the_database_keeps_corrections(client: FlaskClient, runtime: Runtime) -> None:
    item_id = weighed(client)
    assert _correct(client, item_id, events(client, item_id)[-1], TECHNICIAN, balance="x").status_code == 201
    for statement in ("UPDATE corrections SET corrects = event_id", "DELETE FROM corrections"):
        statement = statement.replace("corrections", "chain_of_custody.corrections")
        with runtime.unit_of_work() as uow, pytest.raises(DBAPIError, match="permission denied"):
            uow.session.execute(text(statement))


@pytest.mark.rule("E9")
def test_what_was_told_late_and_out_of_order_is_marked(client: FlaskClient) -> None:
    item_id = handed(client)
    told = [
        {"balance": "b"},
        {"balance": "b", "occurred_at": format_time(datetime.now(UTC) - timedelta(hours=2))},
        {"balance": "b"},
    ]
    for more in told:
        assert act(client, item_id, "weighings", {**mass(500.0), **more}).status_code == 201
    weighings = [event for event in events(client, item_id) if event["type"] == "weighed"]
    assert [event["backdated"] for event in weighings] == [None, "2 h", None]
    assert [event["out_of_order"] for event in weighings] == [False, True, False]
    assert 7199 < weighings[1]["delay_seconds"] < 7300 and weighings[0]["delay_seconds"] < 60
    path = f"/items/{item_id}/events"
    late = call(client, "GET", f"{path}?backdated=true", actor=AUDITOR).json["items"]
    assert [event["id"] for event in late] == [weighings[1]["id"]]
    others = call(client, "GET", f"{path}?backdated=false&limit=2", actor=AUDITOR).json
    assert [event["sequence"] for event in others["items"]] == [1, 2] and others["next"]
    only = call(client, "GET", f"{path}?type=weighed&limit=1&cursor={mark(4)}", actor=AUDITOR).json["items"]
    assert [event["sequence"] for event in only] == [5] and only[0]["out_of_order"] is True


@pytest.mark.rule("E3")
def test_an_item_is_closed_with_a_new_seal(client: FlaskClient) -> None:
    item_id = weighed(client)
    old = item(client, item_id)["seal_number"]
    label = {
        "seal_number": "LAB-000123",
        "witness": "technician2",
        "gross_mass_g": 5.1,
        "purpose": "closed after analysis",
    }
    done = act(client, item_id, "seals", label)
    assert done.status_code == 201, done.data
    assert (done.json["seal_number"], done.json["seal_condition"]) == ("LAB-000123", "intact")
    last = events(client, item_id)[-1]
    assert last["type"] == "sealed" and last["occurred_at"]
    assert last["details"] == {
        "seal_number": "LAB-000123", "previous_seal_number": old, "sealed_by": "technician", "sealed_by_name": "Tess",
        "witness": "technician2", "witness_name": "Tom", "gross_mass_g": 5.1,
        "sealed_by_signed": None, "witness_signed": "named by technician, not signed",
    }  # fmt: skip
    assert act(client, item_id, "seals", label).json["code"] == "seal_used"
    other = {"seal_number": "LAB-000124", "sealed_by": "custodian", "purpose": "x"}
    assert act(client, item_id, "seals", other).status_code == 201
    last = events(client, item_id)[-1]["details"]
    assert last["sealed_by_name"] == "Clara"
    assert last["sealed_by_signed"] == "named by technician, not signed" and last["witness_signed"] is None
    again = act(client, item_id, "seals", {"seal_number": "LAB-000123", "purpose": "x"})
    assert (again.status_code, again.json["code"]) == (409, "seal_used")
    another = weighed(client)
    for used in ("LAB-000123", "LAB-000124", old):
        refused = act(client, another, "seals", {"seal_number": used, "purpose": "x"})
        assert (refused.status_code, refused.json["code"]) == (409, "seal_used"), used
        assert refused.json["errors"][0]["pointer"] == "/seal_number"


def test_a_seal_is_looked_up_by_indices_alone(runtime: Runtime, client: FlaskClient) -> None:
    weighed(client)
    with runtime.unit_of_work() as uow:
        uow.session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = uow.session.scalars(text(f"EXPLAIN {seals._BEARER}"), {"number": "S-1"})
        told = "\n".join(plan)
    assert "Seq Scan" not in told
    for name in ("ix_items_seal_number", "ix_events_seal_number", "ix_events_previous_seal_number"):
        assert name in told, told


@pytest.mark.rule("E3", "E16")
def test_a_witness_of_a_seal_may_sign(client: FlaskClient) -> None:
    item_id = weighed(client)
    label = {
        "seal_number": "LAB-W-1", "purpose": "closed", "witness": "technician2", "witness_password": "verified",
    }  # fmt: skip
    path = f"/items/{item_id}/seals"
    unsigned = call(client, "POST", path, label, actor=TECHNICIAN)
    assert (unsigned.status_code, unsigned.json["code"]) == (403, "wrong_password")
    nobody = call(client, "POST", path, {**label, "witness": None}, actor=TECHNICIAN)
    assert nobody.status_code == 422 and nobody.json["errors"][0]["pointer"] == "/witness"
    done = signed_by(client, path, label, TECHNICIAN2, actor=TECHNICIAN)
    assert done.status_code == 201, done.data
    last = events(client, item_id)[-1]
    [signature] = last["signatures"]
    assert (signature["login"], signature["name"]) == ("technician2", "Tom") and "seal" in signature[
        "meaning"
    ]
    assert last["details"]["witness"] == "technician2" and last["details"]["witness_signed"] is None
    assert last["intact"]


@pytest.mark.rule("E3")
@pytest.mark.parametrize(
    ("over", "status", "found"),
    [
        ({"witness": "technician"}, 422, "/witness"),
        ({"witness": "nobody"}, 422, "/witness"),
        ({"sealed_by": "bogota"}, 422, "/sealed_by"),
        ({"sealed_by": "custodian", "witness": "custodian"}, 422, "/witness"),
        ({"gross_mass_g": 0.4}, 409, "mass_balance"),
        ({"gross_mass_g": 0}, 422, "/gross_mass_g"),
        ({"seal_number": " "}, 422, "/seal_number"),
    ],
)
def test_what_no_closing_label_can_say(
    client: FlaskClient, over: dict[str, Any], status: int, found: str
) -> None:
    item_id = weighed(client)
    refused = act(client, item_id, "seals", {"seal_number": "LAB-1", "purpose": "x", **over})
    assert refused.status_code == status, refused.data
    assert found in (refused.json["code"], *(row["pointer"] for row in refused.json["errors"]))
    assert events(client, item_id)[-1]["type"] == "weighed"


def test_only_the_holder_seals(client: FlaskClient) -> None:
    item_id = handed(client)
    label = {"seal_number": "LAB-1", "purpose": "x"}
    assert act(client, item_id, "seals", label, CUSTODIAN).json["code"] == "not_holder"
    for actor in (AUDITOR, ADMIN, BOGOTA):
        assert act(client, item_id, "seals", label, actor).status_code == 403
