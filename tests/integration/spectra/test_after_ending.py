"""Runs of an item that was destroyed or returned: before that they come late, after that they cannot be of it (E9, E12, E22)."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from services.chain_of_custody.service import verify_spectrum
from shared.http.schemas import format_time
from shared.runtime import Runtime
from tests.calls import AUDITOR, CUSTODIAN, REVIEWER, call
from tests.integration.chain_of_custody.histories import disposed, executed, returned
from tests.integration.chain_of_custody.house import SIGNED, act, opened
from tests.integration.spectra import house

CONTENT = b"CDF\x01 a run"
Ending = Callable[[FlaskClient], str]
ENDINGS = pytest.mark.parametrize(
    ("end", "word"), [(disposed, "disposed"), (returned, "returned")], ids=["disposed", "returned"]
)


@ENDINGS
@pytest.mark.rule("E9", "E22")
def test_a_run_from_before_may_come_late_and_is_seen_as_late(
    client: FlaskClient, runtime: Runtime, end: Ending, word: str
) -> None:
    item_id = end(client)
    spectrum_id = house.uploaded(client, item_id, CONTENT)
    verify_spectrum.verify_spectrum(runtime, spectrum_id)
    verify_spectrum.conclude_spectrum(runtime, spectrum_id)
    assert house.spectrum(client, spectrum_id)["state"] == "verified"
    (told,) = [event for event in house.events(client, item_id) if event["type"] == "spectrum_stored"]
    assert told["exceptional"] == f"Late: the item was {word} before the file came"
    assert told["details"]["item_left"] == word
    paper = call(client, "GET", f"/items/{item_id}/custody.pdf", actor=AUDITOR).data
    words = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(paper)).pages).split())
    assert f"1 marked: Late: the item was {word} before the file came." in words


@ENDINGS
@pytest.mark.rule("E22")
def test_a_run_from_after_that_is_refused_before_a_byte_is_taken(
    client: FlaskClient, end: Ending, word: str
) -> None:
    item_id = end(client)
    told = house.told(item_id, CONTENT, acquired_at=format_time(datetime.now(UTC)))
    refused = house.begin(client, told)
    assert (refused.status_code, refused.json["code"]) == (409, "ended")
    assert (
        f"was {word} at" in refused.json["detail"] and "the file stays where it is" in refused.json["detail"]
    )
    kinds = [event["type"] for event in house.events(client, item_id)]
    assert "spectrum_stored" not in kinds


@pytest.mark.rule("E12", "E22")
def test_bytes_that_are_here_before_it_is_known_are_kept_in_quarantine(
    client: FlaskClient, runtime: Runtime
) -> None:
    """The upload begins; then a destruction is recorded that had happened before the run was acquired."""
    item_id = opened(client)
    acquired = datetime.now(UTC) - timedelta(minutes=10)
    upload_id = house.begun(client, item_id, CONTENT, acquired_at=format_time(acquired))
    at = {"occurred_at": format_time(acquired - timedelta(minutes=10))}
    asked = act(
        client,
        item_id,
        "disposals",
        {"method": "incineration", "purpose": "closed", **at, **SIGNED},
        CUSTODIAN,
    )
    path = f"/disposals/{asked.json['id']}"
    assert call(client, "POST", f"{path}/authorise", {**SIGNED, **at}, actor=REVIEWER).status_code == 200
    body = {"witness": "custodian2", "witness_password": "verified", **at, **SIGNED}
    assert executed(client, f"{path}/execute", body).status_code == 200
    assert house.send(client, upload_id, 0, CONTENT).status_code == 200
    spectrum_id = house.complete(client, upload_id).json["spectrum_id"]
    verify_spectrum.verify_spectrum(runtime, spectrum_id)
    found = house.spectrum(client, spectrum_id)
    assert found["state"] == "quarantined" and "cannot be of it" in found["reason"]
    assert call(client, "GET", f"/spectra/{spectrum_id}/content", actor=AUDITOR).data == CONTENT
    last = house.events(client, item_id)[-1]
    assert last["type"] == "spectrum_quarantined" and last["purpose"] == found["reason"]
