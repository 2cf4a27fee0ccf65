"""Queries behind time limits: arrivals, calendars, shipments without receipt."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, text, tuple_
from sqlalchemy.orm import Session

from services.intake.models import Discrepancy, Exhibit, Line, Receipt, ReceiptLine, Submission
from services.intake.models_limits import Arrival, Calendar

_ON_THE_WAY = ("dispatched", "partially_received")


def awaits_receipt() -> ColumnElement[bool]:
    """Whether a submission was sent and some line of it was never decided by a receipt, as a condition on Submission (E6)."""
    decided = exists().where(ReceiptLine.submission_id == Line.submission_id, ReceiptLine.line == Line.line)
    undecided = exists().where(Line.submission_id == Submission.id, ~decided)
    return and_(Submission.state.in_(_ON_THE_WAY), undecided)


def arrivals(submission_id: str) -> Select[Any]:
    """The arrivals of a submission's parcels."""
    return select(Arrival).where(Arrival.submission_id == submission_id)


def last_arrivals(session: Session, submission_ids: Sequence[str]) -> dict[str, datetime]:
    """When the last parcel of each of these submissions came."""
    query = select(Arrival.submission_id, func.max(Arrival.arrived_at))
    rows = session.execute(
        query.where(Arrival.submission_id.in_(submission_ids)).group_by(Arrival.submission_id)
    )
    return {str(found): moment for found, moment in rows}


def shipments() -> Select[Any]:
    """Submissions that wait for a receipt, or of which something arrived that no receipt has confirmed since."""
    return select(Submission).where(or_(awaits_receipt(), _unconfirmed_arrival().exists()))


def unconfirmed_arrivals(session: Session, submission_ids: Sequence[str]) -> dict[str, datetime]:
    """When the first parcel that no receipt has confirmed since came, by submission."""
    query = (
        select(Submission.id, func.min(Arrival.arrived_at))
        .join(Arrival, Arrival.submission_id == Submission.id)
        .where(Submission.id.in_(submission_ids), ~_confirmed())
        .group_by(Submission.id)
    )
    return {str(found): moment for found, moment in session.execute(query)}


def _unconfirmed_arrival() -> Select[Any]:
    return select(Arrival.id).where(Arrival.submission_id == Submission.id, ~_confirmed())


def _confirmed() -> ColumnElement[bool]:
    """Whether a receipt was made after an arrival was recorded; both are recorded under the lock of their submission."""
    return exists().where(
        Receipt.submission_id == Arrival.submission_id, Receipt.recorded_at >= Arrival.recorded_at
    )


def awaiting_ids(session: Session, submission_ids: Sequence[str]) -> set[str]:
    """Those of the submissions that wait for a receipt."""
    query = select(Submission.id).where(Submission.id.in_(submission_ids), awaits_receipt())
    return {str(found) for found in session.scalars(query)}


def open_discrepancies() -> Select[Any]:
    """Discrepancies that wait for a reviewer."""
    return select(Discrepancy).where(Discrepancy.state == "open")


def labels_of_discrepancies(
    session: Session, rows: Sequence[Discrepancy]
) -> tuple[dict[str, Exhibit], dict[str, str]]:
    """The exhibits that discrepancies are about, by id, and the numbers of their submissions, by id."""
    exhibit_ids = [row.exhibit_id for row in rows if row.exhibit_id is not None]
    exhibits = session.scalars(select(Exhibit).where(Exhibit.id.in_(exhibit_ids)))
    query = select(Submission.id, Submission.number)
    numbers = session.execute(query.where(Submission.id.in_({row.submission_id for row in rows})))
    return {row.id: row for row in exhibits}, {str(found): str(number) for found, number in numbers}


def lock_calendar(session: Session, code: str) -> None:
    """Whoever changes a calendar waits for whoever changes it now."""
    lock = text("SELECT pg_advisory_xact_lock(hashtext(:name))")
    session.execute(lock, {"name": f"intake:calendar:{code}"})


def calendar(session: Session, code: str) -> Calendar | None:
    """The newest version of a calendar; None where none was ever set."""
    query = select(Calendar).where(Calendar.code == code).order_by(Calendar.version.desc()).limit(1)
    return session.scalars(query).first()


def calendars(session: Session) -> list[Calendar]:
    """The newest version of every calendar."""
    newest = select(Calendar.code, func.max(Calendar.version)).group_by(Calendar.code)
    query = select(Calendar).where(tuple_(Calendar.code, Calendar.version).in_(newest))
    return list(session.scalars(query.order_by(Calendar.code)))
