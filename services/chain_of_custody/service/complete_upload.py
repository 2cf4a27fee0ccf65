"""The end of an upload: object, spectrum and event are made of it, or it begins again where the store has lost its parts."""

from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.models import Item
from services.chain_of_custody.models_spectra import FINISHED, OPEN, RECEIVED, VERIFYING, Spectrum, Upload
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository import uploads as repository
from services.chain_of_custody.service.legal_holds import align_soon
from services.chain_of_custody.service.record_event import record_event
from services.chain_of_custody.service.uploads import FACTS, MAY_UPLOAD, Stores, begin_again
from services.chain_of_custody.service.verify_spectrum import verify_soon
from shared.actor import Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict
from shared.http.schemas import format_time
from shared.storage.errors import BadObject, UploadNotFound
from shared.storage.interface import Part


def complete_own_upload(
    actor: Actor, uow: UnitOfWork, stores: Stores, upload_id: str, *, now: datetime
) -> Upload:
    """Makes a spectrum of an upload whose bytes are all here; repeated, it tells of the same one.

    Where the store has lost them the upload is OPEN afterwards and stands at its beginning.
    """
    require(actor, *MAY_UPLOAD)
    row = repository.upload(uow.session, actor, upload_id, lock=True)
    if row.state == OPEN:
        raise Conflict(f"{row.size - row.offset} bytes are still missing.", code="incomplete")
    if row.state == RECEIVED:
        complete_upload(uow, stores, row, now=now)
    return row


def complete_upload(uow: UnitOfWork, stores: Stores, row: Upload, *, now: datetime) -> None:
    """Makes object, spectrum and event of a locked, received upload, and queues the verification.

    Where the store has lost the parts, nothing is made, and the upload begins again.
    """
    until = stores.locked_until(row, now)
    parts = [Part(part.number, part.etag) for part in repository.parts(uow.session, row.id)]
    assert row.store_upload_id is not None
    try:
        stored = stores.store.finish(row.object_key, row.store_upload_id, parts, retain_until=until)
    except (UploadNotFound, BadObject) as error:
        begin_again(uow, stores, row, error, now)
        return
    item = items_repository.lock_item(uow.session, _as_actor(row), row.item_id)
    spectrum = Spectrum(
        id=row.spectrum_id,
        item_id=row.item_id,
        upload_id=row.id,
        state=VERIFYING,
        reason=None,
        declared_sha256=row.sha256,
        sha256=None,
        size=stored.size,
        format="unknown",
        summary=None,
        object_key=stored.key,
        version_id=stored.version_id,
        retain_until=until,
        legal_hold=False,
        uploaded_by=row.actor,
        uploaded_at=now,
        checked_at=None,
        read_at=None,
        **{name: getattr(row, name) for name in FACTS},
    )
    uow.session.add(spectrum)
    row.state, row.touched_at = FINISHED, now
    record_event(
        uow,
        item,
        "spectrum_stored",
        author=Author(row.actor, row.actor_name, row.actor_role),
        now=now,
        purpose=f"{row.technique} by {row.method}: {row.run_role}",
        details=_details(spectrum, item),
    )
    verify_soon(uow, spectrum.id)
    if item.open_holds:
        align_soon(uow, item.id)


def _details(spectrum: Spectrum, item: Item) -> dict[str, Any]:
    left = {} if item.ending is None else {"item_left": item.ending}
    return {
        **left,
        "spectrum_id": spectrum.id,
        "filename": spectrum.filename,
        "size": spectrum.size,
        "declared_sha256": spectrum.declared_sha256,
        "technique": spectrum.technique,
        "instrument": spectrum.instrument,
        "method": spectrum.method,
        "run_role": spectrum.run_role,
        "acquired_at": format_time(spectrum.acquired_at),
        "object": {"key": spectrum.object_key, "version_id": spectrum.version_id},
        "retain_until": format_time(spectrum.retain_until),
    }


def _as_actor(row: Upload) -> Actor:
    return Actor(row.actor, row.actor_name, Role(row.actor_role))
