"""Requests through the door: who they are said to come from, what is let through, what comes back."""

import json
from dataclasses import replace
from typing import Self

import pytest

from gateway.api.dispatch import STREAM_SECONDS
from shared.actor import Role
from shared.bus.messages import BusRequest, BusResponse
from shared.crypto.assertions import HEADER
from shared.db.engine import open_sessions
from shared.errors import Deadline, DomainError, Unavailable, WorkerLost
from tests.integration.gateway.conftest import PASSWORDS, Door, asserted


def test_the_service_learns_who_asks_from_the_gateway_alone(door: Door) -> None:
    token = door.token("bogota")
    forged = {
        "siglab-actor": "forged",
        "X-Actor": "admin",
        "X-Request-Id": "mine",
        "X-Forwarded-For": "10.0.0.1",
    }
    answer = door.call("GET", "/submissions?office=BKK&q=a%2Fb", token=token, **forged)
    service, request, actor = door.last()
    assert (service, request.method, request.path, request.query) == (
        "intake",
        "GET",
        "/api/v1/submissions",
        "office=BKK&q=a%2Fb",
    )
    assert actor is not None
    assert (actor.login, actor.role, actor.office, actor.kind) == ("bogota", Role.OFFICE, "BOG", "person")
    names = [name.lower() for name, _ in request.headers]
    assert names.count(HEADER) == names.count("x-request-id") == 1
    assert not {"x-actor", "x-forwarded-for", "authorization", "cookie"} & set(names)
    assert request.header("x-request-id") == answer.headers["X-Request-Id"] == actor.request_id != "mine"
    assert door.bus.options[-1]["fairness_key"] == "bogota"


@pytest.mark.rule("E30")
def test_each_request_carries_the_office_of_its_own_token(door: Door) -> None:
    tokens = {login: door.token(login) for login in ("bogota", "bangkok")}
    for login, office in (("bogota", "BOG"), ("bangkok", "BKK"), ("bogota", "BOG")):
        door.call("GET", "/exhibits?office=BOG", token=tokens[login])
        actor = door.last()[2]
        assert actor is not None
        assert (actor.login, actor.office) == (login, office)


@pytest.mark.rule("E31")
def test_an_administrator_is_never_said_to_be_anything_else(door: Door) -> None:
    token = door.token("adam")
    door.call(
        "POST",
        "/items/x/holds",
        {"reason": "x", "password": PASSWORDS["adam"], "role": "custodian"},
        token=token,
    )
    actor = door.last()[2]
    assert actor is not None
    assert actor.role is Role.ADMIN
    assert [signature.role for signature in actor.signatures] == [Role.ADMIN]


def test_strangers_reach_the_open_log_and_nothing_else(door: Door) -> None:
    assert door.call("GET", "/ledger/checkpoint", token="siglab_whatever").status_code == 200
    assert door.last()[2] is None
    for path in ("/ledger/events/0/proof", "/offices", "/items/x/profile", "/uploads"):
        assert door.call("GET", path).status_code == 401
    assert len(door.bus.asked) == 1


@pytest.mark.parametrize(
    "path",
    ["/no-such-thing", "/internal/items", "/items/../internal/people", "/items/%2e%2e/internal", "//items"],
)
def test_what_is_not_in_the_table_is_a_problem_404(door: Door, path: str) -> None:
    answer = door.call("GET", path, token=door.token("clara"))
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert door.bus.asked == []


def test_methods_are_the_service_s_matter_but_not_invented_ones(door: Door) -> None:
    token = door.token("clara")
    door.bus.answer = lambda service, request: BusResponse(
        405, [("Allow", "GET"), ("Content-Type", "application/problem+json")], b"{}"
    )
    assert door.call("DELETE", "/exhibits", token=token).headers["Allow"] == "GET"
    assert door.call("BREW", "/exhibits", token=token).status_code == 405
    assert len(door.bus.asked) == 1


@pytest.mark.rule("E16")
def test_a_signature_is_checked_here_and_bound_to_the_body(door: Door) -> None:
    body = {"password": PASSWORDS["clara"], "witness": "hector", "witness_password": PASSWORDS["hector"]}
    door.call("POST", "/disposals/d/execute", body, token=door.token("clara"), Idempotency_Key="k1")
    service, request, actor = door.last()
    assert service == "chain_of_custody"
    assert json.loads(request.body) == {
        "password": "verified",
        "witness": "hector",
        "witness_password": "verified",
    }
    assert request.header("idempotency-key") == "k1"
    assert actor is not None
    assert [signature.login for signature in actor.signatures] == ["clara", "hector"]
    assertion = request.header(HEADER)
    assert assertion is not None
    for change, words in (
        ({"body": b"{}"}, "not the one that was signed"),
        ({"method": "PUT"}, "another request"),
        ({"path": "/api/v1/disposals/other/execute"}, "another request"),
        ({"query": "x=1"}, "another request"),
        ({"headers": [("idempotency-key", "k2")]}, "another request"),
        ({"headers": [*request.headers, ("if-match", '"d.2"')]}, "another request"),
    ):
        changed = asserted(replace(request, **change))
        with pytest.raises(DomainError, match=words):
            door.runtime.verifier.verify(assertion, changed, door.clock())


@pytest.mark.rule("E16")
@pytest.mark.parametrize(
    "wrong", [{"password": "x"}, {"witness_password": "x"}, {"witness": "nobody"}, {"witness": "gcms1"}]
)
def test_a_wrong_signature_reaches_no_service(door: Door, wrong: dict[str, str]) -> None:
    token = door.token("clara")
    body = {
        "password": PASSWORDS["clara"],
        "witness": "hector",
        "witness_password": PASSWORDS["hector"],
        **wrong,
    }
    answer = door.call("POST", "/disposals/d/execute", body, token=token)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "wrong_password")
    assert door.bus.asked == []


