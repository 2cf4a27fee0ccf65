"""Spectra in a bundle are held against the events that verified them (E21, E22)."""

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from shared.crypto.bundle import BundleRefused, make_bundle
from siglab_clients.tlog.encoding import canonical_json
from siglab_clients.verify.container import pack
from siglab_clients.verify.events import ProvedEvent
from tests.unit.clients.verify.bundles import (
    ITEM_ID,
    KEY,
    ORIGIN,
    TRUSTED,
    Log,
    check_bundle,
    contents,
    item_events,
    logged,
    said,
    signed,
)

BYTES = {"spec1": b"first run" * 999, "spec2": b"second run" * 777}
NAMES = {"spec1": "20261124_01.cdf", "spec2": "20261124_02.cdf"}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def verified() -> tuple[Log, list[ProvedEvent]]:
    """A history in which two spectra were verified."""
    events = item_events(3)
    for event, (spectrum, data) in zip(events[1:], BYTES.items(), strict=True):
        event["type"] = "spectrum_verified"
        event["details"] = {"spectrum_id": spectrum, "sha256": sha256(data), "size": len(data)}
        event["previous"] = hashlib.sha256(canonical_json(events[events.index(event) - 1])).hexdigest()
    return logged(events)


def listed(events: list[ProvedEvent]) -> list[dict[str, Any]]:
    rows = []
    for event in events[1:]:
        details = event.event["details"]
        rows.append(
            {
                "id": details["spectrum_id"],
                "filename": NAMES[details["spectrum_id"]],
                "size": details["size"],
                "sha256": details["sha256"],
                "index": event.index,
            }
        )
    return rows


def halves(data: bytes) -> list[bytes]:
    return [data[:100], data[100:]]


def bundle_of(spectra: Mapping[str, bytes], rows: object = None) -> bytes:
    log, events = verified()
    files = contents(events, log.checkpoint())
    files["spectra.json"] = canonical_json(listed(events) if rows is None else rows)
    return pack(signed({**files, **{f"spectra/{name}": data for name, data in spectra.items()}}))


@pytest.mark.rule("E21")
@pytest.mark.parametrize("names", [[], ["spec1"], ["spec1", "spec2"]])
def test_spectra_that_are_the_verified_ones_hold(names: list[str]) -> None:
    verdict = check_bundle(bundle_of({name: BYTES[name] for name in names}), TRUSTED)
    assert (verdict.findings, verdict.spectra) == ((), tuple(names))


@pytest.mark.rule("E22")
def test_two_swapped_spectra_are_found_by_name() -> None:
    """By whoever holds the log's key and signs a manifest over them."""
    found = said(bundle_of({"spec1": BYTES["spec2"], "spec2": BYTES["spec1"]}))
    for one, other in (("spec1", "spec2"), ("spec2", "spec1")):
        assert (
            f"spectra/{one} ({NAMES[one]}): these are the bytes of the spectrum {other} ({NAMES[other]}): "
            "the two were swapped"
        ) in found


@pytest.mark.rule("E22")
def test_changed_bytes_are_found() -> None:
    assert f"but event 3 verified {sha256(BYTES['spec1'])}" in said(bundle_of({"spec1": b"x"}))


def test_bytes_that_no_event_verified_do_not_belong() -> None:
    assert "no event of the item says that this spectrum was verified" in said(bundle_of({"spec3": b"x"}))


def test_the_list_must_be_what_the_events_say() -> None:
    _, events = verified()
    rows = listed(events)
    assert "spec2 is missing from the list" in said(bundle_of({}, rows[:1]))
    for change in ({"sha256": "0" * 64}, {"size": 1}, {"index": 0}, {"id": "spec9"}):
        assert "is not what the event says that verified it" in said(
            bundle_of({}, [{**rows[0], **change}, rows[1]])
        )
    assert "is not a list of objects" in said(bundle_of({}, [{"id": "spec1"}]))
    assert "is not a list of objects" in said(bundle_of({}, {}))


def test_a_bundle_is_sent_without_being_held() -> None:
    log, events = verified()
    files = {"spectra.json": canonical_json(listed(events))}
    made = make_bundle(
        {"id": ITEM_ID},
        events,
        checkpoint=log.checkpoint(),
        origin=ORIGIN,
        key=KEY,
        files=files,
        spectra={name: partial(halves, data) for name, data in BYTES.items()},
    )
    raw = b"".join(made.chunks())
    assert len(raw) == made.size
    assert check_bundle(raw, TRUSTED).spectra == ("spec1", "spec2")


@pytest.mark.parametrize("later", [b"x" * len(BYTES["spec1"]), b"", BYTES["spec1"] + b"x"])
def test_a_spectrum_that_changes_while_it_is_sent_breaks_the_answer_off(later: bytes) -> None:
    log, events = verified()
    answers = [BYTES["spec1"], later]
    files = {"spectra.json": canonical_json(listed(events))}
    given: dict[str, Any] = {"checkpoint": log.checkpoint(), "origin": ORIGIN, "key": KEY, "files": files}
    made = make_bundle({"id": ITEM_ID}, events, **given, spectra={"spec1": lambda: [answers.pop(0)]})
    with pytest.raises(BundleRefused, match="changed while it was sent"):
        list(made.chunks())
    with pytest.raises(BundleRefused, match="but event 3 verified"):
        make_bundle({"id": ITEM_ID}, events, **given, spectra={"spec1": lambda: [b"other"]})
