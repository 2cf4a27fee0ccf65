"""Programmes are asked of the classifier once, remembered, and never invented."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.intake.app import create_app
from services.intake.programmes import MOST_UNKNOWN, ProgrammesOverBus
from shared.config import Settings
from shared.errors import Deadline, DomainError, NotFound, Unavailable, WorkerLost
from shared.runtime import Runtime
from tests.calls import ADMIN, BOGOTA, TECHNICIAN
from tests.integration.intake.builders import ask, count, line, submission


@dataclass
class RuntimeWithClassifier(Runtime):
    """A runtime at whose other end stands a classifier that knows some programmes, or fails."""

    known: set[str] = field(default_factory=set)
    failure: DomainError | None = None
    asked: list[str] = field(default_factory=list)

    def call(
        self, service: str, method: str, path: str, body: Mapping[str, Any] | None = None, **options: Any
    ) -> dict[str, Any]:
        """Answers GET /internal/programmes/<id>."""
        assert (service, method) == ("classifier", "GET")
        name = path.removeprefix("/internal/programmes/")
        self.asked.append(name)
        if self.failure is not None:
            raise self.failure
        if name not in self.known:
            raise NotFound("no")
        return {"id": name}


@pytest.fixture
def runtime(settings: Settings) -> Iterator[RuntimeWithClassifier]:
    found = RuntimeWithClassifier("intake", settings)
    found.extras["programmes"] = ProgrammesOverBus(found)
    yield found
    found.engine.dispose()


@pytest.fixture
def client(runtime: RuntimeWithClassifier) -> FlaskClient:
    client = create_app(runtime.settings, runtime).test_client()
    ask(client, "POST", "/offices", {"code": "BOG", "name": "Bogotá", "country": "CO"}, actor=ADMIN)
    return client


def post(client: FlaskClient, *programmes: str | None, actor: Any = BOGOTA) -> Any:
    lines = [line(place, programme=name) for place, name in enumerate(programmes, 1)]
    return ask(client, "POST", "/submissions", submission(lines), actor=actor)


def test_a_known_programme_is_asked_for_once_and_outlives_the_process(
    client: FlaskClient, runtime: RuntimeWithClassifier
) -> None:
    runtime.known = {"WINE"}
    for _ in range(2):
        assert post(client, "WINE", "WINE", None).status_code == 201
    assert runtime.asked == ["WINE"]
    fresh = ProgrammesOverBus(runtime)
    runtime.failure = Unavailable("down")
    assert fresh.unknown(["WINE"]) == set()


@pytest.mark.parametrize(
    ("name", "failure"),
    [("BEER", Unavailable("down")), ("CIDER", WorkerLost("gone")), ("MEAD", Deadline("late"))],
)
def test_while_the_classifier_is_down_only_it_could_say(
    client: FlaskClient, runtime: RuntimeWithClassifier, name: str, failure: DomainError
) -> None:
    runtime.failure, before = failure, count(runtime, "submission")
    answer = post(client, name)
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
    assert count(runtime, "submission") == before
    runtime.failure, runtime.known = None, {name}
    assert post(client, name).status_code == 201


def test_an_unknown_programme_may_be_posted_later(
    client: FlaskClient, runtime: RuntimeWithClassifier
) -> None:
    answer = post(client, "GIN", "GIN")
    assert {error["pointer"] for error in answer.json["errors"]} == {
        "/items/0/programme",
        "/items/1/programme",
    }
    runtime.known = {"GIN"}
    assert post(client, "GIN").status_code == 201


def test_inventions_and_strangers_do_not_keep_the_classifier_busy(
    client: FlaskClient, runtime: RuntimeWithClassifier
) -> None:
    answer = post(client, *(f"X{n}" for n in range(200)))
    assert len(answer.json["errors"]) == 200 and len(runtime.asked) == MOST_UNKNOWN
    runtime.asked.clear()
    assert post(client, "../etc").status_code == 422
    assert post(client, "RUM", actor=TECHNICIAN).status_code == 403
    assert post(client, "RUM", actor=None).status_code == 401
    assert runtime.asked == []
