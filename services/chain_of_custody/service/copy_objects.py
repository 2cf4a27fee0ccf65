"""Second copies: every object whose bytes were hashed is copied to the second store; a damaged copy is made anew from a good one.

Nothing is overwritten (E25): a new copy is a new version, and the version that it replaces stays on record, and in the store for
as long as its lock holds. The bytes are hashed while they are copied; a copy with another digest than the record's is never
finished.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime

import structlog

from services.chain_of_custody.models_spectra import Spectrum
from services.chain_of_custody.models_store import SECOND, ObjectCopy
from services.chain_of_custody.repository import spectra as spectra_repository
from services.chain_of_custody.repository import store as repository
from services.chain_of_custody.service.copies import Copy, copies_of, hash_copy
from services.chain_of_custody.store import mirror_of, stores_of
from shared.db.unit_of_work import UnitOfWork
from shared.errors import DomainError, NotFound, Unavailable
from shared.runtime import Runtime
from shared.storage import ObjectStore
from shared.storage.interface import MIN_PART_SIZE, Part

log = structlog.get_logger(__name__)

COPY, QUEUE = "copy_object", "spectra"
_MOST = 100


class CopyRefused(Unavailable):
    """The bytes that were read for a copy are not those of the record."""

    code = "copy_refused"


def copy_soon(uow: UnitOfWork, spectrum_id: str) -> None:
    """Queues the copying with the transaction."""
    uow.defer(COPY, queue=QUEUE, lock=f"{COPY}:{spectrum_id}", spectrum_id=spectrum_id)


def copy_missing(runtime: Runtime) -> None:
    """Copies what has no second copy: what its own job could not, and all that was there when the second store was given."""
    if mirror_of(runtime) is None:
        return
    with runtime.unit_of_work() as uow:
        waiting = repository.uncopied(uow.session, _MOST)
    for spectrum_id in waiting:
        try:
            copy_object(runtime, spectrum_id)
        except DomainError as error:
            log.warning("copy_put_off", id=spectrum_id, code=error.code, error=error.detail)


def copy_object(runtime: Runtime, spectrum_id: str) -> None:
    """Makes the second copy of one spectrum; done once, repeated it changes nothing."""
    stores = stores_of(runtime)
    if SECOND not in stores:
        return
    with runtime.unit_of_work() as uow:
        row = spectra_repository.spectrum_by_id(uow.session, spectrum_id)
        copies = copies_of(row, repository.copies(uow.session, spectrum_id), stores)
    if row.sha256 is None or any(copy.place == SECOND for copy in copies):
        return
    version_id = make_copy(copies[0], stores[SECOND], row, known=())
    with runtime.unit_of_work() as uow:
        row = spectra_repository.lock_spectrum(uow.session, spectrum_id)
        if not any(copy.store == SECOND for copy in repository.copies(uow.session, spectrum_id)):
            note_copy(uow, row, SECOND, version_id, replaces=None, now=runtime.clock())
            hold_copy(stores[SECOND], row, version_id)
            uow.commit()


def note_copy(
    uow: UnitOfWork, row: Spectrum, place: str, version_id: str, *, replaces: str | None, now: datetime
) -> None:
    """Records a version that is there; the spectrum's row is locked."""
    uow.session.add(
        ObjectCopy(
            spectrum_id=row.id,
            store=place,
            version_id=version_id,
            replaces=replaces,
            made_at=now,
            legal_hold=row.legal_hold,
        )
    )


def hold_copy(store: ObjectStore, row: Spectrum, version_id: str) -> None:
    """Sets the legal hold of a new copy as it is on the first one; the spectrum's row is locked, so that it stays so."""
    if row.legal_hold:
        store.set_legal_hold(row.object_key, version_id, True)


def make_copy(source: Copy, target: ObjectStore, row: Spectrum, known: tuple[str, ...]) -> str:
    """The version in `target` that holds the record's bytes, locked: one that is there but in no record, or a new one.

    Raises CopyRefused where the source does not give the bytes of the record.
    """
    for version_id in target.versions(row.object_key):
        if version_id not in known and _is_right(target, row, version_id):
            # An attempt that was killed between the store and the database has made it already.
            locked = target.stat(row.object_key, version_id).retain_until
            if locked is None or locked < row.retain_until:
                target.extend_retention(row.object_key, version_id, row.retain_until)
            return version_id
    facts = {"spectrum": row.id, "item": row.item_id}
    upload_id = target.begin(row.object_key, retain_until=row.retain_until, metadata=facts)
    try:
        digest, parts = hashlib.sha256(), []
        for number, data in enumerate(_in_parts(source.store.read(source.key, source.version_id)), 1):
            digest.update(data)
            parts.append(Part(number, target.put_part(row.object_key, upload_id, number, data)))
        if digest.hexdigest() != row.sha256:
            raise CopyRefused("The bytes read for the copy are not those of the record.")
        return target.finish(row.object_key, upload_id, parts, retain_until=row.retain_until).version_id
    except BaseException:
        target.abort(row.object_key, upload_id)
        raise


def _is_right(store: ObjectStore, row: Spectrum, version_id: str) -> bool:
    try:
        return hash_copy(Copy("", store, row.object_key, version_id, (), False)) == row.sha256
    except (NotFound, Unavailable):
        return False


def _in_parts(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Parts of MIN_PART_SIZE and a last smaller one; an empty object is one part without bytes."""
    waiting, any_yet = bytearray(), False
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= MIN_PART_SIZE:
            yield bytes(waiting[:MIN_PART_SIZE])
            del waiting[:MIN_PART_SIZE]
            any_yet = True
    if waiting or not any_yet:
        yield bytes(waiting)
