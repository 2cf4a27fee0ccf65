"""Tricks with the zip file of a bundle, and garbage (E21)."""

import io
import random
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siglab_clients.verify.check_bundle import check_bundle
from siglab_clients.verify.container import pack
from tests.unit.clients.verify.bundles import TRUSTED, bundle, good_files, said


def test_every_changed_byte_of_the_zip_file_is_found() -> None:
    raw = bundle()
    chance = random.Random(6)
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1 << chance.randrange(8)
        assert not check_bundle(bytes(changed), TRUSTED).ok, place


def _repacked(method: int = zipfile.ZIP_STORED, twice: str = "", comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    files = good_files()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        if twice:
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr(twice, files[twice])
        archive.comment = comment
    return out.getvalue()


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("events.jsonl", bytes(64 << 20))
    return out.getvalue()


def _overlapping() -> bytes:
    """Many names for the same stored bytes, the trick of bombs that need no compression."""
    raw = bytearray(pack({"a": bytes(100_000)}))
    at = raw.rindex(b"PK\x01\x02")
    entry = bytes(raw[at:-22])
    listed = b"".join(entry[:-1] + bytes([letter]) for letter in b"abcdefgh")
    end = bytearray(raw[-22:])
    end[8:12] = b"\x08\0\x08\0"
    end[12:16] = len(listed).to_bytes(4, "little")
    return bytes(raw[:at]) + listed + bytes(end)


CONTAINERS = {
    "packed again": (lambda: _repacked(), "bundle: the zip file is not as it was written"),
    "compressed": (lambda: _repacked(zipfile.ZIP_DEFLATED), "compressed or encrypted"),
    "bzip2": (lambda: _repacked(zipfile.ZIP_BZIP2), "compressed or encrypted"),
    "lzma": (lambda: _repacked(zipfile.ZIP_LZMA), "compressed or encrypted"),
    "name twice": (lambda: _repacked(twice="item.json"), "item.json: the zip file holds this name twice"),
    "comment": (lambda: _repacked(comment=b"hello"), "does not end as a zip file without comment"),
    "data behind": (lambda: bundle() + b"x", "does not end as a zip file without comment"),
    "data before": (lambda: b"x" + bundle(), "bundle: the zip file is not as it was written"),
    "bomb": (_bomb, "compressed or encrypted"),
    "overlapping": (_overlapping, "claim to be larger than the zip file itself"),
    "cut off": (lambda: bundle()[:-30], "does not end as a zip file"),
    "not a zip": (lambda: b"not a zip", "does not end as a zip file"),
    "empty": (lambda: b"", "does not end as a zip file"),
    "end only": (lambda: b"PK\x05\x06" + bytes(18), "manifest: the file is missing"),
    "too many files": (lambda: b"PK\x05\x06" + b"\xff" * 16 + b"\0\0", "holds more than"),
    "traversal": (lambda: pack({**good_files(), "../x": b""}), "this is no name for a file of a bundle"),
    "folder": (lambda: pack({**good_files(), "x/": b""}), "this is no name for a file of a bundle"),
}


@pytest.mark.rule("E21")
@pytest.mark.parametrize("name", CONTAINERS)
def test_tricks_with_the_zip_file_are_found(name: str) -> None:
    make, message = CONTAINERS[name]
    assert message in said(make())


@given(st.binary(max_size=300))
def test_garbage_is_refused_in_a_sentence(raw: bytes) -> None:
    assert not check_bundle(raw, TRUSTED).ok
    assert not check_bundle(raw + b"PK\x05\x06" + bytes(18), TRUSTED).ok


@settings(max_examples=60)
@given(st.data())
def test_damaged_bundles_are_refused_in_a_sentence(data: st.DataObject) -> None:
    raw = bytearray(bundle())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=30))
    if bytes(raw) != bundle():
        assert not check_bundle(bytes(raw), TRUSTED).ok
