"""Verification: the stored bytes are read back and hashed (E22), then read by the classifier, then called verified.

    verifying --digest differs, or acquired after the item had left--> quarantined
    verifying --digest holds, told to the classifier--> (reading comes, or 20 s pass) --> verified

A reading that comes later still fills in the format. From time to time the bytes are hashed again (`scrub`, E24).
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import structlog

from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.models_spectra import QUARANTINED, VERIFIED, VERIFYING, Spectrum
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository import spectra as repository
from services.chain_of_custody.service.after_ending import why_not_of
from services.chain_of_custody.service.copy_objects import copy_soon
from services.chain_of_custody.service.record_event import record_event
from services.chain_of_custody.store import store_of
from shared.actor import Actor, Role, require_service
from shared.db.unit_of_work import UnitOfWork
from shared.http.schemas import format_time
from shared.runtime import Runtime
from shared.storage import ObjectStore

log = structlog.get_logger(__name__)

VERIFY, CONCLUDE, QUEUE = "verify_spectrum", "conclude_spectrum", "spectra"
#: A spectrum is called verified at the latest so long after its digest held, read or not.
WAIT_FOR_READING = timedelta(seconds=20)
NOT_READ_YET = "The file was not read yet; its format is told once it was."

_CUSTODY = Actor("service-chain_of_custody", "Chain of custody", Role.SERVICE, kind="service")


def verify_soon(uow: UnitOfWork, spectrum_id: str) -> None:
    """Queues the verification with the transaction."""
    uow.defer(VERIFY, queue=QUEUE, lock=spectrum_id, spectrum_id=spectrum_id)


def verify_spectrum(runtime: Runtime, spectrum_id: str) -> None:
    """Hashes what is stored and compares it with what the source said; done once, repeated it changes nothing."""
    with runtime.unit_of_work() as uow:
        row = repository.spectrum(uow.session, _CUSTODY, spectrum_id)
        if row.state != VERIFYING or row.sha256 is not None:
            return
        place = (row.object_key, row.version_id)
    found = hash_stored(store_of(runtime), *place)
    now = runtime.clock()
    with runtime.unit_of_work() as uow:
        row = repository.lock_spectrum(uow.session, spectrum_id)
        if row.state != VERIFYING or row.sha256 is not None:
            return
        row.sha256, row.checked_at = found, now
        item = items_repository.lock_item(uow.session, _CUSTODY, row.item_id)
        if found != row.declared_sha256:
            reason = f"The source said SHA-256 {row.declared_sha256}; the bytes that came have {found}."
            _quarantine(uow, row, reason, now)
        elif (why := why_not_of(uow.session, item, row.acquired_at)) is not None:
            _quarantine(uow, row, why, now)
        else:
            _record(uow, row, "spectrum_verified", "stored bytes hashed again", now)
            uow.emit("classifier", "/internal/spectra", _announcement(row), ordering_key=row.id)
            uow.defer(CONCLUDE, queue=QUEUE, at=now + WAIT_FOR_READING, spectrum_id=row.id)
        copy_soon(uow, row.id)
        uow.commit()


def conclude_spectrum(runtime: Runtime, spectrum_id: str) -> None:
    """Calls a spectrum verified whose digest holds and whose reading has not come in time."""
    with runtime.unit_of_work() as uow:
        row = repository.lock_spectrum(uow.session, spectrum_id)
        if row.state == VERIFYING and row.sha256 is not None:
            row.state, row.reason = VERIFIED, NOT_READ_YET
            uow.commit()


def take_reading(
    actor: Actor, uow: UnitOfWork, spectrum_id: str, reading: dict[str, Any], *, now: datetime
) -> Spectrum:
    """Keeps what the classifier read; a spectrum in quarantine stays there, its reason untouched."""
    require_service(actor, "service-classifier")
    row = repository.lock_spectrum(uow.session, spectrum_id)
    row.format, row.summary, row.read_at = reading["format"], reading["summary"], now
    if row.state != QUARANTINED and row.sha256 is not None:
        row.state, row.reason = VERIFIED, reading["reason"]
    return row


def hash_stored(store: ObjectStore, key: str, version_id: str) -> str:
    """The SHA-256 of an object as it lies in the store now."""
    digest = hashlib.sha256()
    for chunk in store.read(key, version_id):
        digest.update(chunk)
    return digest.hexdigest()


def _quarantine(uow: UnitOfWork, row: Spectrum, reason: str, now: datetime) -> None:
    row.state, row.reason = QUARANTINED, reason
    _record(uow, row, "spectrum_quarantined", reason, now)


def _record(uow: UnitOfWork, row: Spectrum, kind: str, purpose: str, now: datetime) -> None:
    item = items_repository.lock_item(uow.session, _CUSTODY, row.item_id)
    details = {
        "spectrum_id": row.id,
        "sha256": row.sha256,
        "declared_sha256": row.declared_sha256,
        "size": row.size,
        "object": {"key": row.object_key, "version_id": row.version_id},
    }
    record_event(uow, item, kind, author=Author.of(_CUSTODY), now=now, purpose=purpose, details=details)


def _announcement(row: Spectrum) -> dict[str, Any]:
    names = (
        "item_id", "filename", "size", "sha256", "technique", "instrument", "method", "run_role",
    )  # fmt: skip
    return {
        "spectrum_id": row.id,
        "acquired_at": format_time(row.acquired_at),
        **{name: getattr(row, name) for name in names},
    }
