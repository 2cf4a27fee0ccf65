"""siglab-verify: every way to tamper with a bundle is a case of its own, with what it says (E21)."""

import io
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.crypto import ledger
from shared.crypto.bundle import BundleRefused, write_bundle
from siglab_clients.tlog.encoding import canonical_json
from siglab_clients.verify.check_bundle import check_bundle
from siglab_clients.verify.container import pack
from tests.unit.clients.verify.bundles import (
    ITEM_ID,
    KEY,
    ORIGIN,
    TRUSTED,
    bundle,
    contents,
    good_files,
    item_events,
    logged,
    prove,
    said,
    signed,
)

Files = dict[str, bytes]


@pytest.mark.rule("E21")
def test_a_bundle_as_custody_writes_it_verifies() -> None:
    log, events = logged(item_events(5))
    raw = write_bundle(
        {"id": ITEM_ID, "number": "S26-000001"},
        events,
        checkpoint=log.checkpoint(),
        origin=ORIGIN,
        key=KEY,
        files={"photographs/01.json": b"{}"},
    )
    verdict = check_bundle(raw, TRUSTED)
    assert verdict.findings == ()
    assert (verdict.item_id, verdict.events) == (ITEM_ID, 5)
    assert verdict.checkpoint is not None
    assert verdict.checkpoint.size == len(log.entries)
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert names == sorted(
        ["README.txt", "checkpoint", "events.jsonl", "item.json", "manifest", "photographs/01.json"]
    )


def test_what_would_not_verify_is_not_written() -> None:
    log, events = logged(item_events(3))
    with pytest.raises(BundleRefused, match="between this event and the one above it"):
        write_bundle(
            {"id": ITEM_ID}, [events[0], events[2]], checkpoint=log.checkpoint(), origin=ORIGIN, key=KEY
        )


# What somebody without the key may do to the files.


