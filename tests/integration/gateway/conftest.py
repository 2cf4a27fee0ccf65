"""A door on a real database, with a bus that answers what the test says."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import Client, TestResponse

from gateway.accounts.service import SYSTEM, Accounts
from gateway.api.dispatch import Api
from gateway.api.health import Health
from gateway.api.metrics import metrics
from gateway.api.openapi import OpenApi
from gateway.api.session import session
from gateway.pages import create_pages
from shared.actor import Actor
from shared.bus.messages import BusRequest, BusResponse
from shared.config import Settings
from shared.crypto.assertions import HEADER, AssertedRequest
from shared.runtime import Runtime

PASSWORDS = {
    "clara": "clara has a long password",
    "hector": "hector has a long password",
    "bogota": "bogota has a long password",
    "bangkok": "bangkok has a long password",
    "adam": "adam has a long password",
    "gcms1": "gcms1 has a long password",
}
_ROLES = {
    "clara": "custodian",
    "hector": "custodian",
    "bogota": "office",
    "bangkok": "office",
    "adam": "admin",
    "gcms1": "instrument",
}
_OFFICES = {"bogota": "BOG", "bangkok": "BKK"}


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class FakeBus:
    """Remembers what it was asked and answers what it is told to."""

    answer: Callable[[str, BusRequest], BusResponse] = lambda service, request: BusResponse(200, [], b"{}")
    asked: list[tuple[str, BusRequest]] = field(default_factory=list)
    options: list[dict[str, Any]] = field(default_factory=list)

    def request(self, service: str, request: BusRequest, **options: Any) -> BusResponse:
        self.asked.append((service, request))
        self.options.append(options)
        return self.answer(service, request)


@dataclass
class Door:
    """The API with its parts at hand."""

    runtime: Runtime
    api: Api
    bus: FakeBus
    clock: Clock

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
    ) -> TestResponse:
        """One request to /api/v1; `body` is JSON unless it is bytes."""
        head = {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if raw and "Content-Type" not in head:
            head["Content-Type"] = "application/json"
        if token is not None:
            head["Authorization"] = f"Bearer {token}"
        environment = {"REMOTE_ADDR": head.pop("address", "192.0.2.7")}
        response = Client(self.api).open(
            f"/api/v1{path}", method=method, data=raw, headers=head, environ_base=environment
        )
        assert isinstance(response, TestResponse)
        return response

    def sign_in(self, login: str, password: str | None = None, **options: str) -> TestResponse:
        body = {"username": login, "password": PASSWORDS[login] if password is None else password}
        return self.call("POST", "/session", body, **options)

    def token(self, login: str) -> str:
        return str(self.sign_in(login).get_json()["token"])

    def last(self) -> tuple[str, BusRequest, Actor | None]:
        """The last request on the bus, and whom its assertion names."""
        service, request = self.bus.asked[-1]
        assertion = request.header(HEADER)
        if assertion is None:
            return service, request, None
        return service, request, self.runtime.verifier.verify(assertion, asserted(request), self.clock())


def asserted(request: BusRequest) -> AssertedRequest:
    """What the assertion of a request on the bus must name."""
    headers = [(name, value) for name, value in request.headers if name != HEADER]
    return AssertedRequest.of(request.method, request.path, request.query, headers, request.body)


@pytest.fixture(scope="module")
def accounts_made(settings: Settings) -> Settings:
    """Settings whose database has the accounts."""
    runtime = Runtime("gateway", settings)
    accounts = Accounts(runtime)
    for login, role in _ROLES.items():
        accounts.put_account(
            SYSTEM,
            login,
            name=login.title(),
            role=role,
            office=_OFFICES.get(login),
            password=PASSWORDS[login],
        )
    runtime.engine.dispose()
    return settings


@pytest.fixture
def door(accounts_made: Settings) -> Iterator[Door]:
    """A door with nothing remembered from another test but the database."""
    clock, bus = Clock(), FakeBus()
    runtime = Runtime("gateway", accounts_made, clock=clock)
    runtime.__dict__["bus"] = bus
    api = Api(runtime, Accounts(runtime))
    api.own.update({"session": session, "health": Health(), "openapi.json": OpenApi(), "metrics": metrics})
    yield Door(runtime, api, bus, clock)
    runtime.engine.dispose()


@pytest.fixture
def pages(door: Door) -> FlaskClient:
    """A browser that nobody has signed in with."""
    app = create_pages(door.runtime, door.api)
    return app.test_client()
