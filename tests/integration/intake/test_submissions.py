"""Drafts, their wrong fields, dispatch and the manifest."""

import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.runtime import Runtime
from tests.calls import AUDITOR, BANGKOK, BOGOTA, CUSTODIAN
from tests.integration.intake.builders import (
    ask,
    authentic,
    count,
    dispatched,
    drafted,
    line,
    receive,
    seen,
    submission,
)


def pointers(answer: Any) -> set[str]:
    assert answer.status_code == 422, answer.data
    return {error["pointer"] for error in answer.json["errors"]}


def test_a_draft_changes_only_with_the_version_that_was_seen(client: FlaskClient) -> None:
    made = drafted(client, [line()])
    path, tag = f"/submissions/{made.json['id']}", made.headers["ETag"]
    assert ask(client, "PATCH", path, {"courier": "air"}, actor=BOGOTA).status_code == 428
    assert ask(client, "PATCH", path, {"courier": "air"}, actor=BOGOTA, If_Match='"old"').status_code == 412
    body = {"courier": "air", "items": [line(3), line(4)]}
    changed = ask(client, "PATCH", path, body, actor=BOGOTA, If_Match=tag)
    assert changed.status_code == 200 and [row["line"] for row in changed.json["items"]] == [3, 4]
    assert ask(client, "PATCH", path, {"courier": "sea"}, actor=BOGOTA, If_Match=tag).status_code == 412
    assert ask(client, "GET", path, actor=BOGOTA).json == changed.json


def test_dispatch_freezes_the_submission(client: FlaskClient) -> None:
    made = drafted(client, [line()])
    path = f"/submissions/{made.json['id']}"
    assert ask(client, "GET", f"{path}/manifest.pdf", actor=BOGOTA).status_code == 404
    future = ask(client, "POST", f"{path}/dispatch", {"occurred_at": "2999-01-01T00:00:00Z"}, actor=BOGOTA)
    assert pointers(future) == {"/occurred_at"}
    sent = ask(client, "POST", f"{path}/dispatch", {"occurred_at": "2026-11-01T08:00:00Z"}, actor=BOGOTA)
    assert sent.json["state"] == "dispatched" and sent.json["dispatched_at"] == "2026-11-01T08:00:00.000000Z"
    again = ask(client, "POST", f"{path}/dispatch", {}, actor=BOGOTA)
    assert again.status_code == 409 and again.json["code"] == "not_draft"
    tag = ask(client, "GET", path, actor=BOGOTA).headers["ETag"]
    assert ask(client, "PATCH", path, {"courier": "x"}, actor=BOGOTA, If_Match=tag).status_code == 409


@pytest.mark.rule("E2")
def test_the_manifest_is_made_once_at_dispatch(client: FlaskClient) -> None:
    sent = dispatched(client, [line(1), line(2, description="ผงสีขาว #1 $x$ *b*")], courier="diplomatic pouch")
    path = f"/submissions/{sent['id']}/manifest.pdf"
    pdf = ask(client, "GET", path, actor=BOGOTA)
    words = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.data)).pages)
    for word in (
        sent["number"],
        "diplomatic pouch",
        "DP1",
        "B-1",
        "S-2",
        "#1 $x$ *b*",
        "page 1 of 1",
        "10.5 g",
    ):
        assert word in words, word
    receive(client, sent["id"], [seen(1)])
    assert ask(client, "GET", path, actor=CUSTODIAN).data == pdf.data


def test_every_wrong_field_is_named_and_nothing_is_stored(client: FlaskClient, runtime: Runtime) -> None:
    before = count(runtime, "submission"), count(runtime, "counter")
    lines = [line(1, gross_mass_g=-1, programme="XXX", seized_on="2199-01-01", seized_country="XX"), line(1)]
    answer = ask(client, "POST", "/submissions", {**submission(lines), "colour": "red"}, actor=BOGOTA)
    assert pointers(answer) == {
        "/colour", "/items/0/gross_mass_g", "/items/0/programme", "/items/0/seized_on", "/items/0/seized_country",
        "/items/1/line",
    }  # fmt: skip
    for over, pointer in (
        ({"items": []}, "/items"),
        ({"kind": "authentic"}, "/items/0/authentic"),
        ({"items": [authentic()]}, "/items/0/authentic"),
        ({"kind": "gift"}, "/kind"),
        ({"courier": ""}, "/courier"),
        ({"seal_numbers": [7]}, "/seal_numbers/0"),
        ({"items": [line(programme="hsp")]}, "/items/0/programme"),
        ({"items": [line(line=True)]}, "/items/0/line"),
        ({"items": [line(seizure={"reason": "luck"})]}, "/items/0/seizure/reason"),
        (
            {"items": [line(seizure={"transits": [{"country": "Mexico"}]})]},
            "/items/0/seizure/transits/0/country",
        ),
        ({"items": [line(handling={"tlp": "PURPLE"})]}, "/items/0/handling/tlp"),
        ({"items": [line(gross_mass_g="5")]}, "/items/0/gross_mass_g"),
        ({"items": [{**line(), "description": None}]}, "/items/0/description"),
        ({"items": {"line": 1}}, "/items"),
        ({"items": [7]}, "/items/0"),
    ):
        found = ask(client, "POST", "/submissions", {**submission([line()]), **over}, actor=BOGOTA)
        assert pointers(found) == {pointer}, over
    assert (count(runtime, "submission"), count(runtime, "counter")) == before


