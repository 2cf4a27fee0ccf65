"""Receipt of a parcel: every line decided once, exhibits numbered, discrepancies opened, custody told; one transaction."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from services.intake import repository
from services.intake.domain.compare_receipt import Announced, Seen
from services.intake.domain.numbers import exhibit_number, receipt_number
from services.intake.domain.plan_receipt import Arrival, History, plan_receipt, submission_state
from services.intake.models import Discrepancy, Exhibit, Line, Receipt, ReceiptLine, Submission
from services.intake.service.tell_custody import tell_of_exhibits
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict
from shared.http.lists import paginate
from shared.identifiers import new_id

READERS = (Role.OFFICE, *LABORATORY, Role.AUDITOR)


def make_receipt(
    actor: Actor, uow: UnitOfWork, submission_id: str, body: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Makes a receipt of what came now; lines that are not named stay expected."""
    require(actor, Role.CUSTODIAN)
    row = repository.submission(uow.session, actor, submission_id, lock=True)
    if row.state == "draft":
        raise Conflict("This submission was not dispatched yet.", code="not_dispatched")
    things = [*body["lines"], *({**thing, "outcome": "received"} for thing in body["unexpected"])]
    arrivals, history = plan_receipt(_announced(row), _history(uow, row), [_seen(thing) for thing in things])
    receipt = _add_receipt(actor, uow, row, body.get("received_at") or now, now)
    exhibits = _add_exhibits(uow, row, receipt, things, arrivals)
    _add_lines(uow, receipt, things)
    blocked = _open_discrepancies(uow, row, receipt, arrivals, exhibits)
    given_up = repository.given_up_lines(uow.session, row.id)
    row.state = submission_state((item.line for item in row.items), history.arrived, given_up)
    row.version += 1
    uow.session.flush()
    tell_of_exhibits(uow, row, receipt, [exhibit for exhibit in exhibits if exhibit is not None], blocked)
    return describe(uow, [receipt])[0]


def list_receipts(
    actor: Actor, uow: UnitOfWork, submission_id: str, *, limit: int, cursor: int | None
) -> dict[str, Any]:
    """The receipts of a submission, as both ends see them (E6)."""
    require(actor, *READERS)
    row = repository.submission(uow.session, actor, submission_id)
    page = paginate(uow.session, repository.receipts(row.id), Receipt.seq, limit=limit, cursor=cursor)
    return {**page, "items": describe(uow, page["items"])}


def describe(uow: UnitOfWork, receipts: list[Receipt]) -> list[dict[str, Any]]:
    """Receipts with their lines, exhibits and discrepancies."""
    lines, exhibits, found = repository.receipt_parts(uow.session, [receipt.id for receipt in receipts])
    parts = {receipt.id: _Parts() for receipt in receipts}
    for line in lines:
        parts[line.receipt_id]["lines"].append(line)
    for exhibit in exhibits:
        parts[exhibit.receipt_id]["exhibits"].append(exhibit)
    for discrepancy in found:
        parts[str(discrepancy.receipt_id)]["discrepancies"].append(discrepancy)
    return [
        {**{name: getattr(receipt, name) for name in _RECEIPT}, **parts[receipt.id]} for receipt in receipts
    ]


class _Parts(dict[str, list[Any]]):
    """What hangs on one receipt."""

    def __init__(self) -> None:
        super().__init__(lines=[], exhibits=[], discrepancies=[])


_RECEIPT = ("id", "number", "submission_id", "received_by", "received_by_name", "received_at", "recorded_at")


def _announced(row: Submission) -> dict[int, Announced]:
    return {item.line: Announced(item.line, item.gross_mass_g, item.seal_number) for item in row.items}


def _history(uow: UnitOfWork, row: Submission) -> History:
    return History.of(repository.decided_lines(uow.session, row.id))


def _seen(thing: dict[str, Any]) -> Seen:
    mass = thing["gross_mass_g"]
    grams = None if mass is None else Decimal(str(mass))
    return Seen(thing.get("line"), thing["outcome"], grams, thing["seal_condition"])


