"""Receipt of a parcel: every line decided once, exhibits numbered, discrepancies opened, custody told; one transaction."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.intake import repository
from services.intake.domain.compare_receipt import Finding, compare, submission_state
from services.intake.domain.numbers import exhibit_number, receipt_number
from services.intake.models import Discrepancy, Exhibit, Line, Receipt, ReceiptLine, Submission
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, FieldError, Invalid
from shared.http.lists import paginate
from shared.http.schemas import format_time
from shared.identifiers import new_id

READERS = (Role.OFFICE, *LABORATORY, Role.AUDITOR)


@dataclass(frozen=True)
class _Arrival:
    """One parcel in hand: the announced line (None for an unexpected one) and what was seen."""

    line: Line | None
    seen: dict[str, Any]
    findings: list[Finding]


def make_receipt(
    actor: Actor, uow: UnitOfWork, submission_id: str, body: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Makes a receipt of what came now; lines that are not named stay expected."""
    require(actor, Role.CUSTODIAN)
    row = repository.submission(uow.session, actor, submission_id, lock=True)
    if row.state == "draft":
        raise Conflict("This submission was not dispatched yet.", code="not_dispatched")
    arrived, missing = _settled(uow, row)
    _require_undecided(row, body["lines"], arrived, missing)
    place = repository.next_number(uow.session, f"receipt:{now.year}")
    receipt = Receipt(
        id=new_id(), number=receipt_number(now.year, place), submission_id=row.id, received_by=actor.login,
        received_by_name=actor.name, received_at=body.get("received_at") or now, recorded_at=now,
    )  # fmt: skip
    uow.session.add(receipt)
    uow.session.flush()
    opened = [_receive(uow, actor, row, receipt, arrival, now) for arrival in _arrivals(row, body)]
    arrived |= {line["line"] for line in body["lines"] if line["outcome"] != "missing"}
    missing |= {line["line"] for line in body["lines"] if line["outcome"] == "missing"}
    row.state = submission_state({item.line for item in row.items}, missing, arrived)
    row.version += 1
    uow.session.flush()
    _tell_custody(uow, row, receipt, [exhibit for exhibit in opened if exhibit is not None])
    return describe(uow, [receipt])[0]


def list_receipts(
    actor: Actor, uow: UnitOfWork, submission_id: str, *, limit: int, cursor: int | None
) -> dict[str, Any]:
    """The receipts of a submission, as both ends see them."""
    require(actor, *READERS)
    row = repository.submission(uow.session, actor, submission_id)
    page = paginate(uow.session, repository.receipts(row.id), Receipt.seq, limit=limit, cursor=cursor)
    return {**page, "items": describe(uow, page["items"])}


def keep_item_ids(uow: UnitOfWork, body: dict[str, Any], answer: dict[str, Any]) -> None:
    """What intake does with custody's answer to opened items: remembers their ids."""
    del body
    for pair in answer["items"]:
        exhibit = uow.session.get_one(Exhibit, pair["exhibit_id"])
        exhibit.item_id = pair["item_id"]


def _settled(uow: UnitOfWork, row: Submission) -> tuple[set[int], set[int]]:
    lines = [line for line in repository.receipt_lines(uow.session, row.id) if line.line is not None]
    arrived = {line.line for line in lines if line.outcome != "missing" and line.line is not None}
    return arrived, {line.line for line in lines if line.line is not None}


def _require_undecided(
    row: Submission, lines: list[dict[str, Any]], arrived: set[int], missing: set[int]
) -> None:
    announced = {item.line for item in row.items}
    errors: list[FieldError] = []
    decided: list[int] = []
    for place, line in enumerate(lines):
        number = line["line"]
        if number not in announced:
            message = f"{row.number} has no line {number}; what nobody announced goes to 'unexpected'."
            errors.append(FieldError(pointer=f"/lines/{place}/line", message=message))
        elif number in arrived or (number in missing and line["outcome"] == "missing"):
            decided.append(number)
    if errors:
        raise Invalid(errors[0]["message"], errors=errors)
    if decided:
        words = ", ".join(str(number) for number in decided[:20])
        raise Conflict(f"Already received or decided: line {words}.", code="already_received")


def _arrivals(row: Submission, body: dict[str, Any]) -> list[_Arrival]:
    announced = {item.line: item for item in row.items}
    found = []
    for seen in body["lines"]:
        line = announced[seen["line"]]
        mass = None if seen["gross_mass_g"] is None else Decimal(str(seen["gross_mass_g"]))
        findings = compare(line.gross_mass_g, line.seal_number, seen["outcome"], mass, seen["seal_condition"])
        found.append(_Arrival(line, seen, findings))
    for seen in body["unexpected"]:
        finding = Finding("unexpected", "The parcel held this exhibit, which nobody announced.")
        found.append(_Arrival(None, {**seen, "outcome": "received"}, [finding]))
    return found


