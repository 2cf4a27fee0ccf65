"""Files that are large and made to cost: none takes more memory than four times its size and 64 MB, whatever it claims."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.fuzz.probe import Outcome, probe

CPU_SECONDS = 60.0
_ISODAT = b"\xff\xff\x06\x00\x0b\x00CFileHeader" + bytes(60)
_GROUP = '<mzML><referenceableParamGroup id="a">' + '<cvParam accession="a" name="b"/>' * 90
_GROUP += '</referenceableParamGroup><run><spectrum id="a" defaultArrayLength="1"><binaryDataArray>'
_ONE = (
    '<mzML><run><spectrum id="a" defaultArrayLength="{points}"><cvParam accession="MS:1000016" value="1" unitAccession='
    '"UO:0000010"/><binaryDataArray><cvParam accession="MS:1000521"/><cvParam accession="MS:1000514"/><binary>{text}</binary>'
    '</binaryDataArray><binaryDataArray><cvParam accession="MS:1000521"/><cvParam accession="MS:1000515"/><binary>{text}'
    "</binary></binaryDataArray></spectrum></run></mzML>"
)
CASES: dict[str, tuple[str, Callable[[], str | bytes]]] = {
    "differences of one letter a point": (
        "JCAMP-DX",
        lambda: (
            "##TITLE= t\n##DELTAX= 1\n##FIRSTX= 0\n##XYDATA= (X++(Y..Y))\n0@" + ("%" * 70 + "\n0@") * 40_000
        ),
    ),
    "lines without a point": (
        "JCAMP-DX",
        lambda: "##TITLE= t\n##DELTAX= 1\n##XYDATA= (X++(Y..Y))\n" + "0\n" * 1_500_000,
    ),
    "pairs of one letter": (
        "JCAMP-DX",
        lambda: "##TITLE= t\n##XYPOINTS=(XY..XY)\n" + "1 1 1 1 1 1 1 1\n" * 150_000,
    ),
    "one table beside the other": (
        "JCAMP-DX",
        lambda: "##TITLE= t\n" + "##XYPOINTS=(XY..XY)\n1 1\n" * 60_000,
    ),
    "one page beside the other": (
        "JCAMP-DX",
        lambda: "##TITLE= t\n" + "".join(f"##PAGE=T={i}\n##XYDATA=(XY..XY)\n1 1\n" for i in range(49_000)),
    ),
    "a line without end": ("MSP", lambda: "Name: a\nNum Peaks: 9\n" + "1 " * 2_000_000),
    "many fields": ("MSP", lambda: ("Name:a\n" + "F:b\n" * 40 + "Num Peaks:1\n1 1\n") * 15_000),
    "peaks of one letter": ("MSP", lambda: "Name:a\nNum Peaks:1500000\n" + "1 1 1 1 1 1 1 1\n" * 150_000),
    "short rows": (
        "Nu",
        lambda: '"x Data File Version 9"\nCycle_Length 1\nGas Ref\n' + ("0 1\n" * 30 + "Gas Ref\n") * 6_000,
    ),
    "empty strings": ("Isodat", lambda: _ISODAT + b"CGCPeakList" + b"\xff\xfe\xff\x00" * 500_000),
    "cells without end": (
        "Isodat",
        lambda: _ISODAT + b"CGCPeakList" + b"\xff\xfe\xff\x02%\x00f\x00" * 190_000,
    ),
    "many columns": (
        "Isodat-CSV",
        lambda: "Identifier 1,d 13C/12C" + ",q" * 400 + "\n" + ("ab,12" + ",11" * 400 + "\n") * 3_000,
    ),
    "groups of parameters, named again and again": (
        "mzML",
        lambda: _GROUP + '<referenceableParamGroupRef ref="a"/>' * 60_000,
    ),
    "one spectrum": ("mzML", lambda: _ONE.format(points=750_000, text="A" * 4_000_000)),
    "many scans": (
        "mzXML",
        lambda: (
            "<mzXML><msRun>"
            + "".join(f'<scan num="1" retentionTime="{i}"/>' for i in range(80_000))
            + "</msRun></mzXML>"
        ),
    ),
}


@pytest.mark.parametrize("name", list(CASES))
def test_a_large_hostile_file_stays_within_its_memory(tmp_path: Path, name: str) -> None:
    format_name, make = CASES[name]
    content = make()
    path = tmp_path / "file"
    path.write_bytes(content.encode("latin-1") if isinstance(content, str) else content)
    del content
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        outcome: Outcome = pool.submit(probe, format_name, path, CPU_SECONDS).result()
    assert outcome.failure is None
    assert outcome.was_read or outcome.reason
