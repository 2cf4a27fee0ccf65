"""Queries of runs and of what was found in them, version by version."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import DateTime, Select, cast, func, or_, select
from sqlalchemy.orm import Session, aliased

from services.classifier.domain.run_role import OF_THE_ITEM
from services.classifier.models import RunProfile, Spectrum, TraceRow

Found = tuple[RunProfile, Spectrum]


def newest_profiles() -> Select[RunProfile, Spectrum]:
    """(RunProfile, Spectrum): what holds of every run and programme, the last version of it."""
    later = aliased(RunProfile)
    newer = select(later.id).where(
        later.spectrum_id == RunProfile.spectrum_id,
        later.programme == RunProfile.programme,
        later.seq > RunProfile.seq,
    )
    joined = select(RunProfile, Spectrum).join(Spectrum, Spectrum.id == RunProfile.spectrum_id)
    return joined.where(~newer.exists())


def runs_of_items(session: Session, programme: str, item_ids: Sequence[str]) -> list[Found]:
    """The runs of items and, for an exhibit, of its aliquots, in the order in which they were stored; no blanks or controls."""
    ours = or_(RunProfile.item_id.in_(item_ids), RunProfile.root_id.in_(item_ids))
    query = newest_profiles().where(RunProfile.programme == programme, ours)
    rows = session.execute(query.where(Spectrum.run_role.in_(OF_THE_ITEM)).order_by(Spectrum.seq))
    return [(row.RunProfile, row.Spectrum) for row in rows]


def runs_of_instrument(
    session: Session,
    programme: str,
    instrument: str,
    method: str,
    *,
    roles: Sequence[str],
    until: datetime | None = None,
    since: datetime | None = None,
    last: int | None = None,
) -> list[Found]:
    """Runs of an instrument and a method from `since` to `until`, oldest first; the `last` so many of them."""
    at = acquired()
    query = newest_profiles().where(
        RunProfile.programme == programme,
        Spectrum.instrument == instrument,
        Spectrum.method == method,
        Spectrum.run_role.in_(roles),
    )
    if until is not None:
        query = query.where(at <= until)
    if since is not None:
        query = query.where(at >= since)
    query = query.order_by(at.desc(), Spectrum.seq.desc())
    rows = session.execute(query.limit(last) if last is not None else query).all()
    return [(row.RunProfile, row.Spectrum) for row in reversed(rows)]


def acquired() -> Any:
    """When a run was acquired, as a time."""
    return cast(Spectrum.acquired_at, DateTime(timezone=True))


def around(moment: datetime, hours: float) -> tuple[datetime, datetime]:
    """From so many hours before to so many after."""
    return moment - timedelta(hours=hours), moment + timedelta(hours=hours)


def versions(spectrum_id: str, programme: str | None = None) -> Select[Any]:
    """Every version of what was found in a run."""
    query = select(RunProfile).where(RunProfile.spectrum_id == spectrum_id)
    return query if programme is None else query.where(RunProfile.programme == programme)


def last_version(session: Session, spectrum_id: str, programme: str) -> RunProfile | None:
    """The version that holds, or None where the programme's method found nothing to do with the run."""
    query = versions(spectrum_id, programme).order_by(RunProfile.seq.desc()).limit(1)
    return session.scalars(query).first()


def next_version(session: Session, spectrum_id: str, programme: str) -> int:
    """One more than the last; the caller holds the lock on the run's row."""
    query = select(func.max(RunProfile.version)).where(
        RunProfile.spectrum_id == spectrum_id, RunProfile.programme == programme
    )
    return (session.scalar(query) or 0) + 1


def kept_channels(session: Session, spectrum_id: str) -> list[str]:
    """Names of the traces that were kept of a run."""
    query = select(TraceRow.channel).where(TraceRow.spectrum_id == spectrum_id).order_by(TraceRow.channel)
    return list(session.scalars(query))


def ion_trace_rows(session: Session, spectrum_id: str) -> Sequence[TraceRow]:
    """The kept traces of single masses."""
    query = select(TraceRow).where(TraceRow.spectrum_id == spectrum_id, TraceRow.channel.startswith("mz:"))
    return session.scalars(query).all()


def integrators(session: Session, programme: str, item_id: str) -> set[str]:
    """Who integrated again what an item's profile is made of."""
    mine = or_(RunProfile.item_id == item_id, RunProfile.root_id == item_id)
    query = select(RunProfile.integrated_by).where(
        RunProfile.programme == programme, mine, RunProfile.integrated_by.is_not(None)
    )
    return {login for login in session.scalars(query) if login is not None}
