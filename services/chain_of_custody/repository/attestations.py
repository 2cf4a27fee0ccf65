"""Cosignatures, time stamps and copies of the log's heads, and how the last attempts to have them ended."""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import exists, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.chain_of_custody.models import LogCheckpoint
from services.chain_of_custody.models_ledger import LogAttempt, LogCopy, LogCosignature, LogTimestamp

#: Kinds of attempts; a contradiction is a witness that has seen another log than this one.
WITNESS, AUTHORITY, STORE, CONTRADICTION = "witness", "authority", "store", "contradiction"


def try_to_copy(session: Session) -> bool:
    """True for the one transaction that may copy heads now; the lock ends with the transaction."""
    query = text("SELECT pg_try_advisory_xact_lock(hashtext('siglab:ledger-copies'))")
    return bool(session.execute(query).scalar())


def head_of_size(session: Session, size: int) -> LogCheckpoint | None:
    """The head of exactly this size."""
    return session.get(LogCheckpoint, size)


def newest_copy(session: Session) -> LogCopy | None:
    """The last copy that was made."""
    return session.scalars(select(LogCopy).order_by(LogCopy.number.desc()).limit(1)).first()


def copy(session: Session, number: int) -> LogCopy | None:
    """One copy's row."""
    return session.get(LogCopy, number)


def add_copy(session: Session, copy: LogCopy) -> None:
    """Remembers a copy."""
    session.add(copy)


def add_cosignature(session: Session, *, size: int, witness: str, line: str, cosigned_at: datetime) -> None:
    """Keeps a witness's line under a head; the same again is not kept twice."""
    values = {"size": size, "witness": witness, "line": line, "cosigned_at": cosigned_at}
    session.execute(insert(LogCosignature).values(values).on_conflict_do_nothing())


def cosignatures(session: Session, size: int) -> list[LogCosignature]:
    """The lines under the head of this size."""
    query = select(LogCosignature).where(LogCosignature.size == size).order_by(LogCosignature.witness)
    return list(session.scalars(query))


def all_cosignatures(session: Session, batch: int) -> Iterator[tuple[LogCosignature, str]]:
    """Every line with the signed note that it stands under, without holding them all in memory."""
    query = (
        select(LogCosignature, LogCheckpoint.note)
        .join(LogCheckpoint, LogCheckpoint.size == LogCosignature.size)
        .order_by(LogCosignature.size, LogCosignature.witness)
        .execution_options(yield_per=batch)
    )
    for part in session.execute(query).partitions():
        yield from ((row[0], row[1]) for row in part)


def newest_cosignature(session: Session, witness: str) -> LogCosignature | None:
    """What this witness cosigned last."""
    query = select(LogCosignature).where(LogCosignature.witness == witness)
    return session.scalars(query.order_by(LogCosignature.size.desc()).limit(1)).first()


def newest_cosigned_size(session: Session) -> int | None:
    """The size of the largest head that a witness has cosigned."""
    return session.scalar(select(func.max(LogCosignature.size)))


def best_attested_size(session: Session, least: int, witnesses: Collection[str]) -> int | None:
    """The size of the head of at least `least` entries that most of these witnesses cosigned: the largest of those that are
    time-stamped too, or else the largest.

    Where none of them cosigned such a head, the same of those that any witness cosigned, and then of those that are stamped.
    """
    stamped = exists().where(LogTimestamp.size == LogCosignature.size)
    heads = select(LogCosignature.size).where(LogCosignature.size >= least)
    heads = heads.group_by(LogCosignature.size).order_by(LogCosignature.size.desc()).limit(1)
    mine = heads.where(LogCosignature.witness.in_(witnesses))
    queries = [mine.having(func.count() == most) for most in range(len(witnesses), 0, -1)] + [heads]
    for query in queries:
        for narrowed in (query.where(stamped), query):
            size = session.scalar(narrowed)
            if size is not None:
                return size
    return session.scalar(select(func.max(LogTimestamp.size)).where(LogTimestamp.size >= least))


def fully_cosigned_size(session: Session, witnesses: Collection[str]) -> int | None:
    """The size of the largest head that all of these witnesses cosigned."""
    query = (
        select(LogCosignature.size).where(LogCosignature.witness.in_(witnesses)).group_by(LogCosignature.size)
    )
    query = query.having(func.count() == len(witnesses)).order_by(LogCosignature.size.desc())
    return session.scalar(query.limit(1))


def add_timestamp(session: Session, *, size: int, authority: str, token: bytes, stamped_at: datetime) -> None:
    """Keeps an authority's stamp over a head."""
    values = {"size": size, "authority": authority, "token": token, "stamped_at": stamped_at}
    session.execute(insert(LogTimestamp).values(values).on_conflict_do_nothing())


def timestamps_of(session: Session, size: int) -> list[LogTimestamp]:
    """The stamps over the head of this size."""
    query = select(LogTimestamp).where(LogTimestamp.size == size).order_by(LogTimestamp.authority)
    return list(session.scalars(query))


def newest_timestamp(session: Session) -> LogTimestamp | None:
    """The stamp over the largest head that has one."""
    return session.scalars(select(LogTimestamp).order_by(LogTimestamp.size.desc()).limit(1)).first()


def all_timestamps(session: Session, batch: int) -> Iterator[tuple[LogTimestamp, str]]:
    """Every stamp with the signed note that it is over."""
    query = (
        select(LogTimestamp, LogCheckpoint.note)
        .join(LogCheckpoint, LogCheckpoint.size == LogTimestamp.size)
        .order_by(LogTimestamp.size)
        .execution_options(yield_per=batch)
    )
    for part in session.execute(query).partitions():
        yield from ((row[0], row[1]) for row in part)


def note_attempt(
    session: Session, kind: str, name: str, *, tried_at: datetime, size: int | None, error: str | None
) -> None:
    """How the attempt ended: `error` is None where it succeeded, `size` what the other side has or knows."""
    values = {"kind": kind, "name": name, "tried_at": tried_at, "size": size, "error": error}
    statement = insert(LogAttempt).values(values)
    changed = {column: values[column] for column in ("tried_at", "size", "error")}
    session.execute(statement.on_conflict_do_update(index_elements=["kind", "name"], set_=changed))


def attempt(session: Session, kind: str, name: str) -> LogAttempt | None:
    """How the last attempt ended."""
    return session.get(LogAttempt, (kind, name))


def attempts(session: Session, kind: str) -> list[LogAttempt]:
    """How the last attempts of this kind ended."""
    query = select(LogAttempt).where(LogAttempt.kind == kind).order_by(LogAttempt.name)
    return list(session.scalars(query))
