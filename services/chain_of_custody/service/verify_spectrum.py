"""Verification of stored files (E22): the bytes are read back from the store and hashed; only then they count as evidence.

The classifier then says what kind of file it is. Where it does not within a while, the file is verified all the same and says so.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.models_spectra import Spectrum
from services.chain_of_custody.repository import items
from services.chain_of_custody.repository import spectra as repository
from services.chain_of_custody.service.record_event import record_event
from services.chain_of_custody.service.uploads import finish_upload
from shared.actor import Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.http.schemas import format_time
from shared.jobs.app import Jobs
from shared.runtime import Runtime
from shared.storage import ObjectStore

SYSTEM = Actor("service-chain_of_custody", "chain_of_custody", Role.SERVICE, kind="service")
_AUTHOR = Author(SYSTEM.login, SYSTEM.name, SYSTEM.role.value)
PATIENCE = timedelta(seconds=20)
NOT_READ = "The file has not been read yet: the reader did not answer in time. Its digest holds."


def register_spectra(jobs: Jobs, store: ObjectStore) -> None:
    """The jobs of this subject."""
    runtime = jobs.runtime
    jobs.task("hash_spectrum", queue="spectra")(
        lambda spectrum_id: hash_spectrum(runtime, store, spectrum_id)
    )
    jobs.task("finish_upload", queue="spectra")(lambda upload_id: finish(runtime, store, upload_id))
    jobs.periodic("settle_spectra", "* * * * * */10", queue="spectra")(lambda: settle(runtime))


def finish(runtime: Runtime, store: ObjectStore, upload_id: str) -> None:
    """Makes the object and its record of an upload whose bytes are all durable."""
    with runtime.unit_of_work() as uow:
        finish_upload(
            uow, store, repository.upload(uow.session, SYSTEM, upload_id, lock=True), now=runtime.clock()
        )
        uow.commit()


def hash_spectrum(runtime: Runtime, store: ObjectStore, spectrum_id: str) -> None:
    """Reads the stored version back, hashes it, and announces it to the classifier or puts it into quarantine."""
    with runtime.unit_of_work() as uow:
        row = repository.spectrum(uow.session, SYSTEM, spectrum_id)
        place = (row.object_key, row.version_id)
    digest = hashlib.sha256()
    for chunk in store.read(*place):
        digest.update(chunk)
    with runtime.unit_of_work() as uow:
        _settle_digest(uow, spectrum_id, digest.hexdigest(), now=runtime.clock())
        uow.commit()


def _settle_digest(uow: UnitOfWork, spectrum_id: str, found: str, *, now: datetime) -> None:
    row = repository.spectrum(uow.session, SYSTEM, spectrum_id)
    item = items.lock_item(uow.session, SYSTEM, row.item_id)
    row = repository.spectrum(uow.session, SYSTEM, spectrum_id, lock=True)
    if row.hashed_at is not None:
        return
    row.sha256, row.hashed_at = found, now
    if found != row.sha256_declared:
        row.state = "quarantined"
        row.reason = (
            f"The stored bytes have the SHA-256 {found}, not {row.sha256_declared} as the sender said."
        )
        details = {"spectrum_id": row.id, "sha256": found, "sha256_declared": row.sha256_declared}
        record_event(
            uow,
            item,
            "spectrum_quarantined",
            author=_AUTHOR,
            now=now,
            purpose="digest check at the server",
            details=details,
        )
        return
    told = {name: getattr(row, name) for name in _TOLD}
    told |= {"spectrum_id": row.id, "acquired_at": format_time(row.acquired_at)}
    uow.emit("classifier", "/internal/spectra", told, row.id)


_TOLD = ("item_id", "filename", "size", "sha256", "technique", "instrument", "method", "run_role")


def take_reading(
    actor: Actor, uow: UnitOfWork, spectrum_id: str, reading: dict[str, Any], *, now: datetime
) -> None:
    """What the classifier's reader found; a reading that comes late still fills in the format."""
    require(actor, Role.SERVICE)
    row = repository.spectrum(uow.session, actor, spectrum_id)
    item = items.lock_item(uow.session, actor, row.item_id)
    row = repository.spectrum(uow.session, actor, spectrum_id, lock=True)
    row.format, row.reason, row.summary = reading["format"], reading["reason"], reading["summary"]
    _verify(uow, item, row, now)


def settle(runtime: Runtime) -> None:
    """Verifies what no reader has answered for in time."""
    now = runtime.clock()
    with runtime.unit_of_work() as uow:
        unread = repository.unread_spectra(uow.session, now - PATIENCE)
    for spectrum_id in unread:
        with runtime.unit_of_work() as uow:
            row = repository.spectrum(uow.session, SYSTEM, spectrum_id)
            item = items.lock_item(uow.session, SYSTEM, row.item_id)
            row = repository.spectrum(uow.session, SYSTEM, spectrum_id, lock=True)
            if row.state == "verifying":
                row.format, row.reason = "unknown", NOT_READ
                _verify(uow, item, row, now)
                uow.commit()


def _verify(uow: UnitOfWork, item: Any, row: Spectrum, now: datetime) -> None:
    if row.state != "verifying":
        return
    row.state = "verified"
    details = {"spectrum_id": row.id, "sha256": row.sha256, "size": row.size, "format": row.format}
    record_event(
        uow,
        item,
        "spectrum_verified",
        author=_AUTHOR,
        now=now,
        purpose="digest check at the server",
        details=details,
    )
