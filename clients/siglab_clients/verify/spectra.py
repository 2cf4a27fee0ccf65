"""The files of instruments: their bytes, where they are in the bundle, are those that a proved event verified.

`spectra.json` lists every spectrum of the item with its digest and the event that verified it; `spectra/<id>` holds the
bytes where they were asked for. A spectrum is held against the event in the log, not only against a list. Of spectra that
were asked for and could not be given `damaged.json` says why; such a bundle does not verify.
"""

from collections.abc import Mapping
from typing import Any

from siglab_clients.tlog.encoding import parse_canonical_json
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.verify.container import SPECTRA, Stored
from siglab_clients.verify.events import History, ProvedEvent
from siglab_clients.verify.findings import Finding

LIST = "spectra.json"
DAMAGED = "damaged.json"
STORED, VERIFIED, QUARANTINED = "spectrum_stored", "spectrum_verified", "spectrum_quarantined"
SPECTRUM = "spectrum"
NOT_GIVEN = "spectrum_not_given"

_FIELDS = {"id", "filename", "size", "sha256", "index"}
_DAMAGED_FIELDS = {"id", "filename", "sha256", "reason"}


def check_spectra(
    files: Mapping[str, Stored], own: History
) -> tuple[tuple[str, ...], list[Finding], list[str]]:
    """(spectra whose bytes hold, findings, notes)."""
    findings: list[Finding] = []
    events = _verified(own)
    names = _check_list(files, events, own, findings)
    held: list[str] = []
    owners = {details["sha256"]: spectrum for spectrum, (_, details) in events.items()}
    for file in sorted(files):
        if not file.startswith(SPECTRA):
            continue
        spectrum = file.removeprefix(SPECTRA)
        where = f"{file} ({names[spectrum]})" if spectrum in names else file
        if spectrum not in events:
            if own.is_whole:
                findings.append(
                    Finding(where, "no event of the item says that this spectrum was verified", SPECTRUM)
                )
            continue
        event, details = events[spectrum]
        found = files[file].sha256
        if found == details["sha256"]:
            held.append(spectrum)
        elif found in owners:
            other = owners[found]
            message = (
                f"these are the bytes of the spectrum {other}{_called(names, other)}: the two were swapped; event "
                f"{event.index} verified SHA-256 {details['sha256']} for this one"
            )
            findings.append(Finding(where, message, SPECTRUM))
        else:
            message = f"the bytes have SHA-256 {found}, but event {event.index} verified {details['sha256']}"
            findings.append(Finding(where, message, SPECTRUM))
    told = _check_damaged(files, names, findings)
    notes = _quarantined(own, names)
    if told or any(file.startswith(SPECTRA) for file in files):
        notes += [
            f"the bytes of the spectrum {spectrum}{_called(names, spectrum)} are not in the bundle"
            for spectrum in events
            if SPECTRA + spectrum not in files and spectrum not in told
        ]
    return tuple(held), findings, notes


def _check_damaged(
    files: Mapping[str, Stored], names: Mapping[str, str], findings: list[Finding]
) -> set[str]:
    """The spectra of which the bundle says that the laboratory could not give them; each is a finding."""
    listed = files.get(DAMAGED)
    if listed is None or listed.data is None or listed.damaged:
        return set()
    try:
        rows = parse_canonical_json(listed.data)
    except EvidenceError as error:
        findings.append(Finding(DAMAGED, str(error), SPECTRUM))
        return set()
    good = isinstance(rows, list) and all(
        isinstance(row, dict)
        and set(row) == _DAMAGED_FIELDS
        and all(isinstance(v, str) for v in row.values())
        for row in rows
    )
    if not good or not rows:
        words = f"it is not a list of objects with the texts {', '.join(sorted(_DAMAGED_FIELDS))}"
        findings.append(Finding(DAMAGED, words, SPECTRUM))
        return set()
    for row in rows:
        spectrum = row["id"]
        message = (
            f"the laboratory could not give the bytes that were verified (SHA-256 {row['sha256'][:64]}): "
            f"{row['reason'][:300]}"
        )
        findings.append(Finding(f"{SPECTRA}{spectrum[:80]}{_called(names, spectrum)}", message, NOT_GIVEN))
    return {row["id"] for row in rows}


def _called(names: Mapping[str, str], spectrum: str) -> str:
    return f" ({names[spectrum]})" if spectrum in names else ""


def _verified(own: History) -> dict[str, tuple[ProvedEvent, Mapping[str, Any]]]:
    """By spectrum: the proved event that verified it."""
    found: dict[str, tuple[ProvedEvent, Mapping[str, Any]]] = {}
    for event, _ in own.proved:
        details = event.event.get("details")
        if event.event.get("type") == VERIFIED and isinstance(details, dict):
            spectrum = details.get("spectrum_id")
            if isinstance(spectrum, str) and isinstance(details.get("sha256"), str):
                found[spectrum] = (event, details)
    return found


def _stored_names(own: History) -> dict[str, Any]:
    """By spectrum: the file's name in the proved event that stored it."""
    found: dict[str, Any] = {}
    for event, _ in own.proved:
        details = event.event.get("details")
        if event.event.get("type") == STORED and isinstance(details, dict):
            found[str(details.get("spectrum_id"))] = details.get("filename")
    return found


def _check_list(
    files: Mapping[str, Stored],
    events: Mapping[str, tuple[ProvedEvent, Mapping[str, Any]]],
    own: History,
    findings: list[Finding],
) -> dict[str, str]:
    """Names of spectra by id, once the list fits to the events; a bundle without a list may have no names."""
    listed = files.get(LIST)
    if listed is None or listed.data is None or listed.damaged:
        return {}
    try:
        rows = parse_canonical_json(listed.data)
    except EvidenceError as error:
        findings.append(Finding(LIST, str(error), SPECTRUM))
        return {}
    if not isinstance(rows, list) or not all(isinstance(row, dict) and set(row) == _FIELDS for row in rows):
        findings.append(
            Finding(LIST, f"it is not a list of objects with {', '.join(sorted(_FIELDS))}", SPECTRUM)
        )
        return {}
    names: dict[str, str] = {}
    stored = _stored_names(own)
    for row in rows:
        spectrum = str(row["id"])
        names[spectrum] = str(row["filename"])[:120]
        if not own.is_whole:
            continue
        event, details = events.get(spectrum, (None, {}))
        told = {"sha256": row["sha256"], "size": row["size"], "index": row["index"]}
        if event is None or told != {**{k: details.get(k) for k in ("sha256", "size")}, "index": event.index}:
            message = (
                f"what it says of {spectrum} ({names[spectrum]}) is not what the event says that verified it"
            )
            findings.append(Finding(LIST, message, SPECTRUM))
        elif spectrum in stored and row["filename"] != stored[spectrum]:
            message = f"it calls {spectrum} {names[spectrum]!r}, which was stored as {str(stored[spectrum])[:120]!r}"
            findings.append(Finding(LIST, message, SPECTRUM))
    for spectrum in sorted(events.keys() - names.keys()):
        findings.append(Finding(LIST, f"the spectrum {spectrum} is missing from the list", SPECTRUM))
    return names


def _quarantined(own: History, names: Mapping[str, str]) -> list[str]:
    notes = []
    for event, _ in own.proved:
        details = event.event.get("details")
        if event.event.get("type") == QUARANTINED and isinstance(details, dict):
            spectrum = str(details.get("spectrum_id"))
            notes.append(
                f"the spectrum {spectrum}{_called(names, spectrum)} was put in quarantine by event {event.index}"
            )
    return notes