def _receive(
    uow: UnitOfWork, actor: Actor, row: Submission, receipt: Receipt, arrival: _Arrival, now: datetime
) -> Exhibit | None:
    """Records one arrival; gives the exhibit, or None where the parcel is missing."""
    seen, line = arrival.seen, arrival.line
    number = None if line is None else line.line
    uow.session.add(
        ReceiptLine(
            id=new_id(), receipt_id=receipt.id, submission_id=row.id, line=number, outcome=seen["outcome"],
            gross_mass_g=seen["gross_mass_g"], seal_condition=seen["seal_condition"], remarks=seen["remarks"],
        )
    )  # fmt: skip
    exhibit = None
    if seen["outcome"] != "missing":
        if number is not None:
            _settle_missing(uow, actor, row, number, receipt, now)
        exhibit = _exhibit(uow, row, receipt, line, seen)
        uow.session.add(exhibit)
    uow.session.flush()
    for finding in arrival.findings:
        uow.session.add(
            Discrepancy(
                id=new_id(), code=finding.code, office=row.office, submission_id=row.id, receipt_id=receipt.id,
                exhibit_id=None if exhibit is None else exhibit.id, line=number, detail=finding.detail,
                opened_at=now, state="open",
            )
        )  # fmt: skip
    uow.session.flush()
    return exhibit


def _settle_missing(
    uow: UnitOfWork, actor: Actor, row: Submission, number: int, receipt: Receipt, now: datetime
) -> None:
    """A missing parcel that came after all explains its own discrepancy; the receipt says so."""
    for found in repository.open_missing(uow.session, row.id, number):
        found.state, found.resolved_by, found.resolved_by_name = "resolved", actor.login, actor.name
        found.signed_by_method, found.resolved_at = None, now
        found.resolution = f"Arrived later, receipt {receipt.number}."


def _exhibit(
    uow: UnitOfWork, row: Submission, receipt: Receipt, line: Line | None, seen: dict[str, Any]
) -> Exhibit:
    year = receipt.recorded_at.year
    number = exhibit_number(year, repository.next_number(uow.session, f"exhibit:{year}"))
    return Exhibit(
        id=new_id(), number=number, submission_id=row.id, receipt_id=receipt.id, line=None if line is None else line.line,
        office=row.office, kind=row.kind, programme=None if line is None else line.programme,
        description=seen["description"] if line is None else line.description,
        physical_form=seen["physical_form"] if line is None else line.physical_form, gross_mass_g=seen["gross_mass_g"],
        seal_number=seen.get("seal_number") if line is None else line.seal_number, seal_condition=seen["seal_condition"],
        case_number=None if line is None else line.case_number, received_by=receipt.received_by,
        received_at=receipt.received_at,
    )  # fmt: skip


def _tell_custody(uow: UnitOfWork, row: Submission, receipt: Receipt, exhibits: list[Exhibit]) -> None:
    if not exhibits:
        return
    blocked = repository.blocked_ids(uow.session, [exhibit.id for exhibit in exhibits])
    lines = {item.line: item for item in row.items}
    uow.emit(
        "chain_of_custody",
        "/internal/items",
        {
            "receipt_number": receipt.number,
            "received_by": receipt.received_by,
            "received_by_name": receipt.received_by_name,
            "received_at": format_time(receipt.received_at),
            "items": [
                _opened(row, exhibit, lines.get(exhibit.line or 0), exhibit.id in blocked)
                for exhibit in exhibits
            ],
        },
        row.id,
    )


def _opened(row: Submission, exhibit: Exhibit, line: Line | None, blocked: bool) -> dict[str, Any]:
    seizure = (line.seizure or {}) if line is not None else {}
    return {
        "exhibit_id": exhibit.id,
        "number": exhibit.number,
        "office": exhibit.office,
        "submission_id": row.id,
        "submission_number": row.number,
        "line": exhibit.line,
        "kind": exhibit.kind,
        "programme": exhibit.programme,
        "description": exhibit.description,
        "physical_form": exhibit.physical_form,
        "gross_mass_g": float(exhibit.gross_mass_g),
        "seal_number": exhibit.seal_number,
        "seal_condition": exhibit.seal_condition,
        "seizure_id": seizure.get("id"),
        "blocked": blocked,
    }


def describe(uow: UnitOfWork, receipts: list[Receipt]) -> list[dict[str, Any]]:
    """Receipts with their lines, exhibits and discrepancies."""
    lines, exhibits, found = repository.receipt_parts(uow.session, [receipt.id for receipt in receipts])
    return [
        {
            **{name: getattr(receipt, name) for name in _RECEIPT},
            "lines": [
                {"line": r.line, "outcome": r.outcome, "gross_mass_g": None if r.gross_mass_g is None else float(r.gross_mass_g),
                 "seal_condition": r.seal_condition, "remarks": r.remarks}
                for r in lines if r.receipt_id == receipt.id
            ],
            "exhibits": [{"line": e.line, "id": e.id, "number": e.number} for e in exhibits if e.receipt_id == receipt.id],
            "discrepancies": [{"id": d.id, "line": d.line, "code": d.code} for d in found if d.receipt_id == receipt.id],
        }
        for receipt in receipts
    ]  # fmt: skip


_RECEIPT = ("id", "number", "submission_id", "received_by", "received_by_name", "received_at", "recorded_at")
