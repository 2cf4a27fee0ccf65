"""A bundle that was damaged in storage or on the way: what is said of it is true, and names the file (E21)."""

import io
import random
import re
import zipfile
from functools import cache
from itertools import accumulate, pairwise
from typing import BinaryIO

import pytest

from siglab_clients.tlog.encoding import canonical_json
from siglab_clients.verify import unpack
from siglab_clients.verify.check_bundle import check_bundle
from siglab_clients.verify.container import LOCAL, Stored, frame, pack
from siglab_clients.verify.findings import Finding
from tests.unit.clients.verify.bundles import ITEM_ID, TRUSTED, contents, signed
from tests.unit.clients.verify.test_lineage import OTHER, PARENT, divided

#: What may only be said of what is so: that something is missing, was added, is in another order or of another item.
CLAIMS = {
    "missing",
    "added",
    "order",
    "foreign_event",
    "lineage",
    "item",
    "witness",
    "manifest",
    "checkpoint",
    "timestamp",
}


@cache
def whole() -> tuple[bytes, dict[str, bytes]]:
    """A bundle with a file of every kind that a check looks into, and its files."""
    log, histories = divided(composite=True)
    files = contents(histories[ITEM_ID], log.checkpoint())
    for name in (PARENT, OTHER):
        files[f"lineage/{name}.jsonl"] = b"".join(row.line() for row in histories[name])
    files |= {"spectra.json": canonical_json([]), "timestamps/1.tsr": b"not looked into without an authority"}
    files = signed(files)
    return pack(files), files


def places() -> dict[str, tuple[int, int]]:
    """Where each file's bytes stand in the bundle."""
    raw, files = whole()
    heads, _ = frame({name: Stored.of(data) for name, data in files.items()})
    found, at = {}, 0
    for name, head in heads:
        found[name] = (at + len(head), at + len(head) + len(files[name]))
        at = found[name][1]
    assert all(raw[a:b] == files[name] for name, (a, b) in found.items())
    return found


def flipped(at: int, bit: int) -> bytes:
    changed = bytearray(whole()[0])
    changed[at] ^= 1 << bit
    return bytes(changed)


def findings(raw: bytes) -> tuple[Finding, ...]:
    verdict = check_bundle(raw, TRUSTED)
    assert not verdict.ok
    return verdict.findings


def test_the_bundle_holds_before() -> None:
    assert check_bundle(whole()[0], TRUSTED).findings == ()


@pytest.mark.rule("E21")
@pytest.mark.parametrize("name", sorted(places()))
def test_a_wrong_bit_in_a_file_is_told_of_that_file_alone(name: str) -> None:
    first, upto = places()[name]
    chance = random.Random(name)
    for at in {first, upto - 1, *chance.sample(range(first, upto), min(80, upto - first))}:
        found = findings(flipped(at, chance.randrange(8)))
        told = [finding for finding in found if finding.where == name and "CRC-32" in finding.message]
        assert [finding.code for finding in told] == ["damaged"], (at, found)
        assert all(finding.where.startswith(name) for finding in found), (at, found)
        assert not {finding.code for finding in found} & CLAIMS, (at, found)


@pytest.mark.rule("E21")
def test_the_first_event_that_does_not_hold_is_named_all_the_same() -> None:
    first, _ = places()["events.jsonl"]
    at = whole()[0].index(b'"actor":"custodian"', first) + 12
    event = check_bundle(flipped(at, 0), TRUSTED).first_event
    assert event is not None and (event.file, event.line) == ("events.jsonl", 1)


