"""Queries about the object store: copies, rounds, findings, attempts upon the locks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.orm import Session

from services.chain_of_custody.models_spectra import Spectrum
from services.chain_of_custody.models_store import SECOND, ObjectCopy, ScrubRound, StoreCanary, StoreFinding
from shared.errors import NotFound


def copies(session: Session, spectrum_id: str) -> Sequence[ObjectCopy]:
    """The versions made since, in their order."""
    query = select(ObjectCopy).where(ObjectCopy.spectrum_id == spectrum_id).order_by(ObjectCopy.seq)
    return session.scalars(query).all()


def copies_of_item(session: Session, item_id: str) -> Sequence[tuple[ObjectCopy, str]]:
    """The versions made since of an item's spectra, each with its key; the spectra's rows are locked by the caller."""
    query = (
        select(ObjectCopy, Spectrum.object_key)
        .join(Spectrum, Spectrum.id == ObjectCopy.spectrum_id)
        .where(Spectrum.item_id == item_id)
        .order_by(ObjectCopy.seq)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def _uncopied() -> Any:
    second = exists().where(ObjectCopy.spectrum_id == Spectrum.id, ObjectCopy.store == SECOND)
    return Spectrum.sha256.is_not(None), ~second


def uncopied(session: Session, most: int) -> Sequence[str]:
    """Ids of hashed spectra without a second copy, the oldest first."""
    return session.scalars(select(Spectrum.id).where(*_uncopied()).order_by(Spectrum.seq).limit(most)).all()


def count_uncopied(session: Session) -> int:
    """How many hashed spectra have no second copy."""
    return int(session.scalar(select(func.count()).select_from(Spectrum).where(*_uncopied())) or 0)


def count_copied(session: Session) -> int:
    """How many spectra have a second copy."""
    query = select(func.count(func.distinct(ObjectCopy.spectrum_id))).where(ObjectCopy.store == SECOND)
    return int(session.scalar(query) or 0)


def extent(session: Session) -> tuple[int, int, int]:
    """(largest number, how many, bytes) of the spectra whose bytes have been hashed."""
    query = select(
        func.coalesce(func.max(Spectrum.seq), 0), func.count(), func.coalesce(func.sum(Spectrum.size), 0)
    ).where(Spectrum.sha256.is_not(None))
    last, objects, size = session.execute(query).one()
    return int(last), int(objects), int(size)


def stored(session: Session, last: int) -> tuple[int, int, int]:
    """(how many, bytes) of the spectra that are stored, hashed already or not, and how many have a larger number than `last`."""
    later = func.count().filter(Spectrum.seq > last)
    query = select(func.count(), func.coalesce(func.sum(Spectrum.size), 0), later).select_from(Spectrum)
    objects, size, new = session.execute(query).one()
    return int(objects), int(size), int(new)


def next_to_scrub(session: Session, cursor: int, last: int) -> tuple[str, int] | None:
    """(id, number) of the next spectrum of a round, None at its end."""
    query = (
        select(Spectrum.id, Spectrum.seq)
        .where(Spectrum.seq > cursor, Spectrum.seq <= last, Spectrum.sha256.is_not(None))
        .order_by(Spectrum.seq)
        .limit(1)
    )
    row = session.execute(query).first()
    return None if row is None else (row[0], row[1])


def open_round(session: Session) -> ScrubRound | None:
    """The round that goes on."""
    return session.scalars(select(ScrubRound).where(ScrubRound.ended_at.is_(None))).first()


def last_round(session: Session) -> ScrubRound | None:
    """The round that ended last."""
    query = select(ScrubRound).where(ScrubRound.ended_at.is_not(None)).order_by(ScrubRound.seq.desc())
    return session.scalars(query.limit(1)).first()


def advance(
    session: Session, seq: int, cursor: int, to: int, *, size: int, wrong: int, now: datetime
) -> None:
    """Notes that a round has come from `cursor` to `to`; nothing where another process was faster."""
    session.execute(
        update(ScrubRound)
        .where(ScrubRound.seq == seq, ScrubRound.cursor == cursor, ScrubRound.ended_at.is_(None))
        .values(
            cursor=to,
            objects_done=ScrubRound.objects_done + 1,
            bytes_done=ScrubRound.bytes_done + size,
            mismatches=ScrubRound.mismatches + wrong,
            touched_at=now,
        )
    )


def advance_heads(session: Session, seq: int, done: int, *, size: int, wrong: int, now: datetime) -> None:
    """Notes that a round has checked copy `done + 1` of the heads; nothing where another process was faster."""
    session.execute(
        update(ScrubRound)
        .where(ScrubRound.seq == seq, ScrubRound.heads_done == done, ScrubRound.ended_at.is_(None))
        .values(
            heads_done=done + 1,
            bytes_done=ScrubRound.bytes_done + size,
            mismatches=ScrubRound.mismatches + wrong,
            touched_at=now,
        )
    )


def end_round(session: Session, seq: int, now: datetime) -> None:
    """Ends a round."""
    session.execute(
        update(ScrubRound)
        .where(ScrubRound.seq == seq, ScrubRound.ended_at.is_(None))
        .values(ended_at=now, touched_at=now)
    )


def totals(session: Session) -> tuple[int, int]:
    """(bytes, mismatches) over all rounds."""
    query = select(
        func.coalesce(func.sum(ScrubRound.bytes_done), 0), func.coalesce(func.sum(ScrubRound.mismatches), 0)
    )
    size, wrong = session.execute(query).one()
    return int(size), int(wrong)


def findings(query: dict[str, Any]) -> Select[Any]:
    """Findings, all or the open ones."""
    found = select(StoreFinding)
    if query.get("open") is not None:
        at = StoreFinding.closed_at
        found = found.where(at.is_(None) if query["open"] else at.is_not(None))
    return found


def findings_of(session: Session, spectrum_id: str) -> Sequence[StoreFinding]:
    """All findings of one spectrum, the oldest first."""
    query = select(StoreFinding).where(StoreFinding.spectrum_id == spectrum_id).order_by(StoreFinding.seq)
    return session.scalars(query).all()


def findings_of_head(session: Session, key: str) -> Sequence[StoreFinding]:
    """All findings of one copy of a head, the oldest first."""
    mine = StoreFinding.spectrum_id.is_(None), StoreFinding.filename == key
    return session.scalars(select(StoreFinding).where(*mine).order_by(StoreFinding.seq)).all()


def lock_finding(session: Session, finding_id: str) -> StoreFinding:
    """One finding, its row locked; raises NotFound."""
    row = session.scalars(select(StoreFinding).where(StoreFinding.id == finding_id).with_for_update()).first()
    if row is None:
        raise NotFound("There is no such finding.")
    return row


def count_open(session: Session) -> int:
    """How many findings are open."""
    return int(session.scalar(select(func.count()).where(StoreFinding.closed_at.is_(None))) or 0)


def last_canaries(session: Session, most: int) -> Sequence[StoreCanary]:
    """The latest attempts upon the locks, the newest first."""
    return session.scalars(select(StoreCanary).order_by(StoreCanary.seq.desc()).limit(most)).all()
