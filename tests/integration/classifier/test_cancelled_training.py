"""A training that somebody cancels, in the queue or at work, leaves a model that says so and can never be activated."""

import threading
from typing import Any

from flask.testing import FlaskClient

from services.classifier.service.train_models import train
from shared.runtime import Runtime
from tests.calls import SCIENTIST, call
from tests.integration.classifier.conftest import KnownItems, library
from tests.integration.classifier.test_opinions import SECOND_SCIENTIST, SIGNED
from tests.system import wait_for


def get(client: FlaskClient, path: str) -> Any:
    return call(client, "GET", path, actor=SCIENTIST).json


def cancel(client: FlaskClient, job_id: str) -> Any:
    return call(client, "POST", f"/jobs/{job_id}/cancel", {}, actor=SCIENTIST)


def is_ended(client: FlaskClient, made: dict[str, Any]) -> bool:
    model, job = get(client, f"/models/{made['id']}"), get(client, f"/jobs/{made['job_id']}")
    activated = call(client, "POST", f"/models/{made['id']}/activate", SIGNED, actor=SECOND_SCIENTIST)
    return (
        (model["state"], model["error"]) == ("failed", "The training was cancelled.")
        and job["state"] == "cancelled"
        and activated.json["code"] == "not_proposed"
        and cancel(client, made["job_id"]).status_code == 409
    )


def test_in_the_queue_and_at_work(client: FlaskClient, runtime: Runtime, custody: KnownItems) -> None:
    library(client, custody, "CANC")
    waiting, working = (
        call(client, "POST", "/models", {"programme": "CANC"}, actor=SCIENTIST).json for _ in range(2)
    )
    assert cancel(client, waiting["job_id"]).json["state"] == "cancelled"
    train(runtime, waiting["job_id"])
    assert is_ended(client, waiting)

    worker = threading.Thread(target=train, args=(runtime, working["job_id"]))
    worker.start()
    wait_for(lambda: get(client, f"/jobs/{working['job_id']}")["progress"] > 0, 60, "the training begins")
    assert cancel(client, working["job_id"]).status_code == 200
    worker.join(60)
    assert not worker.is_alive()
    assert is_ended(client, working)
    assert get(client, f"/jobs/{working['job_id']}")["progress"] < 1
