"""A programme's whole archive under a new model: what changes, and what a lost scheduler costs."""

import csv
import io
import threading
import time
from dataclasses import replace

import pytest
from distributed import LocalCluster
from distributed.client import FutureCancelledError
from flask.testing import FlaskClient
from sqlalchemy import text

from services.classifier.service.reclassify import reclassify
from shared.actor import Actor, Role
from shared.runtime import Runtime
from tests.calls import AUDITOR, BOGOTA, SCIENTIST, TECHNICIAN, call
from tests.integration.classifier.conftest import (
    CLASSES,
    KnownItems,
    classified,
    library,
    measured,
    programme,
    proposed,
)

SECOND = Actor("scientist2", "Samuel", Role.SCIENTIST)


@pytest.fixture(scope="module")
def archive(client: FlaskClient, runtime: Runtime, custody: KnownItems) -> dict[str, str]:
    """Twelve seizures with a result of a first model, and one without; conclusions by item."""
    library(client, custody, "ARCH")
    model_id = proposed(client, runtime, "ARCH")
    call(client, "POST", f"/models/{model_id}/activate", {"password": "verified"}, actor=SECOND)
    found = {}
    for a, b in [*CLASSES.values()] * 3 + [(60.0, 90.0), (4.0, 6.0), (2.2, 7.7)]:
        item = custody.open("ARCH")
        measured(client, item, a, b)
        found[item.id] = classified(client, runtime, item)["determinations"][0]["conclusion"]
    measured(client, custody.open("ARCH"), 2.0, 8.0)
    return found


def started(client: FlaskClient, model_id: str | None = None) -> str:
    body = {"programme": "ARCH"} | ({} if model_id is None else {"model": model_id})
    answer = call(client, "POST", "/archive/reclassifications", body, actor=SCIENTIST)
    assert answer.status_code == 202, answer.json
    return str(answer.json["job_id"])


def test_the_same_model_concludes_the_same_of_everything(
    client: FlaskClient, runtime: Runtime, archive: dict[str, str]
) -> None:
    job_id = started(client)
    reclassify(runtime, job_id, chunk=7)
    told = call(client, "GET", f"/archive/reclassifications/{job_id}", actor=AUDITOR).json
    assert (told["state"], told["progress"]) == ("done", 1.0)
    assert (told["compared"], told["differing"]) == (len(archive), 0)
    assert told["profiles"] == len(archive) + 1 + 36
    assert all(row["former"] in (None, row["now"]) for row in told["changes"]["origin"])
    with runtime.engine.connect() as connection:
        query = text(
            "SELECT item_id, conclusions->>'origin' AS origin FROM classifier.archive_conclusion WHERE job_id = :id"
        )
        rows = {row.item_id: row.origin for row in connection.execute(query, {"id": job_id})}
    assert {item: rows[item] for item in archive} == archive


def test_a_proposed_model_shows_what_it_would_change(
    client: FlaskClient, runtime: Runtime, custody: KnownItems, archive: dict[str, str]
) -> None:
    dice = iter(range(100))
    entries = []
    for _ in range(12):
        item = custody.open("ARCH", "authentic")
        measured(client, item, 60.0 + next(dice) / 50, 90.0 - next(dice) / 50)
        entries.append({"exhibit_id": item.exhibit_id, "labels": {"origin": "West"}})
    assert call(client, "POST", "/library/accept", {"entries": entries}, actor=SCIENTIST).status_code == 200
    job_id = started(client, proposed(client, runtime, "ARCH"))
    reclassify(runtime, job_id)
    told = call(client, "GET", f"/archive/reclassifications/{job_id}", actor=AUDITOR).json
    assert told["differing"] > 0
    path = f"/archive/reclassifications/{job_id}/differences"
    items = call(client, "GET", f"{path}?limit=1", actor=AUDITOR).json
    assert items["items"][0]["former"] != items["items"][0]["conclusions"]
    rows = list(csv.DictReader(io.StringIO(call(client, "GET", f"{path}.csv", actor=AUDITOR).data.decode())))
    assert len(rows) == told["differing"]
    far = next(item for item, conclusion in archive.items() if conclusion == "Unknown")
    assert (
        call(client, "GET", f"/results?item_id={far}", actor=AUDITOR).json["items"][0]["state"] == "proposed"
    )


def chunks_done(runtime: Runtime, job_id: str) -> set[int]:
    with runtime.engine.connect() as connection:
        query = text("SELECT number FROM classifier.archive_chunk_done WHERE job_id = :id")
        return set(connection.execute(query, {"id": job_id}).scalars())


def test_a_scheduler_that_vanishes_costs_no_chunk_that_was_done(
    client: FlaskClient, runtime: Runtime, archive: dict[str, str]
) -> None:
    job_id = started(client)
    ours = runtime.settings
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        runtime.settings = replace(ours, dask_scheduler=cluster.scheduler_address)

        def end_it() -> None:
            while not chunks_done(runtime, job_id):
                time.sleep(0.01)
            cluster.close()

        watcher = threading.Thread(target=end_it)
        watcher.start()
        try:
            with pytest.raises((OSError, FutureCancelledError, TimeoutError)):
                reclassify(runtime, job_id, chunk=1)
        finally:
            runtime.settings = ours
            watcher.join()
    job = call(client, "GET", f"/jobs/{job_id}", actor=SCIENTIST).json
    assert job["state"] == "running"
    assert "tried again" in job["error"]
    before = chunks_done(runtime, job_id)
    assert before
    reclassify(runtime, job_id, chunk=1)
    job = call(client, "GET", f"/jobs/{job_id}", actor=SCIENTIST).json
    assert (job["state"], job["error"]) == ("done", None)
    told = call(client, "GET", f"/archive/reclassifications/{job_id}", actor=AUDITOR).json
    assert told["profiles"] == len(chunks_done(runtime, job_id)) > len(before)


def test_who_may_ask_and_for_what(client: FlaskClient, runtime: Runtime, archive: dict[str, str]) -> None:
    body = {"programme": "ARCH"}
    assert call(client, "POST", "/archive/reclassifications", body, actor=TECHNICIAN).status_code == 403
    assert call(client, "POST", "/programmes", programme("BARE"), actor=SCIENTIST).status_code == 201
    bare = call(client, "POST", "/archive/reclassifications", {"programme": "BARE"}, actor=SCIENTIST)
    assert (bare.status_code, bare.json["code"]) == (409, "no_model")
    job_id = started(client)
    assert call(client, "GET", f"/archive/reclassifications/{job_id}", actor=BOGOTA).status_code == 403
    assert call(client, "GET", "/archive/reclassifications/nope", actor=AUDITOR).status_code == 404
    assert call(client, "POST", f"/jobs/{job_id}/cancel", {}, actor=SCIENTIST).json["state"] == "cancelled"
    reclassify(runtime, job_id)
    told = call(client, "GET", f"/archive/reclassifications/{job_id}", actor=AUDITOR).json
    assert (told["state"], told["profiles"]) == ("cancelled", 0)
