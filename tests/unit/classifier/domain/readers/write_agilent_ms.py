"""A writer of small Agilent mass-spectral files (DATA.MS)."""

import struct
from collections.abc import Sequence

Scan = tuple[int, Sequence[tuple[int, int]], int]
#: Time in ms, pairs of mass (in twentieths) and coded intensity as stored (the heaviest first), total ion current.
SCANS: list[Scan] = [
    (60_000, [(1462, 0xFFFF), (1420, 0x4001)], 8_400_000),
    (60_500, [], 7),
    (61_000, [(1421, 0x0005)], 5),
]


def agilent_ms_bytes(
    scans: Sequence[Scan] = SCANS, kind: bytes = b"GC / MS DATA FILE", start: int = 0x400
) -> bytes:
    """The file: head, scans, and the index of scans that follows them."""
    body, index = b"", b""
    for time_ms, pairs, total in scans:
        index += struct.pack(">III", (start + len(body)) // 2 + 1, time_ms, total)
        words = (18 + 4 * len(pairs) + 10) // 2
        top = max((coded for _, coded in pairs), default=0)
        body += struct.pack(">HIHHHHHH", words, time_ms, words - 8, 1, 0, len(pairs), 0, top)
        body += b"".join(struct.pack(">HH", mass, coded) for mass, coded in pairs)
        body += struct.pack(">HHHI", 5, 4, 0, total)
    head = bytearray(start)
    head[:4] = b"\x012\x00\x00"
    for place, text in ((0x04, kind), (0x18, b"SYNTHETIC"), (0xB2, b"1 Jan 26"), (0xE4, b"HEROIN.M")):
        head[place : place + 1 + len(text)] = bytes([len(text)]) + text
    struct.pack_into(">I", head, 0x104, (start + len(body)) // 2 + 1)
    struct.pack_into(">H", head, 0x10A, start // 2 + 1)
    struct.pack_into(">I", head, 0x116, len(scans))
    struct.pack_into("<H", head, 0x142, len(scans))
    return bytes(head) + body + index
