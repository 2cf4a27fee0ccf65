"""A bundle with spectra is sent in pieces, tells of itself while it measures, and never hides what is damaged (E21, E22)."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from shared.crypto.bundle import BundleRefused, Reader
from shared.crypto.bundle_stream import KeptSpectrum, stream_bundle
from shared.errors import NotFound
from siglab_clients.tlog.encoding import canonical_json
from tests.unit.clients.verify.bundles import ITEM_ID, KEY, ORIGIN, TRUSTED, check_bundle
from tests.unit.clients.verify.test_spectra import BYTES, NAMES, listed, sha256, verified


def pieces(data: bytes) -> Reader:
    return lambda: (data[at : at + 100] for at in range(0, len(data), 100))


def missing() -> Iterator[bytes]:
    raise NotFound("The store has no such object in this version.")


def sent(copies: dict[str, list[Reader]], **over: Any) -> Iterator[bytes]:
    log, events = verified()
    kept = {name: KeptSpectrum(NAMES[name], sha256(BYTES[name]), readers) for name, readers in copies.items()}
    given = {
        "files": {"spectra.json": canonical_json(listed(events))},
        "checkpoint": log.checkpoint(),
        **over,
    }
    return stream_bundle({"id": ITEM_ID}, events, spectra=kept, origin=ORIGIN, key=KEY, **given)


@pytest.mark.rule("E21")
@pytest.mark.parametrize("seconds", [0, 1, 3, 10**6])
def test_however_long_the_measuring_takes_the_bundle_is_the_same(seconds: int) -> None:
    ticks = count(0, seconds)
    copies = {name: [pieces(data)] for name, data in BYTES.items()}
    raw = b"".join(sent(copies, clock=lambda: next(ticks)))
    assert raw == b"".join(sent(copies))
    assert check_bundle(raw, TRUSTED).spectra == ("spec1", "spec2")


def test_a_byte_goes_out_before_the_measuring_ends() -> None:
    asked: list[int] = []

    def slow() -> Iterator[bytes]:
        for at in range(0, len(BYTES["spec1"]), 100):
            asked.append(at)
            yield BYTES["spec1"][at : at + 100]

    ticks = count(0, 3)
    first = next(sent({"spec1": [slow]}, clock=lambda: next(ticks)))
    assert first == b"P" and len(asked) < len(BYTES["spec1"]) // 100


@pytest.mark.rule("E22")
@pytest.mark.parametrize(
    ("readers", "words"),
    [
        ([missing], "The store has no such object in this version. (not_found)"),
        ([pieces(b"other")], f"what is stored has 5 bytes with SHA-256 {sha256(b'other')}"),
        ([missing, pieces(b"other")], "(not_found); a second copy: what is stored has 5 bytes"),
        ([], "no record says where it is stored"),
    ],
)
def test_a_spectrum_that_cannot_be_given_is_told_and_the_bundle_does_not_verify(
    readers: list[Reader], words: str
) -> None:
    raw = b"".join(sent({"spec1": readers, "spec2": [pieces(BYTES["spec2"])]}))
    verdict = check_bundle(raw, TRUSTED)
    [finding] = verdict.findings
    assert finding.where == f"spectra/spec1 ({NAMES['spec1']})" and words in finding.message
    assert finding.code == "spectrum_not_given" and verdict.spectra == ("spec2",)


def test_a_right_copy_is_looked_for() -> None:
    raw = b"".join(sent({"spec1": [missing, pieces(b"other"), pieces(BYTES["spec1"])]}))
    verdict = check_bundle(raw, TRUSTED)
    assert verdict.ok and verdict.spectra == ("spec1",)
    assert verdict.notes == (f"the bytes of the spectrum spec2 ({NAMES['spec2']}) are not in the bundle",)


def test_what_would_not_verify_anyway_is_refused_before_a_byte_is_sent() -> None:
    log, _ = verified()
    log.add(b"one more")
    with pytest.raises(BundleRefused):
        sent({}, checkpoint=log.checkpoint())


def test_bytes_that_change_after_they_were_measured_break_the_bundle_off() -> None:
    answers = [BYTES["spec1"], b"x" * len(BYTES["spec1"])]
    with pytest.raises(BundleRefused, match="changed while it was sent"):
        list(sent({"spec1": [lambda: [answers.pop(0)]]}))