@pytest.mark.rule("E21")
def test_a_wrong_bit_in_the_zip_files_own_bytes_is_told_of_these_alone() -> None:
    """Headers, directory and end: every byte, and no word of a file that is not so."""
    raw, files = whole()
    own = {at for first, upto in places().values() for at in range(first, upto)}
    ends = sorted(upto for _, upto in places().values())
    names = sorted(files)
    listed = dict(zip(names, accumulate((46 + len(name) for name in names), initial=ends[-1]), strict=False))
    listed = {name: begin + 46 + len(name) for name, begin in listed.items()}
    chance = random.Random(3)
    for at in sorted(set(range(len(raw))) - own):
        found = findings(flipped(at, chance.randrange(8)))
        assert {finding.where for finding in found} == {"bundle"}, (at, found)
        (finding,) = found
        if at < ends[-1]:
            name = names[sum(end <= at for end in ends)]
            assert finding.message.endswith(f"the header before {name}"), (at, found)
        elif at < len(raw) - 22:
            name = next(name for name, upto in listed.items() if at < upto)
            assert finding.message.endswith(f"what the directory at its end says of {name}"), (at, found)
        else:
            assert (
                "its last bytes, the end of the directory" in finding.message
                or "does not end" in finding.message
            )


def test_the_entry_of_the_directory_is_named() -> None:
    raw = whole()[0]
    at = raw.index(b"events.jsonl", places()["timestamps/1.tsr"][1])
    for change in (at, at - 30, at - 8, at - 4, at - 46 + 20):
        (finding,) = findings(flipped(change, 0))
        assert finding.message.endswith("what the directory at its end says of events.jsonl"), (
            change - at,
            finding,
        )


@pytest.mark.rule("E21")
def test_a_bundle_that_is_cut_off_says_in_which_file() -> None:
    raw, files = whole()
    spans = places()
    lengths = {0, 3, 10, len(raw) - 1, len(raw) - 21, len(raw) - 60, *range(7, len(raw), 53)}
    for length in sorted(lengths):
        (finding,) = findings(raw[:length])
        assert finding.where == "bundle" and finding.code == "container"
        cut = re.search(r"cut off inside (\S+), of which (\d+) of (\d+) bytes are there$", finding.message)
        inside = [name for name, (first, upto) in spans.items() if first <= length < upto]
        if inside:
            first, upto = spans[inside[0]]
            assert cut is not None, (length, finding)
            assert (cut[1], int(cut[2]), int(cut[3])) == (inside[0], length - first, upto - first)
        else:
            assert cut is None or cut[2] == "0", (length, finding)
    assert (
        f"its {len(files)} files are there, and the directory behind them is cut off"
        in findings(raw[:-30])[0].message
    )


def test_what_stands_in_the_place_of_a_size_is_settled_by_the_bytes() -> None:
    """Sizes, checksums and names of a header and of the directory, each in its turn: the other one is followed."""
    heads = [upto for _, upto in sorted(places().values())]
    for before, _ in pairwise([0, *heads]):
        for offset in range(14, LOCAL.size):
            verdict = check_bundle(flipped(before + offset, 1), TRUSTED)
            assert verdict.events == 2 and verdict.item_id == ITEM_ID and verdict.checkpoint is not None
            assert len(verdict.findings) == 1


def test_a_compressed_file_is_not_said_to_be_missing() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in sorted(whole()[1].items()):
            archive.writestr(
                name, data, zipfile.ZIP_DEFLATED if name in ("events.jsonl", "manifest") else None
            )
    found = findings(out.getvalue())
    assert {finding.where for finding in found} == {"events.jsonl", "manifest", "bundle"}
    assert not {finding.code for finding in found} & CLAIMS


def test_a_file_whose_headers_all_disagree_is_not_read_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thousand names for the same bytes, each with another checksum than its header: what is read is bounded."""
    raw = pack({"a": bytes(50_000)})
    at = raw.rindex(b"PK\x01\x02")
    entry = bytearray(raw[at:-22])
    entry[16:20] = b"\1\2\3\4"
    listed = bytes(entry) * 2000
    end = bytearray(raw[-22:])
    end[8:12] = (2000).to_bytes(2, "little") * 2
    end[12:16] = len(listed).to_bytes(4, "little")
    header = bytearray(raw[:at])
    header[14:18] = b"\4\3\2\1"
    read = 0
    checksum = unpack._checksum

    def counted(source: BinaryIO, at: int, size: int) -> int:
        nonlocal read
        read += size
        return checksum(source, at, size)

    monkeypatch.setattr(unpack, "_checksum", counted)
    whole = bytes(header) + listed + bytes(end)
    assert "claim to be larger" in findings(whole)[0].message
    assert 0 < read <= 8 * len(whole)
