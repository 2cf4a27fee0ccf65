"""A classifier on a fresh database, with a custody that knows what the tests tell it."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from services.classifier.app import create_app
from services.classifier.custody import Facts
from services.classifier.intake import Origin
from services.classifier.service.classify_items import classify
from services.classifier.service.train_models import train
from shared.config import Settings
from shared.identifiers import new_id
from shared.runtime import Runtime
from tests.calls import SCIENTIST, TECHNICIAN, call
from tests.integration.classifier.laboratory import Laboratory

CLASSES = {"North": (2.0, 8.0), "South": (8.0, 2.0), "West": (5.0, 14.0)}


class KnownItems:
    """Stands in for chain_of_custody and intake: items that were opened by a test."""

    def __init__(self) -> None:
        self._items: dict[str, Facts] = {}

    def open(
        self, programme: str, kind: str = "seizure", office: str = "BOG", state: str = "in_custody"
    ) -> Facts:
        """A new item."""
        item_id = new_id()
        number = f"S26-{len(self._items) + 1:06d}"
        facts = Facts(item_id, number, new_id(), office, programme, kind, state, item_id, new_id())
        self.put(facts)
        return facts

    def put(self, facts: Facts) -> None:
        """An item as the test wants it."""
        self._items[facts.id] = facts

    def origins(self, exhibit_ids: Sequence[str]) -> list[Origin]:
        """Where these were seized: all in Peru in May 2025."""
        return [
            Origin(row.exhibit_id, row.kind, date(2025, 5, 17), "PE", date(2025, 6, 2))
            for row in self._items.values()
            if row.exhibit_id in exhibit_ids
        ]

    def facts(
        self, *, ids: Sequence[str] = (), exhibit_ids: Sequence[str] = (), numbers: Sequence[str] = ()
    ) -> list[Facts]:
        return [
            row
            for row in self._items.values()
            if row.id in ids or row.exhibit_id in exhibit_ids or row.number in numbers
        ]


@pytest.fixture(scope="module")
def custody() -> KnownItems:
    return KnownItems()


@pytest.fixture(scope="module")
def runtime(settings: Settings, custody: KnownItems) -> Iterator[Runtime]:
    found = Runtime("classifier", settings)
    found.extras["custody"] = found.extras["intake"] = custody
    yield found
    found.engine.dispose()


@pytest.fixture(scope="module")
def client(runtime: Runtime) -> FlaskClient:
    return create_app(runtime.settings, runtime).test_client()


@pytest.fixture
def lab(runtime: Runtime, custody: KnownItems, tmp_path: Path) -> Laboratory:
    return Laboratory(runtime, custody, tmp_path)


def programme(name: str) -> dict[str, Any]:
    """The smallest programme: two analytes, three classes."""
    return {
        "id": name,
        "version": "1",
        "title": f"Test {name}",
        "modules": [{"name": "all", "technique": "any"}],
        "analytes": [{"name": a, "unit": "1", "module": "all", "loq": None} for a in ("a", "b")],
        "determinations": [{"name": "origin", "classes": list(CLASSES)}],
        "pretreatment": "auto",
    }


def measured(client: FlaskClient, item: Facts, a: float, b: float) -> Any:
    """A measurement by the technician."""
    values = [{"analyte": "a", "value": a, "unit": "1"}, {"analyte": "b", "value": b, "unit": "1"}]
    body = {
        "item_id": item.id,
        "programme": item.programme,
        "method": "m",
        "instrument": "i",
        "values": values,
    }
    return call(client, "POST", "/measurements", body, actor=TECHNICIAN)


def table(rows: list[list[Any]]) -> bytes:
    """A CSV."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def imported(client: FlaskClient, name: str, content: bytes) -> Any:
    """A table sent as multipart."""
    edge = "edge"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="t.csv"\r\n\r\n'.encode()
    body = head + content + f"\r\n--{edge}--\r\n".encode()
    kind = f"multipart/form-data; boundary={edge}"
    return call(
        client, "POST", f"/measurements/import?programme={name}", body, actor=TECHNICIAN, Content_Type=kind
    )


def library(client: FlaskClient, custody: KnownItems, name: str, per_class: int = 12) -> list[Facts]:
    """Posts the programme and accepts a library of it."""
    assert call(client, "POST", "/programmes", programme(name), actor=SCIENTIST).status_code == 201
    dice, entries, items = np.random.default_rng(1), [], []
    rows: list[list[Any]] = [["item", "a", "b"]]
    for label, (a, b) in CLASSES.items():
        for _ in range(per_class):
            item = custody.open(name, "authentic")
            rows.append([item.number, a + dice.normal(), b + dice.normal()])
            entries.append({"exhibit_id": item.exhibit_id, "labels": {"origin": label}})
            items.append(item)
    done = imported(client, name, table(rows))
    assert done.json["accepted"] == len(items), done.json
    accepted = call(client, "POST", "/library/accept", {"entries": entries}, actor=SCIENTIST)
    assert accepted.status_code == 200, accepted.json
    return items


def proposed(client: FlaskClient, runtime: Runtime, name: str) -> str:
    """Trains a model; its id."""
    made = call(client, "POST", "/models", {"programme": name}, actor=SCIENTIST).json
    train(runtime, made["job_id"])
    return str(made["id"])


def classified(client: FlaskClient, runtime: Runtime, item: Facts) -> Any:
    """Runs a job on one item; its result."""
    body = {"programme": item.programme, "item_ids": [item.id]}
    job = call(client, "POST", "/jobs", body, actor=TECHNICIAN)
    assert job.status_code == 202, job.json
    classify(runtime, job.json["id"])
    found = call(client, "GET", f"/jobs/{job.json['id']}", actor=TECHNICIAN).json
    assert (found["state"], found["progress"]) == ("done", 1.0), found
    return call(client, "GET", f"/results/{found['results'][0]['result_id']}", actor=TECHNICIAN).json
