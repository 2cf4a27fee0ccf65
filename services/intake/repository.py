"""Queries of intake. What an office may see is decided in the query itself (E30)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy import insert as insert_rows
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.intake import repository_limits
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


def submissions(actor: Actor, filters: dict[str, Any]) -> Select[Any]:
    """Submissions that the actor may see; drafts are the office's own business, and the auditor's."""
    query = _visible(select(Submission), actor, Submission.office)
    if actor.role not in (Role.OFFICE, Role.AUDITOR):
        query = query.where(Submission.state != "draft")
    for name in ("state", "kind", "office"):
        if name in filters:
            query = query.where(getattr(Submission, name) == filters[name])
    if filters.get("receipt") == "awaited":
        query = query.where(repository_limits.awaits_receipt())
    words = filters.get("q", "").strip()
    if words:
        query = query.where(or_(Submission.number == words, Submission.tracking_number == words))
    return query


def submission(session: Session, actor: Actor, submission_id: str, *, lock: bool = False) -> Submission:
    """One submission that the actor may see; raises NotFound.

    With `lock` the row is read anew and locked: whoever decides about lines or discrepancies waits for whoever does so now.
    """
    query = submissions(actor, {}).where(Submission.id == submission_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalars(query).first()
    if row is None:
        raise NotFound("There is no such submission.")
    return row


def line_counts(session: Session, submission_ids: Sequence[str]) -> dict[str, int]:
    """How many lines each of the submissions has."""
    query = select(Line.submission_id, func.count()).where(Line.submission_id.in_(submission_ids))
    rows = session.execute(query.group_by(Line.submission_id))
    return {str(found): int(count) for found, count in rows}


def line_numbers(session: Session, submission_id: str) -> list[int]:
    """The numbers of a submission's lines."""
    return list(session.scalars(select(Line.line).where(Line.submission_id == submission_id)))


def line_fates(session: Session, submission_id: str) -> dict[int, tuple[str, str | None]]:
    """What became of each decided line: (outcome of the last receipt that named it, exhibit's id or None)."""
    joined = and_(Exhibit.submission_id == ReceiptLine.submission_id, Exhibit.line == ReceiptLine.line)
    query = (
        select(ReceiptLine.line, ReceiptLine.outcome, Exhibit.id)
        .outerjoin(Exhibit, joined)
        .where(ReceiptLine.submission_id == submission_id, ReceiptLine.line.is_not(None))
        .order_by(ReceiptLine.seq)
    )
    return {line: (outcome, found) for line, outcome, found in session.execute(query) if line is not None}


def manifest(session: Session, submission_id: str) -> Manifest | None:
    """The manifest of a dispatched submission."""
    return session.get(Manifest, submission_id)


def next_number(session: Session, series: str) -> int:
    """The next number of a series, without gap: the row stays locked until the caller's transaction ends."""
    return next_numbers(session, series, 1)[0]


def next_numbers(session: Session, series: str, count: int) -> range:
    """The next `count` numbers of a series, without gap; given back with everything else where the transaction fails."""
    statement = insert(Counter).values(series=series, last=count)
    raised = statement.on_conflict_do_update(index_elements=["series"], set_={"last": Counter.last + count})
    last = int(session.execute(raised.returning(Counter.last)).scalar_one())
    return range(last - count + 1, last + 1)


def add_rows(session: Session, model: type[Any], rows: list[dict[str, Any]]) -> None:
    """Inserts many rows of one table in few statements, in their order."""
    if rows:
        session.execute(insert_rows(model), rows)


def receipts(submission_id: str) -> Select[Any]:
    """The receipts of a submission."""
    return select(Receipt).where(Receipt.submission_id == submission_id)


def decided_lines(session: Session, submission_id: str) -> list[tuple[int, str]]:
    """(line, outcome) of every announced line that a receipt has named."""
    query = select(ReceiptLine.line, ReceiptLine.outcome).where(
        ReceiptLine.submission_id == submission_id, ReceiptLine.line.is_not(None)
    )
    return [(line, outcome) for line, outcome in session.execute(query) if line is not None]


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


