"""Queries of the work on a programme's whole archive."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from services.classifier.models import ProfileRow, Result
from services.classifier.models_archive import ArchiveChunk, ArchiveChunkDone, ArchiveConclusion


def plan_chunks(session: Session, job_id: str, programme: str, size: int) -> None:
    """Cuts the newest row of each item into chunks, unless that was done already."""
    if session.scalar(select(func.count()).where(ArchiveChunk.job_id == job_id)):
        return
    newest = (
        select(func.max(ProfileRow.seq))
        .where(ProfileRow.programme == programme)
        .group_by(ProfileRow.item_id)
        .order_by(func.max(ProfileRow.seq))
    )
    seqs = list(session.scalars(newest))
    rows = [
        {"job_id": job_id, "number": number, "rows": seqs[start : start + size]}
        for number, start in enumerate(range(0, len(seqs), size))
    ]
    if rows:
        session.execute(insert(ArchiveChunk), rows)


def open_chunks(session: Session, job_id: str) -> Sequence[int]:
    """Numbers of the chunks that are not done, in their order."""
    done = select(ArchiveChunkDone.number).where(
        ArchiveChunkDone.job_id == job_id, ArchiveChunkDone.number == ArchiveChunk.number
    )
    query = select(ArchiveChunk.number).where(ArchiveChunk.job_id == job_id, ~done.exists())
    return session.scalars(query.order_by(ArchiveChunk.number)).all()


def number_of_chunks(session: Session, job_id: str) -> int:
    """How many chunks there are in all."""
    return session.scalar(select(func.count()).where(ArchiveChunk.job_id == job_id)) or 0


def chunk_rows(session: Session, job_id: str, number: int) -> Sequence[Any]:
    """(seq, item_id, programme_version, raw, censored, qc) of a chunk's profiles."""
    seqs = session.scalars(
        select(ArchiveChunk.rows).where(ArchiveChunk.job_id == job_id, ArchiveChunk.number == number)
    ).one()
    columns = (
        ProfileRow.seq, ProfileRow.item_id, ProfileRow.programme_version, ProfileRow.raw, ProfileRow.censored,
        ProfileRow.qc,
    )  # fmt: skip
    return session.execute(select(*columns).where(ProfileRow.seq.in_(seqs)).order_by(ProfileRow.seq)).all()


def standing_results(session: Session, programme: str, item_ids: Sequence[str]) -> dict[str, Any]:
    """(id, item_id, determinations) of the newest result of each item that is proposed or released."""
    query = (
        select(Result.id, Result.item_id, Result.determinations)
        .where(Result.programme == programme, Result.item_id.in_(item_ids))
        .where(Result.state.in_(("proposed", "released")))
        .order_by(Result.seq)
    )
    return {row.item_id: row for row in session.execute(query)}


def differences(job_id: str) -> Select[Any]:
    """Profiles of which the model concludes otherwise than the result that stood."""
    return select(ArchiveConclusion).where(ArchiveConclusion.job_id == job_id, ArchiveConclusion.differs)


def changes(session: Session, job_id: str, determination: str) -> Sequence[Any]:
    """(former, now, n): how often one conclusion stood and the other is concluded; `former` null where there was no result."""
    former = ArchiveConclusion.former[determination].astext
    now = ArchiveConclusion.conclusions[determination].astext
    query = (
        select(former.label("former"), now.label("now"), func.count().label("n"))
        .where(ArchiveConclusion.job_id == job_id)
        .group_by(former, now)
        .order_by(former, now)
    )
    return session.execute(query).all()


def counts(session: Session, job_id: str) -> Any:
    """(profiles, compared, differing)."""
    query = select(
        func.count().label("profiles"),
        func.count(ArchiveConclusion.result_id).label("compared"),
        func.count().filter(ArchiveConclusion.differs).label("differing"),
    )
    return session.execute(query.where(ArchiveConclusion.job_id == job_id)).one()
