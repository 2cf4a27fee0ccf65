"""Uploads: begun for an item, taken piece by piece, completed into a spectrum.

A piece is committed together with the new offset, in one transaction under the lock of the upload's row: what an answer has
told is safe, a piece that is sent twice is refused, and a part of a transaction that failed is given to the store once more.
The last piece only makes the upload `received`; making object and spectrum of it is an act of its own that can be repeated, so
that a process killed between the store and the commit leaves nothing half done. A store that was interrupted while it made the
object may have lost the parts; the upload then stands at its beginning again, for its source still has the file (E22). Each
upload makes a spectrum of its own, also of bytes that were sent before: two acts are two records, and an agent that wants one
asks twice with the same Idempotency-Key.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

import structlog

from services.chain_of_custody.domain.cut_parts import cut_parts
from services.chain_of_custody.domain.retention import retain_until, retention_years
from services.chain_of_custody.domain.standing import require_not_blocked
from services.chain_of_custody.models_spectra import (
    OPEN,
    RECEIVED,
    Upload,
    UploadPart,
    UploadTail,
)
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository import uploads as repository
from services.chain_of_custody.service.after_ending import require_could_be_of
from services.chain_of_custody.store import store_of
from shared.actor import Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, DomainError, Forbidden, TooLarge
from shared.http.app import LARGEST_UPLOAD
from shared.identifiers import new_id
from shared.runtime import Runtime
from shared.storage import ObjectStore
from shared.storage.errors import UploadNotFound
from shared.storage.interface import MAX_PART_SIZE, MIN_PART_SIZE

log = structlog.get_logger(__name__)

MAY_UPLOAD = (Role.TECHNICIAN, Role.INSTRUMENT)

#: An upload to which nothing was added for so long is given up: its source has kept the file, since nothing was verified (E22).
KEPT_UNFINISHED = timedelta(days=7)

#: Parts of one piece that are stored at the same time.
_SIDE_BY_SIDE = 4

FACTS = (
    "filename", "technique", "instrument", "method", "run_role", "acquired_at",
)  # fmt: skip


@dataclass(frozen=True)
class Stores:
    """Where the bytes go: the store, for how many years they are locked there, and how large its parts are."""

    store: ObjectStore
    retention_years: int
    least: int = MIN_PART_SIZE
    most: int = MAX_PART_SIZE
    #: Years by technique or run role.
    years_by_kind: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, runtime: Runtime) -> "Stores":
        """As they are configured."""
        settings = runtime.settings
        by_kind = settings.retention_years_by_kind
        return cls(store_of(runtime), settings.retention_years, years_by_kind=by_kind)

    def locked_until(self, row: Upload, now: datetime) -> datetime:
        """The end of the retention of what this upload becomes."""
        years = retention_years(self.retention_years, self.years_by_kind, (row.technique, row.run_role))
        return retain_until(now, years)


def begin_upload(
    actor: Actor, uow: UnitOfWork, stores: Stores, told: dict[str, Any], *, now: datetime
) -> Upload:
    """Begins an upload for an item; everything is checked before a byte is taken.

    Raises Forbidden, NotFound for the item, Conflict `blocked` (E5), Conflict `ended` for a run that was acquired after the item
    had left the laboratory, and TooLarge.
    """
    require(actor, *MAY_UPLOAD)
    if actor.role is Role.INSTRUMENT and told["instrument"] != actor.login:
        raise Forbidden(f"{actor.login} uploads its own runs only, not those of {told['instrument']}.")
    if told["size"] > LARGEST_UPLOAD:
        raise TooLarge(f"A file has at most {LARGEST_UPLOAD} bytes here.")
    item = items_repository.item(uow.session, actor, told["item_id"])
    require_not_blocked(item)
    require_could_be_of(uow.session, item, told["acquired_at"])
    spectrum_id = new_id()
    row = Upload(
        id=new_id(),
        spectrum_id=spectrum_id,
        item_id=item.id,
        actor=actor.login,
        actor_name=actor.name,
        actor_role=actor.role.value,
        sha256=told["sha256"],
        size=told["size"],
        offset=0,
        stored=0,
        state=OPEN,
        object_key=f"spectra/{spectrum_id}",
        store_upload_id=None,
        created_at=now,
        touched_at=now,
        **{name: told[name] for name in FACTS},
    )
    uow.session.add(row)
    uow.session.flush()
    if row.size == 0:
        _take(uow, stores, row, b"", now)
    return row


def get_upload(actor: Actor, uow: UnitOfWork, upload_id: str) -> Upload:
    """How far an upload of the actor's own is."""
    require(actor, *MAY_UPLOAD)
    return repository.upload(uow.session, actor, upload_id)