def test_changed_lines_are_held_to_the_kind_of_the_draft(client: FlaskClient) -> None:
    made = drafted(client, [authentic()], kind="authentic")
    path, tag = f"/submissions/{made.json['id']}", made.headers["ETag"]
    assert made.json["items"][0]["authentic"] == authentic()["authentic"]
    bare = ask(client, "PATCH", path, {"items": [line(1), line(1)]}, actor=BOGOTA, If_Match=tag)
    assert pointers(bare) == {"/items/1/line"}
    bare = ask(client, "PATCH", path, {"items": [line(1)]}, actor=BOGOTA, If_Match=tag)
    assert pointers(bare) == {"/items/0/authentic"}
    assert (
        ask(client, "PATCH", path, {"items": [authentic(2)]}, actor=BOGOTA, If_Match=tag).status_code == 200
    )


def test_what_cannot_be_learnt_later_is_kept(client: FlaskClient) -> None:
    seizure = {
        "id": "SZ-1", "reason": "random", "stage": "transit", "stream": "sea", "concealment": "timber", "departure": "EC",
        "transits": [{"country": "PA", "opportunity": "port", "source": "document", "confidence": "probable"}],
        "destination": "NL", "total_mass_g": 250000.0, "units": 220, "marks": "a star",
    }  # fmt: skip
    handling = {"tlp": "AMBER", "handling_code": "H1", "release_to": ["BOG"], "caveats": ["not for court"]}
    made = drafted(client, [line(seizure=seizure, handling=handling)]).json
    kept = ask(client, "GET", f"/submissions/{made['id']}", actor=BOGOTA).json["items"][0]
    assert kept["seizure"] == seizure and kept["handling"] == handling


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"{", 422), (b"[]", 422), (b'{"kind": NaN}', 422), (b"\xff\xfe", 422), (b'{"kind":"a","kind":"b"}', 422),
        (b'{"kind":"seizure\\u0000"}', 422), (b"[" * 100_000, 422), (b'"' + b"x" * 10_000_000 + b'"', 413),
    ],
)  # fmt: skip
def test_bodies_that_cannot_be_read(client: FlaskClient, raw: bytes, status: int) -> None:
    answer = ask(client, "POST", "/submissions", raw, actor=BOGOTA)
    assert answer.status_code == status, answer.data[:300]
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_office_writes_what_it_likes_and_gets_it_back(client: FlaskClient) -> None:
    words = "<b>‮ผง</b> {{ 7*7 }} '; DROP TABLE line; -- \\ %s \t"
    made = drafted(client, [line(description=words)]).json
    assert (
        ask(client, "GET", f"/submissions/{made['id']}", actor=BOGOTA).json["items"][0]["description"]
        == words.strip()
    )


def test_lists_have_filters_pages_and_no_lines(client: FlaskClient) -> None:
    made = [drafted(client, [line(1), line(2)], actor=BANGKOK).json["id"] for _ in range(3)]
    first = ask(client, "GET", "/submissions?limit=2", actor=BANGKOK).json
    rest = ask(client, "GET", f"/submissions?limit=2&cursor={first['next']}", actor=BANGKOK).json
    assert [row["id"] for row in first["items"] + rest["items"]] == made[::-1] and rest["next"] is None
    assert first["items"][0]["item_count"] == 2 and "items" not in first["items"][0]
    number = first["items"][0]["number"]
    assert len(ask(client, "GET", f"/submissions?q={number}&state=draft", actor=BANGKOK).json["items"]) == 1
    assert ask(client, "GET", "/submissions?state=received", actor=BANGKOK).json["items"] == []
    assert made[0] not in ask(client, "GET", "/submissions?limit=500", actor=CUSTODIAN).text
    assert made[0] in ask(client, "GET", "/submissions?limit=500", actor=AUDITOR).text
    assert pointers(ask(client, "GET", "/submissions?limit=0&colour=red", actor=BANGKOK)) == {
        "/limit",
        "/colour",
    }


@pytest.mark.rule("E11", "E12")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE intake.submission SET courier = 'x' WHERE id = :id",
        "UPDATE intake.submission SET state = 'draft' WHERE id = :id",
        "UPDATE intake.line SET description = 'x' WHERE submission_id = :id",
        "DELETE FROM intake.line WHERE submission_id = :id",
        "UPDATE intake.manifest SET pdf = '' WHERE submission_id = :id",
        "UPDATE intake.receipt SET received_by = 'x' WHERE submission_id = :id",
        "DELETE FROM intake.receipt_line WHERE submission_id = :id",
        "UPDATE intake.exhibit SET number = 'S26-999999' WHERE submission_id = :id",
        "DELETE FROM intake.exhibit WHERE submission_id = :id",
        "UPDATE intake.discrepancy SET code = 'seal' WHERE submission_id = :id",
        "DELETE FROM intake.discrepancy WHERE submission_id = :id",
    ],
)
def test_the_database_itself_keeps_what_is_frozen(
    client: FlaskClient, runtime: Runtime, statement: str
) -> None:
    sent = dispatched(client, [line(1)])
    receive(client, sent["id"], [seen(1, gross_mass_g=3)])
    with runtime.unit_of_work() as unit, pytest.raises(DBAPIError, match="InsufficientPrivilege"):
        unit.session.execute(text(statement), {"id": sent["id"]})


def test_five_thousand_lines_are_taken_and_one_more_is_not(client: FlaskClient) -> None:
    lines = [line(n) for n in range(1, 5002)]
    assert pointers(ask(client, "POST", "/submissions", submission(lines), actor=BOGOTA)) == {"/items"}
    made = drafted(client, lines[:5000]).json
    assert made["item_count"] == 5000 and len(json.dumps(made["items"])) > 1_000_000
