import struct
from pathlib import Path

import numpy as np
import pytest

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.load_from_agilent_ch import load_from_agilent_ch, run_from_agilent_ch
from services.classifier.domain.readers.registry import describe, read, recognise
from services.classifier.domain.synthetic.write_agilent_ch import VERSIONS, agilent_ch_bytes
from tests.unit.classifier.domain.builders import REAL_FORMATS

FID = REAL_FORMATS / "chemstation_fid"
OPENLAB = REAL_FORMATS / "openlab"
real = pytest.mark.skipif(not FID.exists(), reason="the real instrument files are not on this machine")
# Steps that fit into 16 bits, steps that do not, both signs, and the marks themselves as values.
COUNTS = [100, 101, 99, 5_000_000, 4_999_990, -7, -8, 32767, 32766, -32768, 0, 0, 40_000, *range(60)]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_layout_gives_back_what_was_written(version: int, tmp_path: Path) -> None:
    path = tmp_path / "FID1A.ch"
    path.write_bytes(agilent_ch_bytes(version, COUNTS, first_ms=1000, scale=0.25, intercept=2.0))
    run = read(path)
    assert run.total.tolist() == [0.25 * count + 2 for count in COUNTS]
    assert run.times_s.tolist() == pytest.approx([1 + 0.2 * place for place in range(len(COUNTS))])
    assert (run.format, run.technique, run.unit) == ("Agilent-ch", "GC", "pA")
    assert (run.metadata["sample"], run.metadata["version"]) == ("SYNTHETIC", str(version))
    assert not run.has_spectra
    assert describe(path, "FID1A.ch").summary["scans"] == len(COUNTS)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_content_is_enough_to_know_it(version: int) -> None:
    assert recognise(agilent_ch_bytes(version, COUNTS), "run.bin") == "Agilent-ch"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("cut", [10, 16, 100])
def test_a_file_that_was_cut_short_is_refused_and_not_stretched(version: int, cut: int) -> None:
    with pytest.raises(ReaderError, match="truncated"):
        run_from_agilent_ch(agilent_ch_bytes(version, COUNTS)[:-cut])


def test_the_end_mark_of_181_is_no_value() -> None:
    ending = agilent_ch_bytes(181, COUNTS)
    assert ending.endswith(b"\x00\x00")
    assert len(run_from_agilent_ch(ending).total) == len(COUNTS)


@pytest.mark.parametrize(
    ("version", "place", "put", "reason"),
    [
        (130, 0, b"\x03131", "layout b'131'"),
        (130, 0x108, struct.pack(">i", 2**31 - 1), "begins at byte"),
        (130, 0x108, struct.pack(">i", -5), "begins at byte"),
        (130, 0x11A, struct.pack(">2i", 5, 5), "no time axis"),
        (179, 0x11A, struct.pack(">2f", float("nan"), 5), "no time axis"),
        (181, 0x11A, struct.pack(">2f", 0, 1e30), "no time axis"),
        (181, 4732, struct.pack(">d", 0.0), "no signal"),
        (181, 4732, struct.pack(">d", float("inf")), "no signal"),
        (181, 4724, struct.pack(">d", float("nan")), "no signal"),
        (179, 0x116, struct.pack(">i", 10**6), "declares 1000000 points"),
        (179, 6144 + 80, struct.pack("<d", float("nan")), "no number, at point 10"),
        (130, 6144, b"\x11\x19", "begins with 0x1119"),
        (130, 6144, b"\x10\x00", "begins with 0x1000"),
        (130, 6144, b"\x00\x00", "holds 0 points"),
    ],
)
def test_a_damaged_file_says_where(version: int, place: int, put: bytes, reason: str) -> None:
    content = bytearray(agilent_ch_bytes(version, COUNTS))
    content[place : place + len(put)] = put
    with pytest.raises(ReaderError, match=reason):
        run_from_agilent_ch(bytes(content))


@pytest.mark.parametrize("content", [b"", b"\x03", b"\x03181", b"\xff" * 300, b"\x0281" + b"\x00" * 200])
def test_what_is_hardly_a_file_is_refused(content: bytes) -> None:
    with pytest.raises(ReaderError):
        run_from_agilent_ch(content)


def test_a_signal_of_too_many_points_is_refused() -> None:
    segment = b"\x10\xff" + b"\x00\x01" * 255
    head = agilent_ch_bytes(130, [])[:-2]
    with pytest.raises(ReaderError, match="more than"):
        run_from_agilent_ch(head + segment * 8000 + b"\x00\x00")


# File, points, first and last time in s, sum, greatest, place of the greatest, first values: as chromConverter's tests
# (tests/testthat/test-extra-agilent.R) and rainbow-api 1.5.5 give them.
REAL = [
    (FID / "chemstation_30.ch", 38405, -0.08, 1920.12, 1389686.77091599, 2085.93797683716, 2011,
     [-0.72479248046875, -0.726222991943359, -0.720024108886719], "mAU", "LC"),
    (FID / "chemstation_81.ch", 2699, 180.0266875, 719.6266875, 47813.2741082398, 31.3735693445924, 556,
     [17.5007821627369, 17.5005217460566, 17.5053394546412], "pA", "GC"),
    (FID / "chemstation_130.ch", 12750, 0.35, 5099.95, 94265.6593322754, 482.753276824951, 4624,
     [-0.0982284545898438, -0.0691413879394531, -0.0452995300292969], "mAU", "LC"),
    (FID / "chemstation_179_mustang.ch", 54704, 0.019562999725, 1094.079625, 15517120.0723939, 11367.90334375, 16455,
     [9.13388628472222, 9.13298298611111, 9.13488923611111], "pA", "GC"),
    (OPENLAB / "openlab_179.ch", 10000, 0.0675, 2160.0, -6851316.46, 3956.53, 3416, [0.39, 0.59, 0.68], "nRIU",
     "chromatography"),
    # The two readers count the end mark as a 5914th value; their sum is greater by that value.
    (OPENLAB / "chemstation_181.D" / "FID1A.ch", 5913, -0.109125, 1182.290875, 92783.4559895832 - 20.1287760416667,
     263.427213541667, 50, [2.14322916666667, 2.144140625, 2.13971354166667], "pA", "GC"),
]  # fmt: skip


@real
@pytest.mark.parametrize(
    ("path", "points", "first_s", "last_s", "total", "greatest", "place", "values", "unit", "technique"),
    REAL,
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_real_files_agree_with_two_independent_readers(
    path: Path,
    points: int,
    first_s: float,
    last_s: float,
    total: float,
    greatest: float,
    place: int,
    values: list[float],
    unit: str,
    technique: str,
) -> None:
    run = load_from_agilent_ch(path)
    assert len(run.total) == points
    assert (run.times_s[0], run.times_s[-1]) == pytest.approx((first_s, last_s))
    assert (np.diff(run.times_s) > 0).all()
    assert run.total.sum() == pytest.approx(total, rel=1e-12)
    assert (run.total.max(), int(run.total.argmax())) == (pytest.approx(greatest), place)
    assert run.total[:3].tolist() == pytest.approx(values)
    assert (run.unit, run.technique) == (unit, technique)


@real
def test_real_files_agree_with_rainbow_point_by_point() -> None:
    chemstation = pytest.importorskip("rainbow.agilent.chemstation", reason="rainbow-api is not installed")
    for path, points, *_ in REAL:
        other = chemstation.parse_ch(str(path))
        if other is not None:
            assert np.array_equal(load_from_agilent_ch(path).total, other.data[:points, 0]), path.name
