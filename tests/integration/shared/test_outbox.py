"""The relay: what is refused is parked and told, what cannot be reached is asked again, and nothing waits behind a refusal."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from shared.bus.messages import BusResponse
from shared.config import Settings
from shared.db import resend
from shared.db.outbox import OutboxRelay
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Unavailable
from shared.observability.metrics import OUTBOX_REFUSED
from shared.runtime import Runtime
from tests.integration.shared.toy import toy_runtime

PATH = "/internal/notes"


class Receiver:
    """The other end of the bus: answers each message by what its words ask for."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.mended = False

    def send(self, service: str, method: str, path: str, *, body: bytes = b"", **how: Any) -> BusResponse:
        words = json.loads(body)["words"]
        self.heard.append(words)
        if words == "away":
            raise Unavailable("nobody there", retry_after=1)
        if words.isdigit() and not self.mended:
            problem = {
                "code": "made_up",
                "detail": "This cannot be.",
                "errors": [{"pointer": "/words", "message": "no"}],
            }
            return BusResponse(int(words), [], json.dumps(problem).encode())
        return BusResponse(200, [], b'{"kept": true}')


@pytest.fixture(scope="module")
def toy(settings: Settings) -> Iterator[Runtime]:
    found = toy_runtime(settings)
    yield found
    found.engine.dispose()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def runtime(toy: Runtime, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    monkeypatch.setattr(toy, "send", receiver.send)
    with toy.unit_of_work() as uow:
        uow.session.execute(text("DELETE FROM toy.outbox"))
        uow.commit()
    return toy


def emit(runtime: Runtime, *words: str, key: str = "k") -> list[str]:
    with runtime.unit_of_work() as uow:
        ids = [uow.emit("other", PATH, {"words": word}, key) for word in words]
        uow.commit()
    return ids


def rows(runtime: Runtime) -> dict[str, Any]:
    with runtime.unit_of_work() as uow:
        return {row.id: row for row in uow.session.execute(text("SELECT * FROM toy.outbox"))}


def relay(runtime: Runtime, rounds: int = 5, **acts: Any) -> None:
    relay = OutboxRelay(runtime, acts.get("on_delivered"))
    for _ in range(rounds):
        relay.deliver_due()


@pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 413, 415, 422])
def test_a_refusal_is_parked_with_its_answer_and_the_key_goes_on(
    runtime: Runtime, receiver: Receiver, status: int
) -> None:
    bad, good = emit(runtime, str(status), "fine")
    relay(runtime)
    assert receiver.heard == [str(status), "fine"]
    found = rows(runtime)
    assert found[good].delivered_at is not None and found[good].refused_at is None
    assert found[bad].delivered_at is None and found[bad].refused_at is not None
    assert found[bad].answer == {
        "code": "made_up", "detail": "This cannot be.", "errors": [{"pointer": "/words", "message": "no"}],
    }  # fmt: skip
    assert found[bad].last_error == "made_up: This cannot be."
    assert OUTBOX_REFUSED.labels("toy")._value.get() == 1


@pytest.mark.parametrize("words", ["away", "429", "500", "502", "503", "504"])
def test_what_may_pass_is_asked_again_and_holds_its_key(
    runtime: Runtime, receiver: Receiver, words: str
) -> None:
    late, behind = emit(runtime, words, "behind")
    (other,) = emit(runtime, "other", key="another")
    relay(runtime)
    found = rows(runtime)
    assert found[late].refused_at is None and found[late].delivered_at is None and found[late].attempts >= 1
    assert found[behind].attempts == 0 and found[other].delivered_at is not None
    assert "behind" not in receiver.heard


def test_a_sender_whose_clock_is_wrong_waits_and_loses_nothing(runtime: Runtime, receiver: Receiver) -> None:
    def stranger(*args: Any, **how: Any) -> BusResponse:
        return BusResponse(401, [], b'{"code": "unauthenticated", "detail": "The assertion has ended."}')

    (message,) = emit(runtime, "fine")
    runtime.send = stranger  # type: ignore[method-assign]
    relay(runtime, rounds=1)
    assert rows(runtime)[message].refused_at is None and rows(runtime)[message].attempts == 1


def test_an_operator_lists_what_was_refused_and_sends_it_again_in_order(
    runtime: Runtime, receiver: Receiver
) -> None:
    first, second, third = emit(runtime, "409", "422", "404")
    relay(runtime)
    with runtime.unit_of_work() as uow:
        assert [row.id for row in resend.refused_messages(uow)] == [first, second, third]
        assert resend.resend_messages(uow, [third, "unknown"]) == [third]
        uow.commit()
    relay(runtime)
    assert rows(runtime)[third].refused_at is not None, "refused again, parked again"
    receiver.mended = True
    receiver.heard.clear()
    with runtime.unit_of_work() as uow:
        assert set(resend.resend_messages(uow, None)) == {first, second, third}
        uow.commit()
    relay(runtime)
    assert receiver.heard == ["409", "422", "404"]
    assert all(row.delivered_at for row in rows(runtime).values())
    assert OUTBOX_REFUSED.labels("toy")._value.get() == 0


def test_the_sender_that_cannot_keep_an_answer_is_tried_again(runtime: Runtime, receiver: Receiver) -> None:
    kept: list[dict[str, Any]] = []

    def keep(uow: UnitOfWork, body: dict[str, Any], answer: dict[str, Any]) -> None:
        if len(receiver.heard) == 1:
            raise LookupError("not yet")
        kept.append(answer)

    (message,) = emit(runtime, "fine")
    relay(runtime, rounds=1, on_delivered={PATH: keep})
    assert rows(runtime)[message].delivered_at is None
    with runtime.unit_of_work() as uow:
        uow.session.execute(text("UPDATE toy.outbox SET next_attempt_at = clock_timestamp()"))
        uow.commit()
    relay(runtime, rounds=1, on_delivered={PATH: keep})
    assert rows(runtime)[message].delivered_at is not None and kept == [{"kept": True}]
