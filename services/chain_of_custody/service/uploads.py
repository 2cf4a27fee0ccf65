"""Uploads: bytes are taken once and in order, each answer means durable; the last byte makes a spectrum.

Pieces that are too small for a part of the store wait in the database. A part is put before the database commits and may be put
again; the object is made by a job after all its bytes are durable, so that a process lost in between leaves nothing doubled.
"""

from datetime import datetime, timedelta
from typing import Any

from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.models_spectra import Spectrum, Upload, UploadTail
from services.chain_of_custody.repository import items, spectra
from services.chain_of_custody.service.record_event import record_event
from shared.actor import Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, FieldError, Forbidden, Invalid, TooLarge
from shared.identifiers import new_id
from shared.storage import ObjectStore
from shared.storage.interface import MAX_PART_SIZE, MIN_PART_SIZE, Part

UPLOADERS = (Role.TECHNICIAN, Role.INSTRUMENT)
LARGEST = 4 * 1024 * 1024 * 1024


def begin_upload(
    actor: Actor, uow: UnitOfWork, body: dict[str, Any], *, now: datetime, retention_years: int
) -> dict[str, Any]:
    """Opens an upload for an item that exists and may be measured; not a byte is taken before."""
    require(actor, *UPLOADERS)
    if actor.role is Role.INSTRUMENT and body["instrument"] != actor.login:
        message = f"{actor.login} uploads runs of its own, not of {body['instrument']!r}."
        raise Forbidden(message, errors=[FieldError(pointer="/instrument", message=message)])
    if body["size"] > LARGEST:
        raise TooLarge(f"A file has at most {LARGEST} bytes here.")
    if body["size"] == 0:
        message = "The file is empty; an empty file is no run."
        raise Invalid(message, errors=[FieldError(pointer="/size", message=message)])
    item = items.item(uow.session, actor, body["item_id"])
    if item.blocked:
        raise Conflict(
            f"{item.number} has an open discrepancy; measuring waits until it is resolved.", code="blocked"
        )
    spectrum_id = new_id()
    facts = {name: value for name, value in body.items() if name not in ("size", "item_id")}
    row = Upload(
        id=new_id(), spectrum_id=spectrum_id, item_id=item.id, size=body["size"], offset=0, state="open",
        facts={**facts, "acquired_at": body["acquired_at"].isoformat()}, object_key=f"spectra/{spectrum_id}",
        store_upload_id=None, parts=[], retain_until=(now + timedelta(days=366 * retention_years)).replace(microsecond=0),
        begun_by=actor.login, begun_by_name=actor.name, begun_by_role=actor.role.value, begun_at=now,
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    return describe(row)


def get_upload(actor: Actor, uow: UnitOfWork, upload_id: str) -> dict[str, Any]:
    """How far an upload is."""
    require(actor, *UPLOADERS)
    return describe(spectra.upload(uow.session, actor, upload_id))


def append_piece(
    actor: Actor,
    uow: UnitOfWork,
    store: ObjectStore,
    upload_id: str,
    offset: int,
    data: bytes,
    *,
    now: datetime,
) -> dict[str, Any]:
    """Takes the bytes at `offset`, which must be where the upload stands; raises Conflict `wrong_offset` else."""
    require(actor, *UPLOADERS)
    row = spectra.upload(uow.session, actor, upload_id, lock=True)
    if offset != row.offset:
        raise Conflict(f"The upload stands at byte {row.offset}, not at {offset}.", code="wrong_offset")
    if offset + len(data) > row.size:
        raise TooLarge(f"The file was announced with {row.size} bytes; these would be more.")
    if row.store_upload_id is None:
        row.store_upload_id = store.begin(row.object_key, retain_until=row.retain_until)
    last = offset + len(data) == row.size
    waiting = spectra.tail_size(uow.session, row.id)
    if waiting + len(data) < MIN_PART_SIZE and not last:
        uow.session.add(UploadTail(upload_id=row.id, offset=offset, data=data))
    else:
        held = spectra.tail(uow.session, row.id) + data
        parts = list(row.parts)
        for start in range(0, len(held), MAX_PART_SIZE):
            piece = held[start : start + MAX_PART_SIZE]
            number = len(parts) + 1
            parts.append([number, store.put_part(row.object_key, row.store_upload_id, number, piece)])
        row.parts = parts
        spectra.clear_tail(uow.session, row.id)
    row.offset = offset + len(data)
    if last:
        row.state = "complete"
        uow.defer("finish_upload", queue="spectra", lock=row.id, upload_id=row.id)
    uow.session.flush()
    return describe(row)


def finish_upload(uow: UnitOfWork, store: ObjectStore, row: Upload, *, now: datetime) -> None:
    """Makes the object and its record; repeated after a lost answer, the store gives the same version again."""
    if row.state == "finished":
        return
    assert row.store_upload_id is not None, "an upload with all its bytes was begun in the store"
    parts = [Part(number, etag) for number, etag in row.parts]
    stored = store.finish(row.object_key, row.store_upload_id, parts, retain_until=row.retain_until)
    facts = dict(row.facts)
    acquired_at = datetime.fromisoformat(facts.pop("acquired_at"))
    declared = facts.pop("sha256")
    item = items.lock_item(uow.session, _SYSTEM, row.item_id)
    spectrum = Spectrum(
        id=row.spectrum_id, item_id=row.item_id, size=stored.size, sha256_declared=declared, sha256=None, state="verifying",
        object_key=stored.key, version_id=stored.version_id, retain_until=row.retain_until, legal_hold=False,
        uploaded_by=row.begun_by, stored_at=now, acquired_at=acquired_at,
        **{name: facts[name] for name in ("filename", "technique", "instrument", "method", "run_role")},
    )  # fmt: skip
    uow.session.add(spectrum)
    row.state = "finished"
    uow.session.flush()
    details = {
        "spectrum_id": spectrum.id, "sha256_declared": declared, "size": stored.size, "filename": spectrum.filename,
        "technique": spectrum.technique, "instrument": spectrum.instrument, "method": spectrum.method,
        "run_role": spectrum.run_role, "object": {"key": stored.key, "version_id": stored.version_id},
    }  # fmt: skip
    author = Author(row.begun_by, row.begun_by_name, row.begun_by_role)
    record_event(
        uow,
        item,
        "spectrum_stored",
        author=author,
        now=now,
        occurred_at=acquired_at,
        purpose=spectrum.method,
        details=details,
    )
    uow.defer("hash_spectrum", queue="spectra", lock=spectrum.id, spectrum_id=spectrum.id)


_SYSTEM = Actor("service-chain_of_custody", "chain_of_custody", Role.SERVICE, kind="service")


def describe(row: Upload) -> dict[str, Any]:
    """An upload as the gateway needs it."""
    spectrum_id = row.spectrum_id if row.state in ("complete", "finished") else None
    return {"id": row.id, "offset": row.offset, "size": row.size, "spectrum_id": spectrum_id}
