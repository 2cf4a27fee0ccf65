from pathlib import Path

import pytest

from services.classifier.domain.dual_inlet import DualInlet
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_nu import load_from_nu
from services.classifier.domain.readers.registry import describe, load, read
from services.classifier.domain.run import NoSuchChannel
from tests.unit.classifier.domain.builders import REAL_FORMATS
from tests.unit.classifier.domain.readers.write_nu import nu_text, rows

REAL = REAL_FORMATS / "isodat" / "dual_inlet_nu_example.txt"
real = pytest.mark.skipif(not REAL.exists(), reason="the real instrument files are not on this machine")


def stored(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "run.txt"
    path.write_bytes(text.encode("latin-1"))
    return path


def test_every_change_over_comes_back(tmp_path: Path) -> None:
    run = load(stored(tmp_path, nu_text()))
    assert isinstance(run, DualInlet)
    assert run.gases == ("reference", "sample", "reference") * 2
    assert run.blocks == (1, 1, 1, 2, 2, 2)
    assert run.current.shape == (6, 2, 3)
    assert run.current[1, 1].tolist() == [4.5e-8, 5e-8, 5.5e-8]
    assert run.means()[0].tolist() == pytest.approx([1e-9 - 1e-12, 4e-8 - 1e-12], rel=1e-9)
    assert (run.gas, run.reference_gas, run.unit) == ("CO2", "TANK", "A")
    assert run.metadata["Sample Name is"] == "BLANK-1"


def test_a_beam_is_drawn_reading_by_reading(tmp_path: Path) -> None:
    run = load_from_nu(stored(tmp_path, nu_text()))
    trace = run.trace()
    assert (trace.channel, trace.unit, trace.x_unit, len(trace.x)) == ("beam:2", "A", "reading", 18)
    assert run.trace("beam:1").y[:3].tolist() == [9e-10, 1e-9, 1.1e-9]
    for channel in ("beam:0", "beam:3", "mz:44", "beam:x"):
        with pytest.raises(NoSuchChannel, match="beam:1 to beam:2"):
            run.trace(channel)


def test_the_registry_knows_it(tmp_path: Path) -> None:
    path = stored(tmp_path, nu_text())
    found = describe(path, "run.txt")
    assert (found.format, found.reason) == ("Nu", None)
    assert found.summary == {
        "technique": "IRMS", "gas": "CO2", "reference_gas": "TANK", "changes": 6, "changes_of_sample": 2, "blocks": 2,
        "beams": 2, "readings": 3, "unit": "A",
    }  # fmt: skip
    with pytest.raises(ReaderError, match="no run"):
        read(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("something else", "does not begin as a data file of Nu"),
        (nu_text().replace('"Num Blocks",2', '"Num Blocks",3'), "declares 3 blocks, but holds 2"),
        (nu_text().replace("No_C_O_Cycles   1", "No_C_O_Cycles   2"), "block 1 does not hold 2 cycles"),
        (nu_text().replace("Cycle_Length   3", "Cycle_Length   4"), "has 4 numbers where 5 are declared"),
        (nu_text().replace("5.000000E-08", "5.0000x0E-08", 1), "'5.0000x0E-08', which is no number"),
        (nu_text().replace("E-08 5.5", "E-085.5", 1), "which is no number"),
        (nu_text().replace("0.000000E+00  4.5", "1.000000E+00  4.5", 1), "the first number of a row is 0"),
        (nu_text().replace("5.000000E-08", "5.000000E+08", 1), "a current that is no number"),
        (nu_text()[:600], "numbers where|does not hold|has 1 beams|declares 2 blocks"),
        (nu_text().replace('"Num Blocks"', '"Sample Failed","no gas"\r\n"Num Blocks"'), "failed: no gas"),
        (nu_text(blocks=0), "no change-over"),
        (
            nu_text().replace(
                "Gas           Sam\r\n" + rows(2e-9, 5e-8), "Gas           Sam\r\n" + rows(2e-9), 1
            ),
            "1 beams",
        ),
    ],
)
def test_a_malformed_file_gives_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ReaderError, match=reason):
        load_from_nu(stored(tmp_path, text))


@real
def test_a_real_run_gives_the_beams_that_its_own_summary_names() -> None:
    run = load(REAL)
    assert isinstance(run, DualInlet)
    assert (run.current.shape, run.gases.count("sample"), max(run.blocks)) == ((164, 6, 20), 80, 4)
    last = [place for place, block in enumerate(run.blocks) if block == 4]
    strongest = run.means()[last, 5]
    sample, reference = strongest[1::2], strongest[0::2]
    told = {name: float(text) for name, text in run.metadata.items() if " CO" in name and "Beam" in name}
    assert told == {
        "Sam Beam First CO": pytest.approx(sample[0], rel=1e-6),
        "Sam Beam Last CO": pytest.approx(sample[-1], rel=1e-6),
        "Ref Beam First CO": pytest.approx(reference[0], rel=1e-6),
        "Ref Beam Second CO": pytest.approx(reference[1], rel=1e-6),
        "Ref BeamLast CO": pytest.approx(reference[-1], rel=1e-6),
    }
    # The zeros at the head are the means of the readings without gas.
    assert run.zero == pytest.approx(
        [
            -1.055491380875e-13,
            -5.421464787384e-14,
            -5.727308614888e-14,
            -1.82461910808e-14,
            1.314641273717e-13,
            5.65589014425e-12,
        ],
    )
