"""From stored bytes to a verified or quarantined spectrum, and what the classifier has to say."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.chain_of_custody.service import legal_holds, sweep_spectra, verify_spectrum
from services.chain_of_custody.store import store_of
from shared.errors import DomainError, Unavailable
from shared.runtime import Runtime
from tests.calls import REVIEWER, TECHNICIAN, as_service, call
from tests.integration.chain_of_custody.house import SIGNED, handed
from tests.integration.spectra import house

CONTENT = b"CDF\x01 a run"
READ = {"format": "ANDI-MS", "reason": None, "summary": {"scans": 621}}


@pytest.fixture
def item_id(client: FlaskClient) -> str:
    return handed(client)


def reading(client: FlaskClient, spectrum_id: str, body: dict[str, Any]) -> int:
    path = f"/internal/spectra/{spectrum_id}/reading"
    return as_service(client, "classifier", "POST", path, body).status_code


@pytest.mark.rule("E22")
def test_a_spectrum_is_verified_when_the_stored_bytes_fit_and_were_read(
    client: FlaskClient, runtime: Runtime, item_id: str
) -> None:
    spectrum_id = house.uploaded(client, item_id, CONTENT)
    assert house.queued(runtime, verify_spectrum.VERIFY)[-1] == {"spectrum_id": spectrum_id}
    assert house.spectrum(client, spectrum_id)["state"] == "verifying"
    for _ in range(2):
        verify_spectrum.verify_spectrum(runtime, spectrum_id)
    told = [row for row in house.told_classifier(runtime) if row["spectrum_id"] == spectrum_id]
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert len(told) == 1 and told[0]["path"] == "/internal/spectra" and told[0]["sha256"] == digest
    assert set(told[0]) == {
        "path", "spectrum_id", "item_id", "filename", "size", "sha256", "technique", "instrument", "method", "run_role",
        "acquired_at",
    }  # fmt: skip
    assert house.spectrum(client, spectrum_id)["state"] == "verifying"
    assert reading(client, spectrum_id, READ) == 200
    found = house.spectrum(client, spectrum_id)
    assert (found["state"], found["format"], found["reason"]) == ("verified", "ANDI-MS", None)
    assert found["summary"] == {"scans": 621} and found["sha256"] == digest
    kinds = [event["type"] for event in house.events(client, item_id)]
    assert kinds.count("spectrum_verified") == 1
    assert house.events(client, item_id)[-1]["details"]["sha256"] == digest


def test_what_no_reader_knows_is_verified_with_the_reason(
    client: FlaskClient, runtime: Runtime, item_id: str
) -> None:
    spectrum_id = house.uploaded(client, item_id, CONTENT)
    verify_spectrum.verify_spectrum(runtime, spectrum_id)
    reading(client, spectrum_id, {"format": "unknown", "reason": "No reader knows this.", "summary": None})
    found = house.spectrum(client, spectrum_id)
    assert (found["state"], found["format"]) == ("verified", "unknown")
    assert found["reason"] == "No reader knows this."


def test_without_a_reading_it_is_verified_too_and_a_later_one_fills_in(
    client: FlaskClient, runtime: Runtime, item_id: str
) -> None:
    spectrum_id = house.uploaded(client, item_id, CONTENT)
    verify_spectrum.conclude_spectrum(runtime, spectrum_id)
    assert house.spectrum(client, spectrum_id)["state"] == "verifying"
    verify_spectrum.verify_spectrum(runtime, spectrum_id)
    assert house.queued(runtime, verify_spectrum.CONCLUDE)[-1] == {"spectrum_id": spectrum_id}
    verify_spectrum.conclude_spectrum(runtime, spectrum_id)
    found = house.spectrum(client, spectrum_id)
    assert (found["state"], found["format"]) == ("verified", "unknown")
    assert found["reason"] == verify_spectrum.NOT_READ_YET
    reading(client, spectrum_id, READ)
    found = house.spectrum(client, spectrum_id)
    assert (found["state"], found["format"], found["reason"]) == ("verified", "ANDI-MS", None)


@pytest.mark.rule("E22")
def test_bytes_of_another_digest_are_quarantined_and_kept(
    client: FlaskClient, runtime: Runtime, item_id: str
) -> None:
    spectrum_id = house.uploaded(client, item_id, CONTENT, sha256="0" * 64)
    verify_spectrum.verify_spectrum(runtime, spectrum_id)
    found = house.spectrum(client, spectrum_id)
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert found["state"] == "quarantined" and "0" * 64 in found["reason"] and digest in found["reason"]
    assert found["sha256"] == digest and found["declared_sha256"] == "0" * 64
    assert [row for row in house.told_classifier(runtime) if row["spectrum_id"] == spectrum_id] == []
    assert call(client, "GET", f"/spectra/{spectrum_id}/content", actor=TECHNICIAN).data == CONTENT
    assert house.events(client, item_id)[-1]["type"] == "spectrum_quarantined"
    reading(client, spectrum_id, READ)
    verify_spectrum.conclude_spectrum(runtime, spectrum_id)
    assert house.spectrum(client, spectrum_id)["state"] == "quarantined"


def test_readings_come_from_services_alone(client: FlaskClient, item_id: str) -> None:
    spectrum_id = house.uploaded(client, item_id, CONTENT)
    path = f"/spectra/{spectrum_id}/reading"
    assert call(client, "POST", path, READ, actor=TECHNICIAN, prefix="/internal").status_code == 403
    assert reading(client, "nothing", READ) == 404


def test_a_reading_before_the_digest_does_not_verify(client: FlaskClient, item_id: str) -> None:
    spectrum_id = house.uploaded(client, item_id, CONTENT)
    reading(client, spectrum_id, READ)
    assert house.spectrum(client, spectrum_id)["state"] == "verifying"


def test_what_its_jobs_missed_is_verified_by_the_sweep(
    client: FlaskClient, runtime: Runtime, item_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spectrum_id = house.uploaded(client, item_id, CONTENT)
    began = runtime.clock()
    for minutes in (31, 62):
        with monkeypatch.context() as patch:
            patch.setattr(runtime, "clock", lambda at=began + timedelta(minutes=minutes): at)
            sweep_spectra.sweep_unverified(runtime)
    assert house.spectrum(client, spectrum_id)["state"] == "verified"


def damage(runtime: Runtime, spectrum: dict[str, Any], content: bytes) -> None:
    """Writes other bytes of the same length over the stored ones, behind the store's back."""
    place = spectrum["object"]
    folder = runtime.settings.data_dir / "objects" / "objects" / place["key"] / f"@{place['version_id']}"
    part = next(Path(folder).glob("00001-*"))
    part.chmod(0o640)
    part.write_bytes(content)


