"""Whatever is done to a bundle, the verifier answers in words and accepts nothing that matters changed (E21)."""

import hashlib
import io
import json
from functools import partial
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.crypto import ledger
from siglab_clients.tlog.cosignatures import cosign, witness_key
from siglab_clients.tlog.encoding import canonical_json
from siglab_clients.tlog.errors import EncodingError
from siglab_clients.verify.cli import as_json, as_text
from siglab_clients.verify.container import pack
from siglab_clients.verify.findings import Verdict
from siglab_clients.verify.timestamps import TimestampError, check_timestamp
from tests.authority import NEEDS_OPENSSL, Authority, make_authority
from tests.unit.clients.verify.bundles import (
    ITEM_ID,
    KEY,
    TRUSTED,
    Log,
    ProvedEvent,
    check_bundle,
    contents,
    item_events,
    prove,
    signed,
)

pytestmark = pytest.mark.rule("E21")

WITNESS = witness_key("w.example/one", KEY)
SPECTRUM = b"CDF\x01 a run of an instrument"
SHA256 = hashlib.sha256(SPECTRUM).hexdigest()
quick = settings(max_examples=60, deadline=None, database=None)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-9, 9) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def whole() -> dict[str, bytes]:
    """Every kind of file that a bundle may hold, but for the manifest: a composite with two spectra, cosigned."""
    parents = {name: item_events(3, name) for name in ("parent1", "parent2")}
    parts = [
        {"item_id": name, "parent_event_sha256": ledger.event_digest(rows[-1])}
        for name, rows in parents.items()
    ]
    own = [{**item_events(1)[0], "type": "composite_made", "details": {"parts": parts}}]
    for number, kind in enumerate(("spectrum_stored", "spectrum_verified", "weighed"), 2):
        details: dict[str, Any] = {"spectrum_id": "spec1", "filename": "run.cdf"}
        if kind == "spectrum_verified":
            details = {"spectrum_id": "spec1", "sha256": SHA256, "size": len(SPECTRUM)}
        own.append(
            {
                **item_events(2)[1],
                "sequence": number,
                "type": kind,
                "details": details,
                "previous": ledger.event_digest(own[-1]),
            }
        )
        record = own[-1]
        if kind == "weighed":
            digest = ledger.event_digest(record)
            record["signatures"] = [{"name": "Clara", "record_sha256": digest}]
    log = Log()
    placed: dict[str, list[ProvedEvent]] = {}
    for name, rows in {**parents, ITEM_ID: own}.items():
        log.add(b"a stranger's entry")
        events = []
        for event in rows:
            entry = ledger.commitment_entry(event, bytes(32))
            events.append(ProvedEvent(log.add(entry), entry, bytes(32), event, ()))
        placed[name] = events
    proved = {name: prove(log, rows) for name, rows in placed.items()}
    note = log.checkpoint()
    text = note.rpartition("\n\n")[0] + "\n"
    files = contents(proved[ITEM_ID], note + cosign(text, WITNESS.name, KEY, 1_800_000_000))
    for name in parents:
        files[f"lineage/{name}.jsonl"] = b"".join(row.line() for row in proved[name])
    row = {"id": "spec1", "filename": "run.cdf", "size": len(SPECTRUM), "sha256": SHA256}
    files["spectra.json"] = canonical_json([{**row, "index": proved[ITEM_ID][2].index}])
    files["spectra/spec1"] = SPECTRUM
    return files


FILES = whole()
WHOLE = pack(signed(FILES))
#: What proves something: the rest is words for people, and `item.json` says only whose bundle it is.
PROVING = sorted(set(FILES) - {"README.txt", "item.json"})


def judged(raw: bytes) -> Verdict:
    """The verdict, which can be said in words and in JSON whatever the bundle held."""
    verdict = check_bundle(io.BytesIO(raw), TRUSTED, witnesses=[WITNESS])
    assert as_text(verdict) and json.loads(json.dumps(as_json(verdict)))["ok"] is verdict.ok
    for finding in verdict.findings:
        assert finding.where and finding.message and "\n" not in str(finding)
    return verdict


def test_the_whole_bundle_holds() -> None:
    verdict = judged(WHOLE)
    assert verdict.ok and verdict.spectra == ("spec1",) and len(verdict.lineage) == 2


