"""What was changed in the classifier's tables is refused where it would be shown, signed or concluded from."""

from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
import pytest
from flask.testing import FlaskClient

from services.classifier.service.classify_items import classify
from services.classifier.service.measurements import add_measurement
from shared.config import Settings
from shared.runtime import Runtime
from tests.calls import BOGOTA, REVIEWER, TECHNICIAN, call
from tests.integration.classifier.conftest import KnownItems, classified, library, measured, proposed
from tests.integration.classifier.test_opinions import SECOND_SCIENTIST, SIGNED

pytestmark = pytest.mark.rule("E19")


@pytest.fixture(scope="module")
def model(client: FlaskClient, runtime: Runtime, custody: KnownItems) -> str:
    library(client, custody, "DAMG")
    model_id = proposed(client, runtime, "DAMG")
    assert (
        call(client, "POST", f"/models/{model_id}/activate", SIGNED, actor=SECOND_SCIENTIST).status_code
        == 200
    )
    return model_id


def forge(settings: Settings, statement: LiteralString, *values: Any) -> None:
    """As the owner of the database, whose triggers are switched off."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        assert connection.execute(statement, values).rowcount == 1


def refused(answer: Any) -> bool:
    return bool(answer.status_code == 409 and answer.json["code"] == "damaged")


def test_a_changed_measurement_is_neither_shown_nor_concluded_from(
    client: FlaskClient, settings: Settings, runtime: Runtime, custody: KnownItems, model: str
) -> None:
    item = custody.open("DAMG")
    made = measured(client, item, 1.0, 2.0).json
    forge(
        settings,
        "UPDATE classifier.measurement SET values = jsonb_set(values, '{0,value}', '99.9') WHERE id = %s",
        made["id"],
    )
    assert refused(call(client, "GET", f"/measurements/{made['id']}", actor=TECHNICIAN))
    job_id = call(
        client, "POST", "/jobs", {"programme": "DAMG", "item_ids": [item.id]}, actor=TECHNICIAN
    ).json["id"]
    classify(runtime, job_id)
    job = call(client, "GET", f"/jobs/{job_id}", actor=TECHNICIAN).json
    assert job["state"] == "failed" and job["results"] == [] and made["id"] in job["error"]


def test_a_job_ends_where_a_result_of_old_values_cannot_be_recorded(
    client: FlaskClient, runtime: Runtime, custody: KnownItems, model: str
) -> None:
    """The door refuses such values now; before it did, one of them kept a job running for ever."""
    fine, item = custody.open("DAMG"), custody.open("DAMG")
    measured(client, fine, 1.0, 2.0)
    values = [{"analyte": name, "value": 1e16 + 2, "unit": "1", "uncertainty": None} for name in ("a", "b")]
    told = {"method": "m", "instrument": "i", "values": values}
    with runtime.unit_of_work() as uow:
        version = call(client, "GET", "/programmes/DAMG", actor=TECHNICIAN).json["version"]
        add_measurement(uow, TECHNICIAN, item, "DAMG", version, told, now=datetime.now(UTC))
        uow.commit()
    asked = {"programme": "DAMG", "item_ids": [fine.id, item.id]}
    job_id = call(client, "POST", "/jobs", asked, actor=TECHNICIAN).json["id"]
    classify(runtime, job_id)
    job = call(client, "GET", f"/jobs/{job_id}", actor=TECHNICIAN).json
    assert job["state"] == "failed" and item.id in job["error"] and "no canonical" in job["error"]
    assert [result["item_id"] for result in job["results"]] == [fine.id]


def test_a_changed_result_is_neither_signed_nor_shown(
    client: FlaskClient, settings: Settings, runtime: Runtime, custody: KnownItems, model: str
) -> None:
    item = custody.open("DAMG")
    measured(client, item, 1.0, 2.0)
    result = classified(client, runtime, item)
    change: LiteralString = (
        "UPDATE classifier.result "
        "SET determinations = jsonb_set(determinations, '{0,conclusion}', to_jsonb(%s::text)) WHERE id = %s"
    )
    path = f"/results/{result['id']}"
    forge(settings, change, "forged", result["id"])
    released = {"decision": "release", "comment": "agreed", **SIGNED}
    assert refused(call(client, "POST", f"{path}/review", released, actor=REVIEWER))
    assert refused(call(client, "GET", path, actor=REVIEWER))
    forge(settings, change, result["determinations"][0]["conclusion"], result["id"])
    assert call(client, "POST", f"{path}/review", released, actor=REVIEWER).status_code == 200

    forge(
        settings, "UPDATE classifier.report SET pdf = %s WHERE result_id = %s", b"%PDF forged", result["id"]
    )
    assert refused(call(client, "GET", f"{path}/report.pdf", actor=BOGOTA))
    assert call(client, "GET", path, actor=BOGOTA).status_code == 200
