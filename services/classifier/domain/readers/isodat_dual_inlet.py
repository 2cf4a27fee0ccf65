"""The change-overs inside an Isodat dual-inlet file (.did): the mean voltage of every mass, sample and standard in turn."""

import re
import struct

import numpy as np

from services.classifier.domain.dual_inlet import REFERENCE, SAMPLE, DualInlet
from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.isodat_strings import encoded, strings

MARK = b"CDualInletRawData"
MAX_CHANGES = 10_000
_NAME = re.compile(r"(Standard|Sample) (Pre|[0-9]{1,5})")
_MASS = re.compile(r"Mass ([0-9]{1,3})")
_NO_NAME = re.escape(encoded(""))
#: Behind the name: a clock in ms, a class, the clock again, and how many voltages follow, twice.
_VOLTAGES = re.compile(
    rb"\0{4}\x02\0{3}(....)\0{4}\x02\0{3}\x01\0{3}(?:\xff\xff..\x0e\0CIntensityData|..)\x03\0{3}.\0"
    + _NO_NAME + _NO_NAME + rb"\0{4}\x02\0{3}(....)\0{4}(....)(....)", re.DOTALL,
)  # fmt: skip


def dual_inlet_of_isodat(content: bytes, format_name: str, metadata: dict[str, str]) -> DualInlet:
    """Every change-over in the order of its clock. Raises ReaderError where voltages are missing or gases do not alternate."""
    begin = content.find(MARK)
    end = content.find(b"CTwoDoublesArrayData", begin)
    found: list[tuple[int, str, tuple[float, ...]]] = []
    masses: list[str] = []
    for each in strings(content, begin, end if end > 0 else len(content)):
        if mass := _MASS.fullmatch(each.text):
            if mass[1] not in masses:
                masses.append(mass[1])
        elif name := _NAME.fullmatch(each.text):
            found.append(_change(content, each.end, name))
            if len(found) > MAX_CHANGES:
                raise ReaderError(f"the file holds more than {MAX_CHANGES} change-overs")
    if not found:
        raise ReaderError("the file holds no change-over of sample and standard")
    found.sort()
    kinds = [kind for _, kind, _ in found]
    if kinds != [REFERENCE, *[SAMPLE, REFERENCE] * (len(kinds) // 2)]:
        raise ReaderError(
            f"sample and standard do not alternate: {kinds.count(SAMPLE)} of sample, {kinds.count(REFERENCE)} of standard"
        )
    if any(len(volts) != len(masses) for _, _, volts in found):
        raise ReaderError(
            f"the file names {len(masses)} masses, but not every change-over has as many voltages"
        )
    current = np.array([volts for _, _, volts in found], np.float64)[:, :, None]
    if not (np.abs(current) < 1e9).all():
        raise ReaderError("the file holds a voltage that is no number")
    metadata["beams"] = ", ".join(f"m/z {mass}" for mass in masses)
    return DualInlet(
        format_name,
        "",
        "",
        tuple(kinds),
        (1,) * len(kinds),
        current,
        np.full(len(masses), np.nan),
        "mV",
        metadata,
    )


def _change(content: bytes, at: int, name: re.Match[str]) -> tuple[int, str, tuple[float, ...]]:
    head = _VOLTAGES.match(content, at)
    if head is None or head[1] != head[2] or head[3] != head[4]:
        raise ReaderError(f"the change-over {name[0]!r} is damaged")
    (count,) = struct.unpack("<I", head[3])
    if not 0 < count <= 32 or head.end() + 8 * count > len(content):
        raise ReaderError(f"the change-over {name[0]!r} declares {count} voltages")
    (clock,) = struct.unpack("<I", head[1])
    volts = struct.unpack_from(f"<{count}d", content, head.end())
    return clock, SAMPLE if name[1] == "Sample" else REFERENCE, volts