def _edit(data: st.DataObject, raw: bytes) -> bytes:
    """The bytes with something done to them."""
    at = data.draw(st.integers(0, max(0, len(raw) - 1)))
    upto = data.draw(st.integers(at, min(len(raw), at + 40)))
    between = data.draw(st.binary(max_size=40) | st.just(raw[upto : upto + 30]))
    return raw[:at] + between + raw[upto:]


@quick
@given(st.data())
def test_a_changed_file_of_a_bundle_is_refused(data: st.DataObject) -> None:
    raw = _edit(data, WHOLE)
    assume(raw != WHOLE)
    assert not judged(raw).ok


@quick
@given(st.data(), st.sampled_from(PROVING))
def test_a_change_that_the_laboratory_signs_is_refused_and_the_file_is_named(
    data: st.DataObject, name: str
) -> None:
    """The manifest fits, and so does the zip file: what is changed is found for what it is."""
    changed = _edit(data, FILES[name])
    assume(changed != FILES[name])
    verdict = judged(pack(signed({**FILES, name: changed})))
    assert not verdict.ok
    assert any(finding.where.startswith((name, name.split("/")[0])) for finding in verdict.findings)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *[place for key, part in inner for place in _places(part, (*path, key))]]


def _put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _put(value[path[0]], path[1:], new)
    return copy


@quick
@given(st.data(), st.sampled_from([name for name in PROVING if name.endswith(".jsonl")]), JSON)
def test_any_value_in_any_place_of_a_history_is_refused_and_the_line_is_named(
    data: st.DataObject, name: str, new: Any
) -> None:
    lines = FILES[name].splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    row = json.loads(lines[number])
    changed = _put(row, data.draw(st.sampled_from(_places(row))), new)
    try:
        lines[number] = canonical_json(changed)
    except EncodingError:
        assume(False)
    assume(changed != row)
    raw = b"".join(line + b"\n" for line in lines)
    verdict = judged(pack(signed({**FILES, name: raw})))
    assert not verdict.ok
    assert any(
        finding.event is not None and (finding.event.file, finding.event.line) == (name, number + 1)
        for finding in verdict.findings
    )


@quick
@given(st.data(), st.sampled_from(["spectra.json", "damaged.json"]), JSON)
def test_any_value_in_a_list_of_spectra_is_refused(data: st.DataObject, name: str, new: Any) -> None:
    rows = json.loads(FILES["spectra.json"])
    changed = new if name == "damaged.json" else _put(rows, data.draw(st.sampled_from(_places(rows))), new)
    try:
        raw = canonical_json(changed)
    except EncodingError:
        assume(False)
    assume(raw != FILES["spectra.json"])
    verdict = judged(pack(signed({**FILES, name: raw})))
    assert not verdict.ok and any(finding.where.startswith(name) for finding in verdict.findings)


@quick
@given(
    st.dictionaries(st.sampled_from([*FILES, "lineage/x.jsonl", "timestamps/1.tsr"]), st.binary(max_size=60))
)
def test_rubbish_in_any_file_gives_an_answer(rubbish: dict[str, bytes]) -> None:
    judged(pack(signed({**FILES, **rubbish})))
    judged(pack({**signed(FILES), **rubbish}))


@quick
@given(st.sets(st.sampled_from(PROVING), min_size=1))
def test_files_that_are_left_out_are_missed(names: set[str]) -> None:
    """But for spectra and their list, and histories of ancestors: they may be left out, which is then told."""
    files = {name: data for name, data in FILES.items() if name not in names}
    verdict = judged(pack(signed(files)))
    if names & {"events.jsonl", "checkpoint"}:
        assert not verdict.ok
    for name in names - {"spectra.json", "spectra/spec1", "events.jsonl", "checkpoint"}:
        assert not verdict.ok or any(name[8:-6] in note for note in verdict.notes)
    assert not judged(pack({name: data for name, data in signed(FILES).items() if name not in names})).ok


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stamp(authority: Authority) -> bytes:
    return authority.stamp(FILES["checkpoint"])


@pytest.mark.rule("E20")
@NEEDS_OPENSSL
@settings(max_examples=200, deadline=None, database=None)
@given(data=st.data())
def test_a_changed_time_stamp_is_refused_or_says_what_it_said(
    data: st.DataObject, authority: Authority, stamp: bytes
) -> None:
    """Words of status and spare certificates are signed by nobody; whatever they become, the time does not."""
    check = partial(check_timestamp, data=FILES["checkpoint"], roots=[authority.root.certificate])
    try:
        found = check(_edit(data, stamp))
    except TimestampError:
        return
    assert found == check(stamp)