@pytest.mark.rule("E18")
def test_guessing_with_somebody_s_token_ends_too_and_the_password_s_owner_gets_out_of_it(door: Door) -> None:
    token = door.token("bangkok")
    said = [door.call("POST", "/submissions", {"password": f"guess {n}"}, token=token) for n in range(11)]
    assert [answer.status_code for answer in said] == [403] * 10 + [429]
    right = {"password": PASSWORDS["bangkok"]}
    assert door.call("POST", "/submissions", right, token=token).status_code == 429
    assert door.call("GET", "/submissions", token=token).status_code == 200
    fresh = door.token("bangkok")
    assert door.call("POST", "/submissions", right, token=fresh).status_code == 200


def test_bodies_that_are_not_json_pass_as_they_are(door: Door) -> None:
    raw = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\npassword: x\r\n--b--\r\n'
    kind = "multipart/form-data; boundary=b"
    door.call("POST", "/submissions/import", raw, token=door.token("bogota"), Content_Type=kind)
    request = door.last()[1]
    assert (request.body, request.header("content-type")) == (raw, kind)


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (Unavailable("no worker", retry_after=2), 503, "unavailable"),
        (Unavailable("no worker"), 503, "unavailable"),
        (WorkerLost("gone"), 502, "worker_lost"),
        (Deadline("late"), 504, "deadline"),
        (RuntimeError("a defect with a secret"), 500, "defect"),
    ],
)
def test_what_the_bus_raises_is_a_problem(door: Door, raised: Exception, status: int, code: str) -> None:
    def fail(service: str, request: BusRequest) -> BusResponse:
        raise raised

    token = door.token("clara")
    door.bus.answer = fail
    answer = door.call("GET", "/items", token=token)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) is (status == 503)
    assert "secret" not in answer.text


def test_answers_come_back_without_hop_by_hop_headers_and_hardened(door: Door) -> None:
    headers = [
        ("Content-Type", "text/csv"),
        ("Connection", "close"),
        ("Transfer-Encoding", "chunked"),
        ("ETag", '"1"'),
    ]
    door.bus.answer = lambda service, request: BusResponse(206, headers, b"a,b")
    answer = door.call("GET", "/exhibits", token=door.token("clara"))
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (206, b"a,b", '"1"')
    assert not {"Connection", "Transfer-Encoding"} & set(answer.headers.keys())
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


class Counted:
    """Parts that know whether they were closed."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = iter(parts)
        self.closed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        self.closed = True


def test_a_stream_is_handed_on_piece_by_piece_and_closed(door: Door) -> None:
    parts = Counted([b"one", b"two"])
    token = door.token("clara")
    door.bus.answer = lambda service, request: BusResponse(
        200, [("Content-Type", "text/event-stream")], parts=parts
    )
    answer = door.call("GET", "/jobs/j/stream", token=token)
    assert answer.data == b"onetwo"
    assert door.bus.options[-1]["stream"] is True
    assert door.bus.options[-1]["deadline"] == STREAM_SECONDS
    answer.close()
    assert parts.closed


def test_health_is_open_and_names_what_is_down(door: Door) -> None:
    store = {"kind": "directory", "versioning": True, "object_lock": True}

    def answer(service: str, request: BusRequest) -> BusResponse:
        if service == "classifier":
            raise Unavailable("no worker")
        return BusResponse(200, [], json.dumps({"database": "up", "store": store}).encode())

    door.bus.answer = answer
    told = door.call("GET", "/health")
    assert told.status_code == 200
    found = told.get_json()
    assert found.pop("disk")
    assert found == {
        "status": "degraded",
        "services": {"intake": "up", "chain_of_custody": "up", "classifier": "down"},
        "database": "up",
        "store": store,
        "evidence": None,
    }
    door.call("GET", "/health")
    assert len(door.bus.asked) == 3


def test_the_document_is_whole_or_not_there(door: Door) -> None:
    def answer(service: str, request: BusRequest) -> BusResponse:
        if service == "classifier" and not door.bus.asked[3:]:
            raise Unavailable("no worker")
        return BusResponse(200, [], b'{"paths": {}, "components": {}}')

    door.bus.answer = answer
    assert door.call("GET", "/openapi.json").status_code == 503
    document = door.call("GET", "/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    assert "/api/v1/session" in document["paths"]


def test_metrics_are_for_this_machine_alone(door: Door) -> None:
    door.bus.answer = lambda service, request: BusResponse(200, [], b"# TYPE t gauge\nt 1.0\n")
    text_of_all = door.call("GET", "/metrics", address="127.0.0.1").text
    assert 't{process="broker"} 1.0' in text_of_all
    assert "siglab_requests_total" in text_of_all
    assert door.call("GET", "/metrics").status_code == 404
    assert door.call("GET", "/metrics", address="127.0.0.1", X_Forwarded_For="192.0.2.1").status_code == 404


def test_a_database_that_does_not_answer_is_503(door: Door) -> None:
    token = door.token("clara")
    door.api.accounts._recent.forget("clara")
    url = door.runtime.engine.url.set(port=1)
    door.runtime.engine.dispose()
    door.runtime.__dict__["sessions"] = open_sessions(
        url.render_as_string(hide_password=False), application="test"
    )
    answer = door.call("GET", "/items", token=token)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
    assert door.call("GET", "/health").get_json()["database"] == "down"
