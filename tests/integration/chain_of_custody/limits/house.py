"""Custody and intake side by side, looked at by a worker at any moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient

from services.chain_of_custody.app import NAME
from services.chain_of_custody.domain.time_limits import Kind
from services.chain_of_custody.intake import IntakeOverBus
from services.chain_of_custody.service.check_limits import check_limits
from shared.actor import Actor
from shared.config import Settings
from shared.errors import Unavailable
from shared.http.schemas import parse_time
from shared.runtime import Runtime
from tests.calls import AUDITOR, CUSTODIAN
from tests.integration.chain_of_custody.house import (
    as_service,
    call,
)


class Wire:
    """Stands for the bus: intake's own application answers, and may be away."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.away = False

    def call(self, service: str, method: str, path: str, *, query: dict[str, Any]) -> Any:
        if self.away:
            raise Unavailable("intake does not answer.")
        answer = as_service(self.client, "chain_of_custody", method, f"{path}?{urlencode(query)}")
        assert service == "intake" and answer.status_code == 200, answer.data
        return answer.json


@dataclass
class House:
    """Custody and intake side by side, and a worker whose clock the test sets."""

    custody: FlaskClient
    intake: FlaskClient
    wire: Wire
    settings: Settings

    def check(self, now: datetime) -> bool:
        """One look at the limits at a moment of the test's choice."""
        runtime = self.worker(now)
        try:
            return check_limits(runtime)
        finally:
            runtime.engine.dispose()

    def worker(self, now: datetime) -> Runtime:
        """A worker's process at that moment."""
        runtime = Runtime(NAME, self.settings, clock=lambda: now)
        runtime.extras["intake"] = IntakeOverBus(self.wire)  # type: ignore[arg-type]
        return runtime

    def overdue(self, actor: Actor = AUDITOR, **query: str) -> list[dict[str, Any]]:
        """The list."""
        found = call(self.custody, "GET", f"/overdue?{urlencode({'limit': 500, **query})}", actor=actor)
        assert found.status_code == 200, found.data
        return list(found.json["items"])

    def of_item(self, item_id: str, kind: Kind, **query: str) -> list[dict[str, Any]]:
        """The entries of one kind about one item."""
        return self.overdue(AUDITOR, item_id=item_id, kind=kind.value, **query)


def last(client: FlaskClient, item_id: str, kind: str) -> datetime:
    """When the last event of a type happened."""
    found = call(client, "GET", f"/items/{item_id}/events?limit=500", actor=CUSTODIAN).json["items"]
    return parse_time([event["occurred_at"] for event in found if event["type"] == kind][-1])
