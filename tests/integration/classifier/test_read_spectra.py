"""A stored file is read in a child process, whatever it holds, and drawn by the route of traces."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.classifier.app import create_app
from services.classifier.domain.synthetic.write_agilent_ch import agilent_ch_bytes
from services.classifier.domain.synthetic.write_reports import WrittenPeak, chemstation_report_bytes
from services.classifier.models import Spectrum
from services.classifier.service.read_spectra import read_spectrum
from shared.bus.messages import BusResponse
from shared.config import Settings
from shared.identifiers import new_id
from shared.runtime import Runtime
from tests.calls import TECHNICIAN, call
from tests.integration.classifier.conftest import KnownItems
from tests.unit.classifier.domain.readers.write_jcamp import jcamp_text
from tests.unit.classifier.domain.readers.write_mzml import mzml_bytes
from tests.unit.classifier.domain.readers.write_nu import nu_text


class Holding(Runtime):
    """A runtime whose bus gives the contents that a test has stored."""

    contents: dict[str, bytes]

    def send(self, service: str, method: str, path: str, **told: Any) -> BusResponse:
        content = self.contents[path.split("/")[-2]]
        first, last = dict(told["headers"])["range"].removeprefix("bytes=").split("-")
        return BusResponse(206, [], content[int(first) : int(last) + 1])


@pytest.fixture(scope="module")
def holding(settings: Settings, custody: KnownItems) -> Iterator[Holding]:
    found = Holding("classifier", settings)
    found.contents = {}
    found.extras["custody"] = found.extras["intake"] = custody
    yield found
    found.engine.dispose()


@pytest.fixture(scope="module")
def client(holding: Holding) -> FlaskClient:
    return create_app(holding.settings, holding).test_client()


def stored(
    holding: Holding, custody: KnownItems, content: bytes, filename: str, programme: str = "NONE"
) -> str:
    """A spectrum that custody announced, read."""
    spectrum_id = new_id()
    holding.contents[spectrum_id] = content
    item = custody.open(programme)
    with holding.unit_of_work() as uow:
        uow.session.add(
            Spectrum(
                id=spectrum_id, item_id=item.id, filename=filename, size=len(content),
                sha256=hashlib.sha256(content).hexdigest(), technique="any", instrument="i", method="m",
                run_role="blank" if programme == "NONE" else "sample", acquired_at=datetime.now(UTC).isoformat(),
            )
        )  # fmt: skip
        uow.commit()
    read_spectrum(holding, spectrum_id)
    return spectrum_id


def trace(client: FlaskClient, spectrum_id: str, query: str = "") -> Any:
    return call(client, "GET", f"/spectra/{spectrum_id}/trace{query}", actor=TECHNICIAN)


def test_an_infrared_spectrum_is_drawn_over_wavenumbers(
    holding: Holding, client: FlaskClient, custody: KnownItems
) -> None:
    content = jcamp_text([8, 4, 2], "DIF", first=4000, step=-1000).encode()
    spectrum_id = stored(holding, custody, content, "ir.jdx")
    found = trace(client, spectrum_id).json
    assert (found["channel"], found["x_unit"], found["unit"]) == ("spectrum", "1/cm", "ABSORBANCE")
    assert (found["x"], found["y"]) == ([2000.0, 3000.0, 4000.0], [1.0, 2.0, 4.0])
    part = trace(client, spectrum_id, "?channel=spectrum&from=2500&to=4000").json
    assert part["x"] == [3000.0, 4000.0]
    refused = trace(client, spectrum_id, "?channel=mz:44")
    assert refused.status_code == 422
    assert "has the channel 'spectrum'" in refused.json["errors"][0]["message"]


def test_a_dual_inlet_run_is_drawn_over_its_readings(
    holding: Holding, client: FlaskClient, custody: KnownItems
) -> None:
    found = trace(client, stored(holding, custody, nu_text().encode(), "run.txt")).json
    assert (found["channel"], found["x_unit"], found["measured_points"]) == ("beam:2", "reading", 18)


def test_an_mzml_run_is_drawn_over_time(holding: Holding, client: FlaskClient, custody: KnownItems) -> None:
    found = trace(client, stored(holding, custody, mzml_bytes(), "run.mzML")).json
    assert (found["channel"], found["x_unit"], found["x"]) == ("tic", "s", [60.0, 75.0, 90.0])


def test_a_table_of_peaks_has_a_summary_and_no_trace(
    holding: Holding, client: FlaskClient, custody: KnownItems
) -> None:
    content = chemstation_report_bytes({"FID1 A": [WrittenPeak(1.5, 50.0, 9.0), WrittenPeak(2.5, 70.0, 8.0)]})
    spectrum_id = stored(holding, custody, content, "Report.TXT")
    with holding.unit_of_work() as uow:
        row = uow.session.get_one(Spectrum, spectrum_id)
        assert (row.format, row.reason) == ("ChemStation-report", None)
        assert row.summary is not None
        assert (row.summary["peaks"], row.summary["from_s"], row.summary["unit"]) == (2, 90.0, "pA*s")
    refused = trace(client, spectrum_id)
    assert (refused.status_code, refused.json["code"]) == (409, "no_trace")


def test_a_detector_signal_in_a_zipped_folder_is_drawn(
    holding: Holding, client: FlaskClient, custody: KnownItems
) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("A.D/FID1A.ch", agilent_ch_bytes(181, [1, 2, 3, 5, 8]))
    spectrum_id = stored(holding, custody, target.getvalue(), "A.D.zip")
    found = trace(client, spectrum_id).json
    assert (found["channel"], found["unit"]) == ("tic", "pA")
    assert found["x"] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert found["y"] == [0.5, 1.0, 1.5, 2.5, 4.0]


def test_a_damaged_table_says_why_it_cannot_be_shown(
    holding: Holding, client: FlaskClient, custody: KnownItems
) -> None:
    spectrum_id = stored(holding, custody, b"Name,RT (min),Area\nx,1.5,n.d.\n", "t.csv")
    refused = trace(client, spectrum_id)
    assert (refused.status_code, refused.json["code"]) == (409, "unreadable")
    assert "row 2 has no area" in refused.json["detail"]