def test_a_store_that_is_away_leaves_the_spectrum_as_it_is(
    client: FlaskClient, runtime: Runtime, item_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spectrum_id = house.uploaded(client, item_id, CONTENT)

    def away(*_: object) -> bytes:
        raise Unavailable("The object store does not answer.")

    monkeypatch.setattr(store_of(runtime), "read", away)
    with pytest.raises(DomainError):
        verify_spectrum.verify_spectrum(runtime, spectrum_id)
    assert call(client, "GET", f"/spectra/{spectrum_id}/content", actor=TECHNICIAN).status_code == 503
    assert house.spectrum(client, spectrum_id)["state"] == "verifying"


def test_a_hold_is_a_legal_hold_on_the_objects_until_the_last_is_released(
    client: FlaskClient, runtime: Runtime, item_id: str
) -> None:
    spectrum_id = house.uploaded(client, item_id, CONTENT)

    def held() -> bool:
        for job in house.queued(runtime, legal_holds.ALIGN):
            legal_holds.align_legal_holds(runtime, job["item_id"])
        place = house.spectrum(client, spectrum_id)["object"]
        assert store_of(runtime).stat(place["key"], place["version_id"]).legal_hold is place["legal_hold"]
        return bool(place["legal_hold"])

    holds = []
    for _ in range(2):
        body = {"reason": "court order", **SIGNED}
        placed = call(client, "POST", f"/items/{item_id}/holds", body, actor=REVIEWER)
        assert placed.status_code == 201, placed.data
        holds.append(placed.json["id"])
        assert held() is True
    later = house.uploaded(client, item_id, CONTENT)
    assert held() is True and house.spectrum(client, later)["object"]["legal_hold"] is True
    for hold, expected in zip(holds, (True, False), strict=True):
        body = {"reason": "order lifted", **SIGNED}
        assert call(client, "POST", f"/holds/{hold}/release", body, actor=REVIEWER).status_code == 200
        assert held() is expected