def _add_receipt(
    actor: Actor, uow: UnitOfWork, row: Submission, received_at: datetime, now: datetime
) -> Receipt:
    place = repository.next_number(uow.session, f"receipt:{now.year}")
    receipt = Receipt(
        id=new_id(), number=receipt_number(now.year, place), submission_id=row.id, received_by=actor.login,
        received_by_name=actor.name, received_at=received_at, recorded_at=now,
    )  # fmt: skip
    uow.session.add(receipt)
    uow.session.flush()
    return receipt


def _add_exhibits(
    uow: UnitOfWork, row: Submission, receipt: Receipt, things: list[dict[str, Any]], arrivals: list[Arrival]
) -> list[Exhibit | None]:
    """An exhibit with a number for each thing that came; None in the place of what is missing."""
    lines = {item.line: item for item in row.items}
    year, count = receipt.recorded_at.year, sum(arrival.is_exhibit for arrival in arrivals)
    places = iter(repository.next_numbers(uow.session, f"exhibit:{year}", count)) if count else iter(())
    exhibits = [
        _exhibit(row, receipt, exhibit_number(year, next(places)), lines.get(thing.get("line", 0)), thing)
        if arrival.is_exhibit
        else None
        for thing, arrival in zip(things, arrivals, strict=True)
    ]
    uow.session.add_all(exhibit for exhibit in exhibits if exhibit is not None)
    uow.session.flush()
    return exhibits


def _exhibit(
    row: Submission, receipt: Receipt, number: str, line: Line | None, thing: dict[str, Any]
) -> Exhibit:
    """An exhibit; what nobody announced is never an authentic, since nobody vouches for its origin."""
    told: dict[str, Any] | Line = thing if line is None else line
    known = told.get if isinstance(told, dict) else lambda name: getattr(told, name)
    return Exhibit(
        id=new_id(), number=number, submission_id=row.id, receipt_id=receipt.id, line=known("line"), office=row.office,
        kind="seizure" if line is None else row.kind, programme=known("programme"), description=known("description"),
        physical_form=known("physical_form"), gross_mass_g=thing["gross_mass_g"], seal_number=known("seal_number"),
        seal_condition=thing["seal_condition"], case_number=known("case_number"), received_by=receipt.received_by,
        received_at=receipt.received_at,
    )  # fmt: skip


def _add_lines(uow: UnitOfWork, receipt: Receipt, things: list[dict[str, Any]]) -> None:
    names = ("outcome", "gross_mass_g", "seal_condition", "remarks")
    rows = [
        {"id": new_id(), "receipt_id": receipt.id, "submission_id": receipt.submission_id, "line": thing.get("line"),
         **{name: thing[name] for name in names}}
        for thing in things
    ]  # fmt: skip
    repository.add_rows(uow.session, ReceiptLine, rows)


def _open_discrepancies(
    uow: UnitOfWork,
    row: Submission,
    receipt: Receipt,
    arrivals: list[Arrival],
    exhibits: list[Exhibit | None],
) -> set[str]:
    """Opens what does not fit; returns the ids of the exhibits on which work waits.

    A parcel that was missing and came later takes its open discrepancy along: how it was lost is for a reviewer to say (E5).
    """
    rows, blocked, late = [], set(), {}
    for arrival, exhibit in zip(arrivals, exhibits, strict=True):
        if exhibit is not None and arrival.findings:
            blocked.add(exhibit.id)
        if exhibit is not None and arrival.late:
            late[arrival.seen.line] = exhibit.id
        rows += [
            {"id": new_id(), "code": finding.code, "detail": finding.detail, "office": row.office, "state": "open",
             "submission_id": row.id, "receipt_id": receipt.id, "exhibit_id": exhibit and exhibit.id,
             "line": arrival.seen.line, "opened_at": receipt.recorded_at}
            for finding in arrival.findings
        ]  # fmt: skip
    repository.add_rows(uow.session, Discrepancy, rows)
    for found in repository.open_missing(uow.session, row.id, [line for line in late if line is not None]):
        found.exhibit_id = late[found.line]
        blocked.add(late[found.line])
    return blocked