def exhibits_with_lines(session: Session, exhibit_ids: Sequence[str]) -> Sequence[Any]:
    """(exhibit, its announced line or None) for each id that exists."""
    announced = (Line.submission_id == Exhibit.submission_id) & (Line.line == Exhibit.line)
    query = select(Exhibit, Line).outerjoin(Line, announced).where(Exhibit.id.in_(exhibit_ids))
    return session.execute(query).all()


def blocked_ids(session: Session, exhibit_ids: Sequence[str]) -> set[str]:
    """Those of the exhibits that have an open discrepancy."""
    query = select(Discrepancy.exhibit_id).where(
        Discrepancy.exhibit_id.in_(exhibit_ids), Discrepancy.state == "open"
    )
    return {str(found) for found in session.scalars(query)}


def open_ids(session: Session, exhibit_id: str) -> list[str]:
    """The open discrepancies of an exhibit."""
    query = select(Discrepancy.id).where(Discrepancy.exhibit_id == exhibit_id, Discrepancy.state == "open")
    return list(session.scalars(query.order_by(Discrepancy.seq)))


def of_receipts(session: Session, ids: Sequence[str]) -> list[str]:
    """Those of the discrepancies that a receipt found."""
    query = select(Discrepancy.id).where(Discrepancy.id.in_(list(ids)), Discrepancy.item_id.is_(None))
    return list(session.scalars(query))


def line(session: Session, submission_id: str, number: int | None) -> Line | None:
    """The announced line of an exhibit, None for what nobody announced."""
    return None if number is None else session.get(Line, (submission_id, number))


def discrepancies(actor: Actor, filters: dict[str, Any]) -> Select[Any]:
    """Discrepancies that the actor may see."""
    query = _visible(select(Discrepancy), actor, Discrepancy.office)
    for name in ("state", "code", "office", "submission_id", "exhibit_id"):
        if name in filters:
            query = query.where(getattr(Discrepancy, name) == filters[name])
    return query


def discrepancy(session: Session, actor: Actor, discrepancy_id: str, *, anew: bool = False) -> Discrepancy:
    """One discrepancy that the actor may see, with `anew` as the database has it now; raises NotFound."""
    query = discrepancies(actor, {}).where(Discrepancy.id == discrepancy_id)
    row = session.scalars(query.execution_options(populate_existing=anew)).first()
    if row is None:
        raise NotFound("There is no such discrepancy.")
    return row


def open_missing(session: Session, submission_id: str, lines: Sequence[int]) -> Sequence[Discrepancy]:
    """Open discrepancies that say that one of these lines is missing."""
    query = select(Discrepancy).where(
        Discrepancy.submission_id == submission_id,
        Discrepancy.line.in_(lines),
        Discrepancy.code == "missing",
        Discrepancy.state == "open",
    )
    return session.scalars(query).all()


def given_up_lines(session: Session, submission_id: str) -> list[int]:
    """Lines that a reviewer has accepted as missing."""
    query = select(Discrepancy.line).where(
        Discrepancy.submission_id == submission_id,
        Discrepancy.code == "missing",
        Discrepancy.state == "resolved",
    )
    return [line for line in session.scalars(query) if line is not None]


def offices(actor: Actor) -> Select[Any]:
    """Offices that the actor may know of: an office knows itself."""
    return _visible(select(Office), actor, Office.code)


def office(session: Session, code: str) -> Office:
    """One office; raises NotFound."""
    row = session.get(Office, code)
    if row is None:
        raise NotFound(f"There is no office {code!r}.")
    return row


def office_totals(session: Session, code: str, start: date, end: date) -> OfficeTotal | None:
    """What the office told of exactly this period."""
    return session.get(OfficeTotal, (code, start, end))
