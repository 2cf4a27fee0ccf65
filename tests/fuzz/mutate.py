"""Mutations of files: what transport, disks, half-written exports and people with bad intentions do to them."""

import io
import random
import re
import struct
import zipfile
from collections.abc import Mapping

_EXTREMES = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    2**63 - 1,
    2**64 - 1,
)
_NUMBERS = [*b"0 -1 1e308 -1e308 1e-320 nan inf 99999999999999999999 2147483648 1,5 1.5.5".split(), b""]
_NUMBER = re.compile(rb"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
_LONGEST_PART = 4096
_WINDOW = 65_536


def mutate(content: bytes, other: bytes, dice: random.Random) -> bytes:
    """One to four mutations of `content`, or of one member where it is an archive; `other` is a file to splice parts from."""
    if content.startswith(b"PK\x03\x04") and dice.random() < 0.6:
        return _mutate_member(content, other, dice)
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 4))):
        content = dice.choice(_MUTATIONS)(content, other, dice)
    return content


def _place(content: bytes, dice: random.Random) -> int:
    """Anywhere, but half of the time in the first kilobytes, where headers are."""
    most = len(content) - 1
    return dice.randint(0, max(0, min(most, 4096) if dice.random() < 0.5 else most))


def _part(content: bytes, dice: random.Random) -> bytes:
    start = _place(content, dice)
    return content[start : start + dice.randint(1, dice.choice((8, 64, _LONGEST_PART)))]


def _flip_bits(content: bytes, other: bytes, dice: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(dice.choice((1, 1, 4, 32))):
        if changed:
            changed[_place(content, dice)] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _set_byte(content: bytes, other: bytes, dice: random.Random) -> bytes:
    at = _place(content, dice)
    return (
        content[:at]
        + bytes([dice.choice((0, 0xFF, 0x80, 0x20, 0x0A, dice.randrange(256)))])
        + content[at + 1 :]
    )


def _truncate(content: bytes, other: bytes, dice: random.Random) -> bytes:
    if dice.random() < 0.3:
        return content[_place(content, dice) :]
    return content[: _place(content, dice)]


def _insert(content: bytes, other: bytes, dice: random.Random) -> bytes:
    at = _place(content, dice)
    new = dice.choice(
        (dice.randbytes(dice.randint(1, 64)), bytes(dice.randint(1, 512)), b"\xff" * dice.randint(1, 512))
    )
    return content[:at] + new + content[at:]


def _delete(content: bytes, other: bytes, dice: random.Random) -> bytes:
    at = _place(content, dice)
    return content[:at] + content[at + dice.choice((1, 2, 4, 8, dice.randint(1, _LONGEST_PART))) :]


def _repeat(content: bytes, other: bytes, dice: random.Random) -> bytes:
    part, at = _part(content, dice), _place(content, dice)
    return content[:at] + part * dice.choice((1, 2, 10, 50)) + content[at:]


def _splice(content: bytes, other: bytes, dice: random.Random) -> bytes:
    part, at = _part(other, dice), _place(content, dice)
    return content[:at] + part + content[at + (len(part) if dice.random() < 0.5 else 0) :]


def _length_field(content: bytes, other: bytes, dice: random.Random) -> bytes:
    size = dice.choice((2, 4, 4, 4, 8))
    value = dice.choice(
        (*_EXTREMES, len(content), len(content) - 1, len(content) + 1, dice.getrandbits(32))
    ) % 2 ** (8 * size)
    at = _place(content, dice) & (~3 if dice.random() < 0.7 else ~0)
    return content[:at] + value.to_bytes(size, dice.choice(("little", "big"))) + content[at + size :]


def _not_a_number(content: bytes, other: bytes, dice: random.Random) -> bytes:
    value = dice.choice((float("nan"), float("inf"), -1e308, 5e-324, 0.0, 1e300))
    kind = dice.choice(("<d", ">d", "<f", ">f"))
    raw = struct.pack(kind, max(-3e38, min(3e38, value)) if kind[1] == "f" and abs(value) < 1e309 else value)
    at = _place(content, dice) & ~3
    return content[:at] + raw + content[at + len(raw) :]


def _number_in_text(content: bytes, other: bytes, dice: random.Random) -> bytes:
    at = _place(content, dice)
    found = _NUMBER.search(content, at, at + _WINDOW)
    if found is None:
        return _set_byte(content, other, dice)
    return content[: found.start()] + dice.choice(_NUMBERS) + content[found.end() :]


def _move_line(content: bytes, other: bytes, dice: random.Random) -> bytes:
    start = content.find(b"\n", _place(content, dice)) + 1
    end = content.find(b"\n", start) + 1
    if not 0 < start < end:
        return _delete(content, other, dice)
    line, rest = content[start:end], content[:start] + content[end:]
    at = rest.find(b"\n", _place(rest, dice)) + 1 if dice.random() < 0.7 else 0
    return rest[:at] + line * dice.choice((1, 1, 2, 20)) + rest[at:]


_MUTATIONS = (
    _flip_bits, _set_byte, _truncate, _insert, _delete, _repeat, _splice, _length_field, _length_field, _not_a_number,
    _number_in_text, _number_in_text, _move_line,
)  # fmt: skip


def pack(members: Mapping[str, bytes]) -> bytes:
    """An archive of the members that is the same whenever it is made."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return target.getvalue()


def _mutate_member(content: bytes, other: bytes, dice: random.Random) -> bytes:
    """The archive packed anew with one member mutated, so that the mutation does not fail at the checksum."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    chosen = dice.choice(list(members))
    for _ in range(dice.choice((1, 1, 2, 4))):
        members[chosen] = dice.choice(_MUTATIONS)(members[chosen], other, dice)
    return pack(members)
