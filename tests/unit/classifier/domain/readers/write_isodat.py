"""A writer of small Isodat continuous-flow files: the parts that are read, between bytes that are not."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Rows = Sequence[tuple[float, Sequence[float]]]
Cell = tuple[str, str, str, str, str, float | int | str]


@dataclass(frozen=True)
class Peak:
    """One peak: number, gas, times in s, amplitude and background in mV, area in mVs of its first mass, further cells."""

    number: int
    gas: str
    masses: tuple[int, ...]
    start: float
    apex: float
    end: float
    amplitude: float
    area: float
    cells: tuple[Cell, ...] = ()


def text(value: str) -> bytes:
    """A string as Windows class archives hold it."""
    return b"\xff\xfe\xff" + bytes([len(value)]) + value.encode("utf-16-le")


def number(*values: int) -> bytes:
    """Whole numbers of four bytes."""
    return struct.pack(f"<{len(values)}I", *values)


def block(gas: str, rows: Rows) -> bytes:
    """The measured rows of one gas."""
    masses = len(rows[0][1])
    data = b"".join(struct.pack(f"<f{masses}d", time, *volts) for time, volts in rows)
    head = text("") + text("") + number(0, 1, 1) + b"\xd6\x81" + number(1, len(data))
    return head + data + number(len(data), 0) + text("") + number(2, 1, masses, 1, 4) + text(gas) + text("")


def _cell(
    code: str, name: str, form: str, unit: str, scale: str, value: float | int | str, gas: str = ""
) -> bytes:
    told = text("") + text("") + number(0, 7) + text(code) + text(name) + text(form) + text(gas) + text("")
    told += text(unit) + text(scale) + number(0) + text("")
    if isinstance(value, str):
        raw = value.encode("utf-16-le") + b"\0\0"
        return told + number(0, 1, 0, 1, len(raw)) + raw
    raw = struct.pack("<d", value) if isinstance(value, float) else number(value)
    return told + number(0, 1, len(raw)) + raw + b"\0\0" + number(1)


def peak_bytes(peak: Peak) -> bytes:
    """The records of a peak's masses, and its cells."""
    told = b"CGCPeak" + number(2)
    for mass in peak.masses:
        told += number(mass, 2, peak.number, 0x80) + struct.pack("<dd", peak.start, 1.0) + number(0xE2)
        told += struct.pack("<dd", peak.apex, peak.amplitude) + number(0xF0)
        told += struct.pack("<ddd", peak.end, 1.0, peak.area + mass - peak.masses[0]) + b"\0" * 8
    told += _cell("Nr.", "Nr.", "%u", " ", " ", peak.number, peak.gas)
    for place, mass in enumerate(peak.masses, 1):
        told += _cell(
            f"rIntensity{place}",
            f"rIntensity {mass}",
            "%.0f",
            "[mVs]",
            " ",
            peak.area + mass - peak.masses[0],
        )
    told += _cell("Intensity All", "Intensity All", "%.3f", "[Vs]", " ", peak.area / 1000)
    return told + b"".join(_cell(*each) for each in peak.cells)


CARBON = Peak(
    1, "CO2", (44, 45, 46), 2.0, 3.0, 4.5, 700.0, 1500.0,
    (
        ("Is Ref.?", "Is Ref.?", "%u", " ", " ", 0),
        ("Ref. Name", "Ref. Name", "%s", " ", " ", "CO2 tank"),
        ("δ 13C/12C", "δ 13C/12C", "%.3f", "[per mil]", "VPDB", -27.5),
        ("d 17O/16O", "d 17O/16O", "%.3f", " ", " ", 0.5),
    ),
)  # fmt: skip
NITROGEN = Peak(
    1,
    "N2",
    (28, 29),
    0.5,
    1.0,
    1.5,
    300.0,
    400.0,
    (("δ 15N/14N", "δ 15N/14N", "%.3f", "[per mil]", "Air-N2", 1.25),),
)


@dataclass(frozen=True)
class IsodatFile:
    """What the file is to hold."""

    gases: Mapping[str, Rows] = field(
        default_factory=lambda: {
            "CO2": [(2.0, (10.0, 11.0, 12.0)), (3.0, (700.0, 800.0, 900.0)), (4.0, (20.0, 21.0, 22.0))],
            "N2": [(0.5, (1.0, 2.0)), (1.0, (300.0, 2.5))],
        }
    )
    peaks: Sequence[Peak] = (NITROGEN, CARBON)
    line: Mapping[str, str] = field(
        default_factory=lambda: {"Row": "7", "Identifier 1": "SYNTHETIC", "Comment": ""}
    )

    def content(self) -> bytes:
        """The file as newer versions write it (.dxf)."""
        told = _HEAD + text("OrigDataBlock") + text("OrigDataBlock") + number(0, 2, len(self.gases))
        told += b"".join(block(gas, rows) for gas, rows in self.gases.items())
        told += b"CGCPeakList" + number(3) + b"".join(peak_bytes(peak) for peak in self.peaks)
        told += text("DetectorDataBlock") + text("Sequence Line Information")
        told += b"".join(text(value) + text(name) for name, value in self.line.items())
        return told + text("Visualisation Informations")

    def old_content(self) -> bytes:
        """The file as older versions write it (.cf): one gas, its masses behind the rows."""
        gas, rows = next(iter(self.gases.items()))
        masses = next(peak.masses for peak in self.peaks if peak.gas == gas)
        data = b"".join(struct.pack(f"<f{len(masses)}d", time, *volts) for time, volts in rows)
        told = _HEAD + b"CRawDataScanStorage" + number(3) + text("") + text(f"Trace Data {gas}")
        told += b"CBinary" + number(2) + text("") + number(2, len(data)) + data + b"\xaf\x83" + number(2)
        told += b"".join(text(f"Mass {mass}") for mass in masses) + text("else")
        return told + b"CGCPeakList" + number(3) + b"".join(peak_bytes(p) for p in self.peaks if p.gas == gas)


_HEAD = b"\xff\xff\x06\x00\x0b\x00CFileHeader" + bytes(40)


def dual_inlet_content(
    changes: Sequence[tuple[str, int, Sequence[float]]], masses: Sequence[int] = (44, 45)
) -> bytes:
    """A dual-inlet file (.did): names, clocks in ms and voltages of the change-overs, in the order in which they are to stand."""
    told = _HEAD + b"CDualInletRawData" + number(3) + text("Raw")
    for place, (name, clock, volts) in enumerate(changes):
        kind = b"\xff\xff\x06\x00\x0e\x00CIntensityData" if place == 0 else b"\x27\x80"
        told += (
            text(name) + number(0, 2, clock, 0, 2, 1) + kind + number(3) + b"\x2f\x00" + text("") + text("")
        )
        told += number(0, 2, clock, 0, len(volts), len(volts)) + struct.pack(f"<{len(volts)}d", *volts)
    told += b"".join(text(f"Mass {mass}") for mass in masses) + b"CTwoDoublesArrayData"
    return (
        told
        + text("Sequence Line Information")
        + text("158")
        + text("Line")
        + text("Visualisation Informations")
        + text("")
    )
