"""Write Agilent `.ch` files of each layout that the reader knows: signals that nobody measured, for tests and demonstrations."""

import struct
from collections.abc import Sequence

VERSIONS = (8, 30, 81, 130, 179, 181)


def agilent_ch_bytes(
    version: int,
    counts: Sequence[int],
    *,
    first_ms: int = 0,
    step_ms: int = 200,
    scale: float = 0.5,
    intercept: float = 0.0,
    sample: str = "SYNTHETIC",
    unit: str = "pA",
    kind: str = "GC",
) -> bytes:
    """A file whose signal is `counts` x `scale` + `intercept`, one value each `step_ms` from `first_ms` on."""
    old = version < 100
    size = {8: 1024, 30: 1024, 81: 1024}.get(version, 6144)
    head = bytearray(size)
    _pascal(head, 0, str(version), 1)
    places = (
        {4: f"{kind} DATA FILE", 24: sample, 580: unit}
        if old
        else {326: str(version), 347: f"{kind} DATA FILE", 858: sample, 4172: unit}
    )
    for place, text in places.items():
        _pascal(head, place, text, 1 if old else 2)
    if version == 179:
        struct.pack_into(">i", head, 0x116, len(counts))
    struct.pack_into(">i", head, 0x108, size // 512 + 1)
    last_ms = first_ms + step_ms * (len(counts) - 1)
    struct.pack_into(">2i" if version in (8, 30, 130) else ">2f", head, 0x11A, first_ms, last_ms)
    struct.pack_into(">d", head, 644 if old else 4732, scale)
    struct.pack_into(">d", head, 636 if old else 4724, intercept)
    body = {8: _segments, 30: _segments, 130: _segments, 179: _plain}.get(version, _stream)(counts)
    return bytes(head) + body + (b"\x00\x00" if version == 181 else b"")


def _pascal(head: bytearray, place: int, text: str, width: int) -> None:
    raw = bytes([len(text)]) + text.encode("utf-16-le" if width == 2 else "latin-1")
    head[place : place + len(raw)] = raw


def _segments(counts: Sequence[int]) -> bytes:
    body, before = bytearray(), 0
    for start in range(0, len(counts), 25):
        part = counts[start : start + 25]
        body += bytes([0x10, len(part)])
        for value in part:
            step = value - before
            body += struct.pack(">h", step) if abs(step) < 0x8000 else struct.pack(">hi", -0x8000, value)
            before = value
    return bytes(body) + b"\x00\x00"


def _stream(counts: Sequence[int]) -> bytes:
    body, before, slope = bytearray(), 0, 0
    for place, value in enumerate(counts):
        bend = value - before - slope
        if place and abs(bend) < 0x7FFF:
            body += struct.pack(">h", bend)
            slope += bend
        else:
            body += struct.pack(">hhI", 0x7FFF, value >> 32, value & 0xFFFFFFFF)
            slope = 0
        before = value
    return bytes(body)


def _plain(counts: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(counts)}d", *counts)
