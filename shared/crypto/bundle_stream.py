"""Sends a bundle together with the bytes of the item's spectra, which may be gigabytes, without holding them.

A zip file says each file's checksum before its bytes, so that every spectrum is read twice: once to be measured and held against
the digest that was verified, once to be sent. Meanwhile the bundle's first bytes, which are always the same, go out one at
a time: whoever waits for the bundle hears that it is coming.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from shared.crypto.bundle import ProvedEvent, Reader, lead_in, make_bundle
from shared.errors import DomainError
from siglab_clients.tlog.encoding import canonical_json
from siglab_clients.verify.container import Measure, Stored
from siglab_clients.verify.spectra import DAMAGED

log = structlog.get_logger(__name__)

#: Seconds of measuring after which one more byte is sent.
_BEAT = 5.0


@dataclass(frozen=True)
class KeptSpectrum:
    """A spectrum by its verified digest, with readers of its copies, the one to be preferred first."""

    filename: str
    sha256: str
    copies: Sequence[Reader]


@dataclass(frozen=True)
class _Measured:
    """The first copy whose bytes are right, or else why there is none."""

    stored: Stored | None
    read: Reader | None
    reason: str


def stream_bundle(
    item: Mapping[str, Any],
    events: Sequence[ProvedEvent],
    *,
    spectra: Mapping[str, KeptSpectrum],
    clock: Callable[[], float] = time.monotonic,
    **given: Any,
) -> Iterator[bytes]:
    """The bytes of the bundle of `item` with these spectra; the other arguments are those of `make_bundle`.

    Raises BundleRefused at once where the bundle would not verify even without their bytes. A spectrum of which no copy is
    right is named in `damaged.json` with the reason, and the bundle that says so does not verify. Where the bytes
    change between being measured and being sent, the bundle breaks off.
    """
    make_bundle(item, events, **given)
    return _stream(item, events, spectra, clock, given)


def _stream(
    item: Mapping[str, Any],
    events: Sequence[ProvedEvent],
    spectra: Mapping[str, KeptSpectrum],
    clock: Callable[[], float],
    given: Mapping[str, Any],
) -> Iterator[bytes]:
    lead, sent, last = lead_in(), 0, clock()
    found: dict[str, _Measured] = {}
    for name, spectrum in spectra.items():
        measuring = _measure(spectrum)
        while True:
            try:
                next(measuring)
            except StopIteration as done:
                found[name] = done.value
                break
            # The last byte stays, so that the rest is never empty.
            if clock() - last >= _BEAT and sent < len(lead) - 1:
                yield lead[sent : sent + 1]
                sent, last = sent + 1, clock()
    damaged = [
        {"id": name, "filename": spectra[name].filename, "sha256": spectra[name].sha256, "reason": one.reason}
        for name, one in found.items()
        if one.stored is None
    ]
    if damaged:
        log.error("bundle_tells_of_damaged_spectra", item_id=item["id"], damaged=damaged)
        given = {**given, "files": {**given.get("files", {}), DAMAGED: canonical_json(damaged)}}
    whole = make_bundle(
        item,
        events,
        spectra={name: one.read for name, one in found.items() if one.read is not None},
        measured={name: one.stored for name, one in found.items() if one.stored is not None},
        **given,
    )
    for chunk in whole.chunks():
        yield chunk[sent:]
        sent = max(0, sent - len(chunk))


def _measure(spectrum: KeptSpectrum) -> Generator[None, None, _Measured]:
    """Measures the copies until one is right; gives the word back after each piece that was read."""
    reasons = []
    for read in spectrum.copies:
        measure = Measure()
        try:
            for chunk in read():
                measure.take(chunk)
                yield
        except DomainError as error:
            reasons.append(f"{error.detail} ({error.code})")
            continue
        stored = measure.stored()
        if stored.sha256 == spectrum.sha256:
            return _Measured(stored, read, "")
        reasons.append(f"what is stored has {stored.size} bytes with SHA-256 {stored.sha256}")
    return _Measured(None, None, "; a second copy: ".join(reasons) or "no record says where it is stored")
