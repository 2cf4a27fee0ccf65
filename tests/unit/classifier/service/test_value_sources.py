from typing import Any

import pytest

from services.classifier.domain.load_programme import load_bundled
from services.classifier.service.value_sources import list_sources, told_values

PROGRAMME = load_bundled("CSP")
RUN = {
    "kind": "spectrum",
    "spectrum_id": "s1",
    "profile_id": "p2",
    "filename": "run7.cdf",
    "sha256": "ab" * 32,
    "instrument": "gcms1",
    "method": "GC-1",
    "acquired_at": "2026-11-20T08:30:00Z",
    "version": 2,
    "reason": "shoulder cut off",
    "integrated_by": "technician2",
    "by_hand": ["norcocaine"],
}
TABLE = {
    "kind": "measurement",
    "measurement_id": "m1",
    "sha256": "cd" * 32,
    "instrument": "irms1",
    "method": "EA-IRMS",
    "measured_by": "technician",
    "occurred_at": "2026-11-21T09:00:00Z",
}


def value(analyte: str, number: float | None, uncertainty: float | None, source: Any) -> dict[str, Any]:
    found = PROGRAMME.analyte(analyte)
    assert found is not None
    return {
        "analyte": analyte,
        "module": found.module,
        "unit": found.unit,
        "value": number,
        "uncertainty": uncertainty,
        "censored": number is None,
        "source": source,
    }


VALUES = [
    value("tropacocaine", 0.05, 0.001, RUN),
    value("norcocaine", 0.02, None, RUN),
    value("d13C", -34.0, None, TABLE),
    value("acetone", None, None, {"kind": "spectrum", "spectrum_id": "s0", "profile_id": "p0"}),
    value("d15N", -10.0, None, None),
]


@pytest.mark.rule("E14", "E27")
def test_a_manual_integration_is_told_with_who_and_why() -> None:
    rows, names = list_sources(VALUES)
    assert names == {
        "tropacocaine": "R1, integrated again",
        "norcocaine": "R1, by hand",
        "d13C": "M1",
        "acetone": "R2",
    }
    run, table, older = rows
    assert run[1] == "run run7.cdf (SHA-256 abababababab…)"
    assert run[2] == "instrument gcms1, method GC-1, acquired 2026-11-20 08:30 UTC"
    assert run[3] == "version 2, integrated again by technician2 (norcocaine): shoulder cut off"
    assert table[1:] == [
        "measurement m1 (SHA-256 cdcdcdcdcdcd…)",
        "instrument irms1, method EA-IRMS, measured 2026-11-21 09:00 UTC",
        "measured by technician",
    ]
    assert older[1:] == ["run s0", "not recorded", "peaks found by the programme's method (version 1)"]


def test_the_programmes_uncertainty_stands_where_a_value_has_none_and_says_so() -> None:
    told = {each["analyte"]: each for each in told_values(PROGRAMME, VALUES, people=True)}
    assert (told["tropacocaine"]["uncertainty"], told["tropacocaine"]["uncertainty_of"]) == (0.001, "value")
    assert told["norcocaine"]["uncertainty"] == pytest.approx(0.0016)
    assert told["norcocaine"]["uncertainty_of"] == told["d13C"]["uncertainty_of"] == "programme"
    assert told["d13C"]["uncertainty"] == pytest.approx(0.3)
    assert (told["acetone"]["uncertainty"], told["acetone"]["uncertainty_of"]) == (None, None)
    assert told["norcocaine"]["source"]["integrated_by"] == "technician2"
    source = told_values(PROGRAMME, VALUES, people=False)[1]["source"]
    assert "integrated_by" not in source
    assert source["reason"] == "shoulder cut off"
