"""Queries of uploads. An upload is seen by the actor who began it and by nobody else."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from services.chain_of_custody.models_spectra import (
    ABANDONED,
    OPEN,
    RECEIVED,
    Upload,
    UploadPart,
    UploadTail,
)
from shared.actor import Actor
from shared.errors import NotFound


def upload(session: Session, actor: Actor, upload_id: str, *, lock: bool = False) -> Upload:
    """An upload of the actor's own that was not given up; raises NotFound."""
    query = select(Upload).where(
        Upload.id == upload_id, Upload.actor == actor.login, Upload.state != ABANDONED
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalars(query).first()
    if row is None:
        raise NotFound("There is no such upload; begin a new one.")
    return row


def lock_unfinished(session: Session, upload_id: str) -> Upload | None:
    """An upload that is not at its end, whoever began it, its row locked; None where it is, or somebody is at it now."""
    query = select(Upload).where(Upload.id == upload_id, Upload.state.in_((OPEN, RECEIVED)))
    return session.scalars(query.with_for_update(skip_locked=True)).first()


def untouched(session: Session, state: str, before: datetime, most: int) -> Sequence[str]:
    """Ids of uploads in a state that nobody has touched since then, the oldest first."""
    query = select(Upload.id).where(Upload.state == state, Upload.touched_at < before)
    return session.scalars(query.order_by(Upload.touched_at).limit(most)).all()


def known_store_uploads(session: Session, store_upload_ids: Sequence[str]) -> set[str]:
    """Those of the object store's uploads that belong to an upload which goes on."""
    query = select(Upload.store_upload_id).where(
        Upload.store_upload_id.in_(store_upload_ids), Upload.state.in_((OPEN, RECEIVED))
    )
    return {found for found in session.scalars(query) if found is not None}


def parts(session: Session, upload_id: str) -> Sequence[UploadPart]:
    """The stored parts in their order."""
    return session.scalars(
        select(UploadPart).where(UploadPart.upload_id == upload_id).order_by(UploadPart.number)
    ).all()


def count_parts(session: Session, upload_id: str) -> int:
    """How many parts are stored."""
    query = select(func.count()).select_from(UploadPart).where(UploadPart.upload_id == upload_id)
    return int(session.scalar(query) or 0)


def take_tail(session: Session, upload_id: str) -> list[bytes]:
    """The bytes that wait, in their order; they are removed with the transaction."""
    query = select(UploadTail.data).where(UploadTail.upload_id == upload_id).order_by(UploadTail.start)
    found = [bytes(data) for data in session.scalars(query)]
    if found:
        drop_tail(session, upload_id)
    return found


def drop_tail(session: Session, upload_id: str) -> None:
    """Removes the bytes that wait."""
    session.execute(delete(UploadTail).where(UploadTail.upload_id == upload_id))


def forget_bytes(session: Session, upload_id: str) -> None:
    """Removes all that tells of bytes taken: the parts, and those that wait."""
    session.execute(delete(UploadPart).where(UploadPart.upload_id == upload_id))
    drop_tail(session, upload_id)
