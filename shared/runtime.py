"""What a running service has at hand: its settings, database, bus client and clock, opened when first needed.

Made once by a process (`Runtime(name, settings)`) and handed down; nothing here exists before a process asks for it, so that no
import opens a socket or an engine.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from shared.bus.messages import BusRequest, BusResponse
from shared.config import Settings
from shared.crypto.assertions import HEADER, AssertedRequest, AssertionSigner, AssertionVerifier
from shared.db.engine import open_sessions
from shared.db.unit_of_work import UnitOfWork
from shared.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    Stale,
    TooLarge,
    Unavailable,
    Unsupported,
)

if TYPE_CHECKING:
    from shared.bus.client import BusClient


def utc_now() -> datetime:
    """This moment, with its zone."""
    return datetime.now(UTC)


@dataclass
class Runtime:
    """One service in one process; `name` is the service's name on the bus and of its schema."""

    name: str
    settings: Settings
    clock: Callable[[], datetime] = utc_now
    pool_size: int = 8
    extras: dict[str, Any] = field(default_factory=dict)

    @property
    def schema(self) -> str:
        """The database schema."""
        return self.name

    @property
    def party(self) -> str:
        """The name of this process's keys."""
        return self.name if self.name == "gateway" else f"service-{self.name}"

    @cached_property
    def sessions(self) -> sessionmaker[Session]:
        """Sessions as the service's own database role."""
        url = self.settings.service_database_url(self.name)
        return open_sessions(url, application=f"siglab-{self.name}", pool_size=self.pool_size)

    @property
    def engine(self) -> Engine:
        """The engine behind the sessions."""
        engine = self.sessions.kw["bind"]
        assert isinstance(engine, Engine)
        return engine

    @cached_property
    def bus(self) -> "BusClient":
        """The client of the bus; imported when first used, since a command-line tool or a migration needs no sockets."""
        from shared.bus.client import BusClient

        return BusClient(self.settings.bus_frontend, self.settings.keys_dir, self.party)

    @cached_property
    def signer(self) -> AssertionSigner:
        """Signs assertions as this party."""
        return AssertionSigner.from_keys(self.settings.keys_dir, self.party)

    @cached_property
    def verifier(self) -> AssertionVerifier:
        """Checks the assertions of others."""
        return AssertionVerifier.from_keys(self.settings.keys_dir)

    def unit_of_work(self, deadline: float | None = None) -> UnitOfWork:
        """A new transaction."""
        return UnitOfWork(self.sessions, self.schema, deadline)

    def send(
        self,
        service: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: bytes = b"",
        headers: list[tuple[str, str]] | None = None,
        deadline: float = 15.0,
        stream: bool = False,
    ) -> BusResponse:
        """Asks another service as this service; the answer as it came, whatever its status."""
        head, asked = list(headers or []), urlencode(query or {})
        asserted = AssertedRequest.of(method, path, asked, head, body)
        head.append((HEADER, self.signer.sign(self.signer.service_actor(), asserted, self.clock())))
        request = BusRequest(method, path, asked, head, body)
        return self.bus.request(service, request, deadline=deadline, fairness_key=self.party, stream=stream)

    def call(
        self,
        service: str,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        deadline: float = 15.0,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Asks another service with JSON; raises the DomainError that fits where it refuses or does not answer."""
        headers = [("accept", "application/json")]
        raw = b""
        if body is not None:
            raw = json.dumps(body).encode()
            headers.append(("content-type", "application/json"))
        if idempotency_key is not None:
            headers.append(("idempotency-key", idempotency_key))
        answer = self.send(service, method, path, query=query, body=raw, headers=headers, deadline=deadline)
        if answer.status < 300:
            return dict(json.loads(answer.body)) if answer.body else {}
        raise refusal(service, answer)


def refusal(service: str, answer: BusResponse) -> DomainError:
    """The error of ours that another service's problem document stands for; Unavailable for what may pass."""
    try:
        problem = json.loads(answer.body)
    except ValueError:
        problem = {}
    detail = str(problem.get("detail") or f"{service} answered {answer.status}.")
    code, errors = problem.get("code"), problem.get("errors") or ()
    kinds: dict[int, type[DomainError]] = {
        400: Malformed,
        401: Forbidden,
        403: Forbidden,
        404: NotFound,
        409: Conflict,
        412: Stale,
        413: TooLarge,
        415: Unsupported,
        422: Invalid,
    }
    kind = kinds.get(answer.status)
    if kind is None:
        return Unavailable(f"{service}: {detail}", retry_after=1)
    return kind(detail, code=code, errors=errors)
