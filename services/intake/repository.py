"""Queries of intake. What an office may see is decided in the query itself (E30)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.intake.models import (
    Counter,
    Discrepancy,
    Exhibit,
    Line,
    Manifest,
    Office,
    OfficeTotal,
    Receipt,
    ReceiptLine,
    Submission,
)
from shared.actor import Actor, Role
from shared.errors import NotFound


def _own(actor: Actor, office: InstrumentedAttribute[str]) -> ColumnElement[bool] | None:
    """The condition that keeps an office to itself; None for those who see all."""
    if actor.role is not Role.OFFICE:
        return None
    return office == actor.office if actor.office else false()


def _visible(query: Select[Any], actor: Actor, office: InstrumentedAttribute[str]) -> Select[Any]:
    own = _own(actor, office)
    return query if own is None else query.where(own)


def submissions(actor: Actor) -> Select[Any]:
    """Submissions that the actor may see; drafts are the office's own business, and the auditor's."""
    query = _visible(select(Submission), actor, Submission.office)
    return query if actor.role in (Role.OFFICE, Role.AUDITOR) else query.where(Submission.state != "draft")


def submission(session: Session, actor: Actor, submission_id: str, *, lock: bool = False) -> Submission:
    """One submission that the actor may see; raises NotFound."""
    query = submissions(actor).where(Submission.id == submission_id)
    row = session.scalars(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound("There is no such submission.")
    return row


def manifest(session: Session, submission_id: str) -> Manifest | None:
    """The manifest of a dispatched submission."""
    return session.get(Manifest, submission_id)


def next_number(session: Session, series: str) -> int:
    """The next number of a series, without gap: the row stays locked until the caller's transaction ends."""
    statement = insert(Counter).values(series=series, last=1)
    statement = statement.on_conflict_do_update(index_elements=["series"], set_={"last": Counter.last + 1})
    number = session.execute(statement.returning(Counter.last)).scalar_one()
    return int(number)


def receipts(submission_id: str) -> Select[Any]:
    """The receipts of a submission."""
    return select(Receipt).where(Receipt.submission_id == submission_id)


def receipt_lines(session: Session, submission_id: str) -> Sequence[ReceiptLine]:
    """What was received so far of a submission."""
    query = select(ReceiptLine).where(ReceiptLine.submission_id == submission_id).order_by(ReceiptLine.seq)
    return session.scalars(query).all()


def receipt_parts(
    session: Session, receipt_ids: Sequence[str]
) -> tuple[list[ReceiptLine], list[Exhibit], list[Discrepancy]]:
    """Lines, exhibits and discrepancies of these receipts."""
    lines = session.scalars(
        select(ReceiptLine).where(ReceiptLine.receipt_id.in_(receipt_ids)).order_by(ReceiptLine.seq)
    )
    exhibits = session.scalars(
        select(Exhibit).where(Exhibit.receipt_id.in_(receipt_ids)).order_by(Exhibit.seq)
    )
    found = session.scalars(
        select(Discrepancy).where(Discrepancy.receipt_id.in_(receipt_ids)).order_by(Discrepancy.seq)
    )
    return list(lines), list(exhibits), list(found)


def is_blocked() -> ColumnElement[bool]:
    """Whether an exhibit has an open discrepancy, as a condition on Exhibit."""
    return exists().where(Discrepancy.exhibit_id == Exhibit.id, Discrepancy.state == "open")


def exhibits(actor: Actor, filters: dict[str, Any]) -> Select[Any]:
    """Exhibits that the actor may see and that fit the filters."""
    query = _visible(select(Exhibit), actor, Exhibit.office)
    for name in ("programme", "kind", "office", "submission_id"):
        if name in filters:
            query = query.where(getattr(Exhibit, name) == filters[name])
    if "state" in filters:
        query = query.where(is_blocked() if filters["state"] == "blocked" else ~is_blocked())
    words = filters.get("q", "").strip()
    if words:
        pattern = "%" + words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
        columns = (Exhibit.number, Exhibit.case_number, Exhibit.seal_number, Exhibit.description)
        query = query.where(or_(Exhibit.item_id == words, *(column.ilike(pattern) for column in columns)))
    return query


def exhibit(session: Session, actor: Actor, exhibit_id: str) -> Exhibit:
    """One exhibit that the actor may see; raises NotFound."""
    row = session.scalars(
        _visible(select(Exhibit), actor, Exhibit.office).where(Exhibit.id == exhibit_id)
    ).first()
    if row is None:
        raise NotFound("There is no such exhibit.")
    return row


def lock_exhibit(session: Session, exhibit_id: str) -> None:
    """Lets one transaction at a time decide whether an exhibit's last discrepancy is resolved."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"exhibit:{exhibit_id}"))))


def blocked_ids(session: Session, exhibit_ids: Sequence[str]) -> set[str]:
    """Those of the exhibits that have an open discrepancy."""
    query = select(Discrepancy.exhibit_id).where(
        Discrepancy.exhibit_id.in_(exhibit_ids), Discrepancy.state == "open"
    )
    return {str(found) for found in session.scalars(query)}


def line(session: Session, submission_id: str, number: int | None) -> Line | None:
    """The announced line of an exhibit, None for what nobody announced."""
    return None if number is None else session.get(Line, (submission_id, number))


def discrepancies(actor: Actor, filters: dict[str, Any]) -> Select[Any]:
    """Discrepancies that the actor may see."""
    query = _visible(select(Discrepancy), actor, Discrepancy.office)
    for name in ("state", "submission_id"):
        if name in filters:
            query = query.where(getattr(Discrepancy, name) == filters[name])
    return query


def discrepancy(session: Session, actor: Actor, discrepancy_id: str) -> Discrepancy:
    """One discrepancy, locked; raises NotFound."""
    query = discrepancies(actor, {}).where(Discrepancy.id == discrepancy_id).with_for_update()
    row = session.scalars(query).first()
    if row is None:
        raise NotFound("There is no such discrepancy.")
    return row


def open_missing(session: Session, submission_id: str, number: int) -> Sequence[Discrepancy]:
    """Open discrepancies that say that this line is missing, locked."""
    query = select(Discrepancy).where(
        Discrepancy.submission_id == submission_id,
        Discrepancy.line == number,
        Discrepancy.code == "missing",
        Discrepancy.state == "open",
    )
    return session.scalars(query.with_for_update()).all()


def offices() -> Select[Any]:
    """All offices: their names are no secret."""
    return select(Office)


def office(session: Session, code: str) -> Office:
    """One office; raises NotFound."""
    row = session.get(Office, code)
    if row is None:
        raise NotFound(f"There is no office {code!r}.")
    return row


def office_totals(session: Session, code: str, start: date, end: date) -> OfficeTotal | None:
    """What the office told of exactly this period."""
    return session.get(OfficeTotal, (code, start, end))
