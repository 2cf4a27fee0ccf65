"""The relay: delivers a service's outbox over the bus until each message is acknowledged.

One relay of a service works at a time (an advisory lock says which), in order for one ordering key. The message's id is its
Idempotency-Key, so that a delivery whose answer was lost is harmless when it is repeated.

A receiver that cannot be reached is asked again for ever. One that refuses (4xx) would refuse again: the message is parked with
the answer, told in the log and by the metric `siglab_outbox_refused`, and what stands behind it goes on. An operator sends it
again with `python -m shared.db.resend` once the reason is mended.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.db.unit_of_work import UnitOfWork
from shared.errors import DomainError, Unavailable
from shared.observability.metrics import OUTBOX_DELIVERIES, OUTBOX_REFUSED, OUTBOX_WAITING
from shared.runtime import Runtime

log = structlog.get_logger(__name__)

#: Called in the transaction that marks the message delivered, with the message's body and the JSON answer.
OnDelivered = Callable[[UnitOfWork, dict[str, Any], dict[str, Any]], None]

_BATCH = 100
_LONGEST_WAIT_SECONDS = 10.0
_DUE = """
SELECT seq, id, target, path, body, attempts FROM {schema}.outbox AS due
WHERE delivered_at IS NULL AND refused_at IS NULL AND next_attempt_at <= clock_timestamp() AND NOT EXISTS (
    SELECT 1 FROM {schema}.outbox AS earlier
    WHERE earlier.delivered_at IS NULL AND earlier.refused_at IS NULL
        AND earlier.ordering_key = due.ordering_key AND earlier.seq < due.seq)
ORDER BY seq LIMIT :batch
"""
_REFUSED = "SELECT count(*) FROM {schema}.outbox WHERE delivered_at IS NULL AND refused_at IS NOT NULL"
#: Refusals of the sender, not of the message: a clock or a key that is wrong for a while.
_PASSING = ("unauthenticated",)


@dataclass(frozen=True)
class _Message:
    seq: int
    id: str
    target: str
    path: str
    body: dict[str, Any]
    attempts: int


class OutboxRelay:
    """A thread that delivers; `on_delivered` maps a path to what the sender does with the answer."""

    def __init__(self, runtime: Runtime, on_delivered: Mapping[str, OnDelivered] | None = None) -> None:
        self._runtime = runtime
        self._on_delivered = dict(on_delivered or {})
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"outbox-{runtime.name}", daemon=True)

    def start(self) -> "OutboxRelay":
        """Starts the thread and returns the relay."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Asks the thread to end after the message in hand, and waits for it."""
        self._stop.set()
        self._thread.join(timeout=15)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._relay_while_leader()
            except (DBAPIError, psycopg.Error) as error:
                # While it listens the driver raises its own errors, which the engine never sees.
                log.warning("outbox_database_unavailable", service=self._runtime.name, error=str(error))
                self._stop.wait(1.0)
            except Exception:
                # A relay that ended would leave other services unaware for as long as the process lives.
                log.exception("outbox_relay_failed", service=self._runtime.name)
                self._stop.wait(5.0)

    def _relay_while_leader(self) -> None:
        with self._runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            lock = text("SELECT pg_try_advisory_lock(hashtext(:name))")
            if not connection.execute(lock, {"name": f"outbox:{self._runtime.schema}"}).scalar():
                self._stop.wait(2.0)
                return
            driver: Any = connection.connection.driver_connection
            driver.execute(f"LISTEN outbox_{self._runtime.schema}")
            try:
                while not self._stop.is_set():
                    if not self.deliver_due():
                        for _ in driver.notifies(timeout=0.5, stop_after=1):
                            pass
            finally:
                # An advisory lock lives as long as the connection: it must not go back into the pool.
                connection.invalidate()

    def deliver_due(self) -> int:
        """Tries every message that is due once; returns how many were acknowledged."""
        with self._runtime.unit_of_work() as uow:
            rows = uow.session.execute(
                text(_DUE.format(schema=self._runtime.schema)), {"batch": _BATCH}
            ).all()
            parked = uow.session.execute(text(_REFUSED.format(schema=self._runtime.schema))).scalar_one()
        OUTBOX_REFUSED.labels(self._runtime.name).set(parked)
        OUTBOX_WAITING.labels(self._runtime.name).set(len(rows))
        delivered = 0
        for row in rows:
            if self._stop.is_set():
                break
            delivered += self._deliver(_Message(*row))
        return delivered

    def _deliver(self, message: _Message) -> bool:
        try:
            answer = self._runtime.call(
                message.target, "POST", message.path, message.body, deadline=15.0, idempotency_key=message.id
            )
        except DomainError as error:
            if isinstance(error, Unavailable) or error.code in _PASSING:
                self._put_off(message, f"{error.code}: {error.detail}")
            else:
                self._park(message, error)
            return False
        try:
            self._keep(message, answer)
        except DBAPIError:
            raise
        except Exception as error:
            # What the sender does with an answer is its own; one message that fails there must not end the relay.
            log.exception("outbox_answer_not_kept", path=message.path, id=message.id)
            self._put_off(message, f"answer not kept: {error!r}")
            return False
        OUTBOX_DELIVERIES.labels(self._runtime.name, message.target, "delivered").inc()
        return True

    def _keep(self, message: _Message, answer: dict[str, Any]) -> None:
        with self._runtime.unit_of_work() as uow:
            act = self._on_delivered.get(message.path)
            if act is not None:
                act(uow, message.body, answer)
            update = text(
                f"UPDATE {self._runtime.schema}.outbox SET delivered_at = clock_timestamp(), attempts = attempts + 1 "
                "WHERE seq = :seq"
            )
            uow.session.execute(update, {"seq": message.seq})
            uow.commit()

    def _park(self, message: _Message, refusal: DomainError) -> None:
        answer = {"code": refusal.code, "detail": refusal.detail, "errors": refusal.errors}
        log.error("outbox_refused", target=message.target, path=message.path, id=message.id, **answer)
        OUTBOX_DELIVERIES.labels(self._runtime.name, message.target, "refused").inc()
        with self._runtime.unit_of_work() as uow:
            update = text(
                f"UPDATE {self._runtime.schema}.outbox SET attempts = attempts + 1, last_error = :reason, "
                "refused_at = clock_timestamp(), answer = CAST(:answer AS jsonb) WHERE seq = :seq"
            )
            reason = f"{refusal.code}: {refusal.detail}"
            uow.session.execute(update, {"seq": message.seq, "reason": reason, "answer": json.dumps(answer)})
            uow.commit()

    def _put_off(self, message: _Message, reason: str) -> None:
        wait = min(0.2 * 2 ** min(message.attempts, 10), _LONGEST_WAIT_SECONDS)
        log.warning(
            "outbox_delivery_failed", path=message.path, id=message.id, reason=reason, again_in_seconds=wait
        )
        OUTBOX_DELIVERIES.labels(self._runtime.name, message.target, "failed").inc()
        with self._runtime.unit_of_work() as uow:
            update = text(
                f"UPDATE {self._runtime.schema}.outbox SET attempts = attempts + 1, last_error = :reason, "
                "next_attempt_at = clock_timestamp() + make_interval(secs => :wait) WHERE seq = :seq"
            )
            uow.session.execute(update, {"seq": message.seq, "reason": reason, "wait": wait})
            uow.commit()
