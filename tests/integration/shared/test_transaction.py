"""The kit's promises to every write: one transaction, once for one key, all wrong fields in one answer."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from shared.actor import Actor, Role, Signature
from shared.config import Settings
from shared.crypto.assertions import HEADER, AssertedRequest, AssertionSigner
from shared.crypto.keys import load_private_key
from shared.runtime import Runtime
from tests import calls
from tests.integration.shared.toy import toy_app, toy_runtime

TECHNICIAN = Actor("tess", "Tess", Role.TECHNICIAN)


@pytest.fixture(scope="module")
def runtime(settings: Settings) -> Iterator[Runtime]:
    found = toy_runtime(settings)
    yield found
    found.engine.dispose()


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    return toy_app(runtime).test_client()


def call(
    client: FlaskClient,
    method: str,
    path: str,
    body: Any = None,
    *,
    actor: Actor | None = TECHNICIAN,
    **headers: str,
) -> Any:
    """A request as the technician unless said otherwise."""
    return calls.call(client, method, path, body, actor=actor, **headers)


def count(runtime: Runtime, table: str = "note") -> int:
    with runtime.unit_of_work() as unit:
        return int(unit.session.execute(text(f"SELECT count(*) FROM toy.{table}")).scalar_one())


def test_a_write_commits_with_its_message(client: FlaskClient, runtime: Runtime) -> None:
    notes, messages = count(runtime), count(runtime, "outbox")
    assert call(client, "POST", "/notes", {"words": "one"}).status_code == 201
    assert (count(runtime), count(runtime, "outbox")) == (notes + 1, messages + 1)


def test_a_refused_write_leaves_nothing_and_frees_its_key(client: FlaskClient, runtime: Runtime) -> None:
    notes = count(runtime)
    for _ in range(2):
        answer = call(client, "POST", "/notes", {"words": "refuse"}, Idempotency_Key="k-refuse")
        assert answer.status_code == 409 and answer.json["code"] == "refused"
    assert count(runtime) == notes


def test_the_same_key_acts_once_and_answers_the_same(client: FlaskClient, runtime: Runtime) -> None:
    notes = count(runtime)
    first = call(client, "POST", "/notes", {"words": "twice"}, Idempotency_Key="k-1")
    again = call(client, "POST", "/notes", {"words": "twice"}, Idempotency_Key="k-1")
    assert first.status_code == again.status_code == 201 and first.data == again.data
    assert "Idempotency-Replayed" not in first.headers and again.headers["Idempotency-Replayed"] == "true"
    other = call(client, "POST", "/notes", {"words": "other"}, Idempotency_Key="k-1")
    assert other.status_code == 422 and other.json["code"] == "idempotency_key_reused"
    another = Actor("tom", "Tom", Role.TECHNICIAN)
    assert (
        call(client, "POST", "/notes", {"words": "other"}, actor=another, Idempotency_Key="k-1").status_code
        == 201
    )
    assert count(runtime) == notes + 2


def test_the_same_key_at_the_same_time_acts_once(client: FlaskClient, runtime: Runtime) -> None:
    notes, answers = count(runtime), []

    def send() -> None:
        answers.append(
            call(
                toy_app(runtime).test_client(), "POST", "/notes", {"words": "race"}, Idempotency_Key="k-race"
            )
        )

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {a.status_code for a in answers} == {201} and len({a.data for a in answers}) == 1
    assert count(runtime) == notes + 1


def test_every_wrong_field_is_named_at_once(client: FlaskClient) -> None:
    future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    rows = [
        {"words": ""},
        {"words": "a", "mass": -1, "occurred_at": future},
        {"words": "a", "colour/x": "red"},
    ]
    answer = call(client, "POST", "/many", {"notes": rows, "extra": 1})
    assert answer.status_code == 422 and answer.content_type == "application/problem+json"
    assert {e["pointer"] for e in answer.json["errors"]} == {
        "/notes/0/words",
        "/notes/1/mass",
        "/notes/1/occurred_at",
        "/notes/2/colour~1x",
        "/extra",
    }


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"{", 422),
        (b"[]", 422),
        (b'{"words": NaN}', 422),
        (b'{"words": "a", "words": "b"}', 422),
        (b"\xff\xfe", 422),
        (b'{"words": "\\u0000"}', 422),
        (b'{"words": "\\ud800"}', 422),
        (b"[" * 100_000, 422),
        (b'{"words": 1e999}', 422),
        (b'{"words": "' + b"x" * 9_000_000 + b'"}', 413),
        (b'{"words": ' + b"9" * 5000 + b"}", 422),
    ],
)
def test_bad_json_is_refused_with_a_problem(client: FlaskClient, raw: bytes, status: int) -> None:
    answer = call(client, "POST", "/notes", raw)
    assert answer.status_code == status and answer.content_type == "application/problem+json", answer.data


def test_another_media_type_is_refused(client: FlaskClient) -> None:
    assert call(client, "POST", "/notes", b"words=a", Content_Type="text/plain").status_code == 415


def test_lists_come_in_pages(client: FlaskClient) -> None:
    for n in range(5):
        call(client, "POST", "/notes", {"words": f"page {n}"})
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = call(client, "GET", f"/notes?limit=2{cursor and '&cursor=' + cursor}").json
        assert len(page["items"]) <= 2
        seen += [row["seq"] for row in page["items"]]
        cursor = page["next"]
    assert seen == sorted(set(seen)) and len(seen) >= 5
    for wrong in ("limit=0", "limit=501", "limit=x", "cursor=%ff%00", "cursor=abc", "colour=red"):
        assert call(client, "GET", f"/notes?{wrong}").status_code == 422, wrong


def test_strangers_and_other_roles_are_refused(client: FlaskClient) -> None:
    assert call(client, "POST", "/notes", {"words": "a"}, actor=None).status_code == 401
    assert (
        call(client, "POST", "/notes", {"words": "a"}, actor=Actor("a", "A", Role.AUDITOR)).status_code == 403
    )


def test_an_assertion_must_hold(client: FlaskClient, settings: Settings) -> None:
    gateway = AssertionSigner.from_keys(settings.keys_dir, "gateway")
    now = datetime.now(UTC)
    content = b'{"words": "a"}'

    def posted(body: bytes = content) -> AssertedRequest:
        return AssertedRequest("POST", "/api/v1/notes", body=lambda: body)

    good = gateway.sign(TECHNICIAN, posted(), now)
    head, body, signature = good.split(".")
    forged = AssertionSigner(
        "gateway", load_private_key(settings.keys_dir / "assertions" / "service-intake.key")
    )
    signed = Actor(
        "tess",
        "Tess",
        Role.TECHNICIAN,
        signatures=(Signature("tess", "Tess", Role.TECHNICIAN, "password", now),),
    )
    intake = AssertionSigner.from_keys(settings.keys_dir, "service-intake")
    bad = {
        "altered": f"{head}.{body[:-2]}AA.{signature}",
        "expired": gateway.sign(TECHNICIAN, posted(), now - timedelta(seconds=70)),
        "for longer than any may": gateway.sign(TECHNICIAN, posted(), now + timedelta(hours=1)),
        "another's key": forged.sign(TECHNICIAN, posted(), now),
        "a service as a person": intake.sign(TECHNICIAN, posted(), now),
        "signed for another body": gateway.sign(signed, posted(b"other"), now),
        "an unsigned request with another body": gateway.sign(TECHNICIAN, posted(b"other"), now),
        "for another method": gateway.sign(TECHNICIAN, replace(posted(), method="PUT"), now),
        "for another address": gateway.sign(TECHNICIAN, replace(posted(), path="/api/v1/slow"), now),
        "for another query": gateway.sign(TECHNICIAN, replace(posted(), query="a=1"), now),
        "for another Idempotency-Key": gateway.sign(TECHNICIAN, replace(posted(), key="k"), now),
        "for another version": gateway.sign(TECHNICIAN, replace(posted(), match='"n.1"'), now),
        "nonsense": "x.y.z",
    }

    def post(token: str) -> Any:
        headers = {HEADER: token, "Content-Type": "application/json"}
        return client.post("/api/v1/notes", data=content, headers=headers)

    for name, token in bad.items():
        assert post(token).status_code == 401, name
    assert post(good).status_code == 201


def test_a_request_that_was_caught_on_the_way_acts_no_second_time(
    client: FlaskClient, settings: Settings
) -> None:
    """Sent again as it is, with no key, it is refused; with its key it gives its answer again; the key is part of it."""
    gateway = AssertionSigner.from_keys(settings.keys_dir, "gateway")
    content = b'{"words": "caught"}'

    def caught(key: str | None) -> dict[str, str]:
        asked = AssertedRequest("POST", "/api/v1/notes", key=key or "", body=lambda: content)
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        return {HEADER: gateway.sign(TECHNICIAN, asked, datetime.now(UTC)), **headers}

    def post(headers: dict[str, str]) -> Any:
        return client.post("/api/v1/notes", data=content, headers=headers)

    plain = caught(None)
    assert [post(plain).status_code for _ in range(3)] == [201, 401, 401]
    with ThreadPoolExecutor(4) as pool:
        fresh = caught(None)
        clients = [client.application.test_client() for _ in range(4)]
        raced = pool.map(lambda c: c.post("/api/v1/notes", data=content, headers=fresh).status_code, clients)
        assert sorted(raced) == [201, 401, 401, 401]
    keyed = caught("caught-1")
    first, again = post(keyed), post(keyed)
    assert first.status_code == again.status_code == 201 and first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    for other in (
        {**keyed, "Idempotency-Key": "caught-2"},
        {k: v for k, v in keyed.items() if k != "Idempotency-Key"},
    ):
        assert post(other).status_code == 401


def test_a_deadline_ends_the_statement(client: FlaskClient) -> None:
    began = time.monotonic()
    answer = client.get("/api/v1/slow", environ_base={"siglab.deadline": time.monotonic() + 0.3})
    assert answer.status_code == 504 and answer.json["code"] == "deadline" and time.monotonic() - began < 4


def test_unknown_addresses_and_methods_are_problems(client: FlaskClient) -> None:
    assert call(client, "GET", "/nothing").json["code"] == "not_found"
    answer = call(client, "DELETE", "/notes")
    assert (
        answer.status_code == 405
        and answer.json["code"] == "method_not_allowed"
        and "GET" in answer.headers["Allow"]
    )
    assert call(client, "GET", "/notes%00").status_code == 404
