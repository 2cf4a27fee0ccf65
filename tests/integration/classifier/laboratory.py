"""A laboratory of the tests: its runs, what an item has of them, and what is asked about it."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask.testing import FlaskClient

from services.classifier.custody import Facts
from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.readers.registry import read
from services.classifier.domain.synthetic.run import synthetic_run
from services.classifier.models import Spectrum
from services.classifier.service import read_spectra
from services.classifier.service.run_profiles import ion_traces, profile_for
from shared.identifiers import new_id
from shared.runtime import Runtime
from tests.calls import TECHNICIAN, call

if TYPE_CHECKING:
    from tests.integration.classifier.conftest import KnownItems


RATIOS = {
    "tropacocaine": 0.05,
    "norcocaine": 0.02,
    "truxillines, total": 0.08,
    "cis-cinnamoylcocaine": 0.04,
    "trans-cinnamoylcocaine": 0.05,
}


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


CSP = load_bundled("CSP")


class Laboratory:
    """Runs as the service stores them, read in this process: what the child process does has a test of its own."""

    def __init__(self, runtime: Runtime, custody: "KnownItems", folder: Path) -> None:
        self._runtime, self._custody, self._folder = runtime, custody, folder
        self.instrument = f"gcms-{new_id()}"

    def item(self) -> Facts:
        return self._custody.open("CSP")

    def run(
        self,
        item: Facts,
        role: str = "sample",
        values: dict[str, float] | None = None,
        *,
        seed: int = 1,
        hours: float = 0.0,
    ) -> str:
        """A run of these ratios, so many hours after noon; its spectrum id."""
        content = synthetic_run(CSP, RATIOS if values is None else values, seed)
        path = self._folder / "run.cdf"
        path.write_bytes(content)
        raw = read(path)
        profile = profile_for(raw, CSP, role)
        assert profile is not None
        traces = ion_traces(raw, CSP)
        spectrum = Spectrum(
            id=new_id(), item_id=item.id, filename=f"{role}{seed}.cdf", size=len(content),
            sha256=hashlib.sha256(content).hexdigest(), technique="GC-MS", instrument=self.instrument, method="m",
            run_role=role, acquired_at=(NOON + timedelta(hours=hours)).isoformat(),
        )  # fmt: skip
        with self._runtime.unit_of_work() as uow:
            uow.session.add(spectrum)
            uow.session.flush()
            reading = read_spectra.Reading("ANDI-MS", None, None, [profile], traces)
            read_spectra._store(uow, spectrum, item.root_id, reading, self._runtime.clock())
            uow.commit()
            return spectrum.id


def profile(client: FlaskClient, item: Facts) -> Any:
    found = call(client, "GET", f"/items/{item.id}/profile?programme=CSP", actor=TECHNICIAN)
    assert found.status_code == 200, found.json
    return found.json


def value(told: Any, analyte: str) -> Any:
    return next(row for row in told["values"] if row["analyte"] == analyte)


def finding(told: Any, rule: str) -> Any:
    return next(row for row in told["findings"] if row["rule"] == rule)