def append_piece(
    actor: Actor,
    uow: UnitOfWork,
    stores: Stores,
    upload_id: str,
    offset: int,
    piece: bytes | memoryview,
    *,
    now: datetime,
) -> Upload:
    """Adds the bytes that begin at `offset`; raises Conflict `wrong_offset` where the upload does not stand there."""
    require(actor, *MAY_UPLOAD)
    row = repository.upload(uow.session, actor, upload_id, lock=True)
    if offset != row.offset:
        raise Conflict(f"The upload stands at byte {row.offset}, not {offset}.", code="wrong_offset")
    if offset + len(piece) > row.size:
        raise TooLarge(f"The upload was announced with {row.size} bytes; this piece goes beyond them.")
    if piece:
        try:
            _take(uow, stores, row, piece, now)
        except UploadNotFound as error:
            begin_again(uow, stores, row, error, now)
    return row


def begin_again(uow: UnitOfWork, stores: Stores, row: Upload, error: DomainError, now: datetime) -> None:
    """Puts the upload back to its beginning, because the store no longer has what it took of it."""
    log.warning("upload_parts_lost", upload_id=row.id, offset=row.offset, reason=error.detail)
    repository.forget_bytes(uow.session, row.id)
    row.state, row.offset, row.stored, row.store_upload_id, row.touched_at = OPEN, 0, 0, None, now
    uow.session.flush()
    if row.size == 0:
        _take(uow, stores, row, b"", now)


def _take(uow: UnitOfWork, stores: Stores, row: Upload, piece: bytes | memoryview, now: datetime) -> None:
    waiting = row.offset - row.stored + len(piece)
    last = row.offset + len(piece) == row.size
    sizes = cut_parts(waiting, last=last, least=stores.least, most=stores.most)
    if sizes:
        _store_parts(uow, stores, row, piece, sizes, now)
    else:
        uow.session.add(UploadTail(upload_id=row.id, start=row.offset, data=bytes(piece)))
    row.offset, row.touched_at = row.offset + len(piece), now
    if last:
        row.state = RECEIVED


def _store_parts(
    uow: UnitOfWork,
    stores: Stores,
    row: Upload,
    piece: bytes | memoryview,
    sizes: list[int],
    now: datetime,
) -> None:
    """Stores parts side by side; they are the upload's only once all of them are stored and the transaction is committed."""
    tail = repository.take_tail(uow.session, row.id)
    data = memoryview(b"".join([*tail, piece]) if tail else piece)
    if row.store_upload_id is None:
        until = stores.locked_until(row, now)
        facts = {"spectrum": row.spectrum_id, "item": row.item_id}
        row.store_upload_id = stores.store.begin(row.object_key, retain_until=until, metadata=facts)
    first = repository.count_parts(uow.session, row.id) + 1
    ends = list(accumulate(sizes))
    cuts = [data[end - size : end] for size, end in zip(sizes, ends, strict=True)]
    key, upload_id = row.object_key, row.store_upload_id
    for number, (size, etag) in enumerate(
        zip(sizes, _put(stores, key, upload_id, first, cuts), strict=True), first
    ):
        uow.session.add(UploadPart(upload_id=row.id, number=number, etag=etag, size=size))
        row.stored += size
    if len(data) > ends[-1]:
        uow.session.add(UploadTail(upload_id=row.id, start=row.stored, data=bytes(data[ends[-1] :])))


def _put(stores: Stores, key: str, upload_id: str, first: int, cuts: list[memoryview]) -> list[str]:
    """Stores the cuts as parts from number `first` on; their etags. Raises what one raised, after all have ended."""
    if len(cuts) == 1:
        return [stores.store.put_part(key, upload_id, first, cuts[0])]
    with ThreadPoolExecutor(min(len(cuts), _SIDE_BY_SIDE), thread_name_prefix="parts") as pool:
        under_way = [
            pool.submit(stores.store.put_part, key, upload_id, number, cut)
            for number, cut in enumerate(cuts, first)
        ]
    return [future.result() for future in under_way]