def _swap(name: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return change


def _drop(name: str) -> Callable[[Files], None]:
    return lambda files: files.__delitem__(name)


def _add(name: str, data: bytes) -> Callable[[Files], None]:
    return lambda files: files.__setitem__(name, data)


def _drop_line(files: Files) -> None:
    lines = files["events.jsonl"].splitlines(keepends=True)
    files["events.jsonl"] = b"".join(lines[:1] + lines[2:])


def _swap_lines(files: Files) -> None:
    lines = files["events.jsonl"].splitlines(keepends=True)
    files["events.jsonl"] = b"".join([lines[1], lines[0], *lines[2:]])


def _other_checkpoint(files: Files) -> None:
    log, _ = logged(item_events(2))
    files["checkpoint"] = log.checkpoint().encode()


def _own_key(files: Files) -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    log, events = logged(item_events(2))
    files |= signed(contents(events, log.checkpoint(other)), key=other)


STRANGER = {
    "event changed": (
        _swap("events.jsonl", b"custodian", b"custodiam"),
        r"line 1 \(event 1\): the event is not the one",
    ),
    "event left out": (_drop_line, r"line 2 \(event 5\): between this event"),
    "last event left out": (
        lambda files: files.update(
            {"events.jsonl": b"".join(files["events.jsonl"].splitlines(keepends=True)[:-1])}
        ),
        "events.jsonl: the file was changed",
    ),
    "events swapped": (_swap_lines, r"line 2 \(event 1\): the event stands in the log before"),
    "events emptied": (
        _add("events.jsonl", b""),
        "events.jsonl: the file is empty or its last line is cut off",
    ),
    "events cut off": (_swap("events.jsonl", b"}\n", b"}"), "events.jsonl: the file was changed"),
    "salt bit": (
        _swap("events.jsonl", b'AAAA="', b'AAAB="'),
        "line 1: the base64 is not in its canonical form",
    ),
    "white space": (
        _swap("events.jsonl", b'"event":', b'"event": '),
        "line 1: the JSON is not in its canonical form",
    ),
    "proof hash": (
        _swap("events.jsonl", b'"hashes":["', b'"hashes":["A'),
        "line 1: the base64 is not in its canonical form",
    ),
    "no event": (_drop("events.jsonl"), "events.jsonl: the file is missing"),
    "no checkpoint": (_drop("checkpoint"), "checkpoint: the file is missing"),
    "no item": (_drop("item.json"), "item.json: the file is missing"),
    "no manifest": (_drop("manifest"), "manifest: the file is missing"),
    "no read-me": (_drop("README.txt"), "README.txt: the file is missing"),
    "a file more": (_add("note.txt", b"hello"), "note.txt: the manifest does not name this file"),
    "an empty file more": (_add("note.txt", b""), "note.txt: the manifest does not name this file"),
    "read-me changed": (_swap("README.txt", b"read", b"ream"), "README.txt: the file was changed"),
    "item changed": (_swap("item.json", b"S26-000001", b"S26-000002"), "item.json: the file was changed"),
    "item of another id": (
        _swap("item.json", b"0190", b"0191"),
        "item.json: the file describes another item",
    ),
    "item not json": (_add("item.json", b"\xff"), "item.json: the text is not JSON"),
    "checkpoint of another log": (_other_checkpoint, "does not lead to the root|not below the tree's size"),
    "checkpoint grown": (
        _swap("checkpoint", b"\n9\n", b"\n8\n"),
        "checkpoint: the signature of siglab.example/ledger",
    ),
    "checkpoint garbage": (_add("checkpoint", b"\xff\x00"), "checkpoint: the note is not UTF-8"),
    "checkpoint for manifest": (
        lambda files: files.update({"manifest": files["checkpoint"]}),
        "manifest: the manifest is not of the form",
    ),
    "manifest for checkpoint": (
        lambda files: files.update({"checkpoint": files["manifest"]}),
        "checkpoint: the size in the checkpoint is not a number",
    ),
    "manifest with another digest": (
        _swap("manifest", b" 8 README", b" 9 README"),
        "manifest: the signature of siglab.example/ledger does not hold",
    ),
    "manifest signed twice": (
        lambda files: files.update({"manifest": files["manifest"] + files["manifest"].split(b"\n\n")[1]}),
        "manifest: the manifest carries a signature",
    ),
    "all under another key": (_own_key, "manifest: the note is not signed by the key siglab.example/ledger"),
}


@pytest.mark.rule("E21")
@pytest.mark.parametrize("name", STRANGER)
def test_what_a_stranger_may_change_is_found(name: str) -> None:
    change, message = STRANGER[name]
    assert re.search(message, said(bundle(change)))


# What somebody with the key, the laboratory itself, may do: the proofs must still not hold.


def _forged(case: str) -> Files:
    log, events = logged(item_events(4))
    if case == "never logged":
        entry = ledger.commitment_entry({**events[1].event, "actor": "nobody"}, events[1].salt)
        event = {**events[1].event, "actor": "nobody"}
        events[1] = replace(events[1], event=event, entry=entry)
    elif case == "other event for the entry":
        events[1] = replace(events[1], event={**events[1].event, "actor": "nobody"})
    elif case == "other salt":
        events[1] = replace(events[1], salt=bytes(32))
    elif case == "short salt":
        events[1] = replace(events[1], salt=b"")
    elif case == "other index":
        events[1] = replace(events[1], index=events[1].index + 1)
    elif case == "index beyond the log":
        events[3] = replace(events[3], index=10**6)
    elif case == "proof too long":
        events[1] = replace(events[1], hashes=(*events[1].hashes, bytes(32)))
    elif case == "proof too short":
        events[1] = replace(events[1], hashes=events[1].hashes[:-1])
    elif case == "proof of short hashes":
        events[1] = replace(events[1], hashes=(b"short", *events[1].hashes[1:]))
    elif case == "proof without end":
        events[1] = replace(events[1], hashes=(bytes(32),) * 65)
    elif case == "twice the same":
        events.insert(1, events[0])
    elif case == "first left out":
        del events[0]
    elif case == "middle left out":
        del events[2]
    elif case == "other item's event":
        _, others = logged(item_events(4, "0190ffff"))
        events[1] = others[1]
    elif case == "rewritten log":
        log.store.hashes[0, 0] = bytes(32)
        log.entries[0] = b"rewritten"
        log, _ = logged([{**item_events(1)[0], "actor": "nobody"}, *item_events(4)[1:]])
    return signed(contents(events, log.checkpoint()))


FORGERIES = {
    "never logged": r"line 2 \(event 3\): the inclusion proof does not lead to the root",
    "other event for the entry": r"line 2 \(event 3\): the event is not the one that the log entry commits to",
    "other salt": r"line 2 \(event 3\): the event is not the one that the log entry commits to",
    "short salt": r"line 2 \(event 3\): the salt has 0 bytes",
    "other index": r"line 2 \(event 4\): the inclusion proof does not lead to the root",
    "index beyond the log": r"line 4 \(event 1000000\): the index 1000000 is not below the tree's size 9",
    "proof too long": r"line 2 \(event 3\): the inclusion proof is too long",
    "proof too short": r"line 2 \(event 3\): the inclusion proof is too short",
    "proof of short hashes": r"line 2 \(event 3\): a hash of the proof does not have 32 bytes",
    "proof without end": r"line 2: hashes is not a list of a proof's length",
    "twice the same": r"line 2 \(event 1\): the event stands in the log before the one above it",
    "first left out": r"line 1 \(event 3\): the item has an earlier event that the bundle does not hold",
    "middle left out": r"line 3 \(event 7\): the event does not follow upon the one above it",
    "other item's event": r"line 2 \(event 3\): the event belongs to another item",
    "rewritten log": r"line 1 \(event 1\): the inclusion proof does not lead to the root",
}


@pytest.mark.rule("E19")
@pytest.mark.parametrize("case", FORGERIES)
def test_what_the_laboratory_itself_may_forge_is_found(case: str) -> None:
    assert re.search(FORGERIES[case], said(pack(_forged(case))))


def test_every_changed_bit_of_every_file_is_found() -> None:
    """Packed afresh, so that only digests and signatures can tell."""
    files = good_files(2)
    chance = random.Random(5)
    for name, data in files.items():
        places = (
            range(len(data)) if name == "manifest" else chance.sample(range(len(data)), min(60, len(data)))
        )
        for place in places:
            changed = bytearray(data)
            changed[place] ^= 1 << chance.randrange(8)
            verdict = check_bundle(pack({**files, name: bytes(changed)}), TRUSTED)
            assert not verdict.ok, (name, place)
            assert any(finding.where.startswith(name) for finding in verdict.findings), (name, place)


def test_a_log_that_has_grown_needs_new_proofs() -> None:
    log, events = logged(item_events(3))
    log.add(b"one more")
    assert "does not lead to the root" in said(pack(signed(contents(events, log.checkpoint()))))
    assert check_bundle(pack(signed(contents(prove(log, events), log.checkpoint()))), TRUSTED).ok


def test_events_without_links_are_still_proved() -> None:
    bare = [{"item_id": ITEM_ID, "type": "x", "n": n} for n in range(3)]
    log, events = logged(bare)
    assert check_bundle(pack(signed(contents(events, log.checkpoint()))), TRUSTED).ok


def test_a_finding_keeps_to_its_line_and_is_quiet_on_the_terminal() -> None:
    files = good_files()
    del files["manifest"]
    files["item.json"] = canonical_json({"id": "x\n\x1b[31m"})
    text = said(pack(signed(files, item_id="x")))
    assert "\x1b" not in text
