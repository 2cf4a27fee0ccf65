"""Discrepancies: opened by a receipt or found in custody, resolved by a reviewer's signature; only then work goes on (E5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.intake import repository
from services.intake.domain.plan_receipt import History, submission_state
from services.intake.models import Discrepancy
from services.intake.service.tell_custody import tell_of_blocking, tell_of_unblocking
from shared.actor import LABORATORY, Actor, Role, require, require_service, signed
from shared.crypto.canonical import canonical_digest
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, Invalid
from shared.http.lists import paginate
from shared.http.schemas import format_time
from shared.identifiers import new_id

READERS = (Role.OFFICE, *LABORATORY, Role.AUDITOR)
MEANING = "resolves the discrepancy"


def list_discrepancies(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """Discrepancies that fit the filters, the newest first."""
    require(actor, *READERS)
    select = repository.discrepancies(actor, query)
    return paginate(
        uow.session, select, Discrepancy.seq, limit=query["limit"], cursor=query["cursor"], falling=True
    )


def resolve_discrepancy(
    actor: Actor, uow: UnitOfWork, discrepancy_id: str, body: dict[str, Any], *, now: datetime
) -> Discrepancy:
    """Resolves one; custody lets work go on where none is left. Whoever found it does not resolve it (E17)."""
    require(actor, Role.REVIEWER)
    signature = signed(actor)
    seen = repository.discrepancy(uow.session, actor, discrepancy_id)
    # Receipts and resolutions of one submission follow one another, so that exactly one of them sees that nothing is open.
    submission = repository.submission(uow.session, actor, seen.submission_id, lock=True)
    row = repository.discrepancy(uow.session, actor, discrepancy_id, anew=True)
    if row.state != "open":
        raise Conflict("This discrepancy was resolved already.", code="already_resolved")
    if row.opened_by == actor.login:
        raise Conflict("You have found this discrepancy; another reviewer resolves it.", code="four_eyes")
    happened = body.get("occurred_at")
    if happened is not None and happened < row.opened_at:
        message = (
            f"It was opened at {format_time(row.opened_at)}, and was not resolved before, at {format_time(happened)}. "
            "Tell a later time."
        )
        raise Invalid(message, errors=[{"pointer": "/occurred_at", "message": message}])
    row.state, row.resolution = "resolved", body["resolution"]
    row.resolved_by, row.resolved_by_name = actor.login, actor.name
    row.resolved_at, row.resolution_recorded_at = happened or now, now
    row.signature = {
        "login": signature.login,
        "name": signature.name,
        "role": signature.role.value,
        "method": signature.method,
        "at": format_time(signature.at),
        "meaning": MEANING,
        "record_sha256": signed_digest(row),
    }
    uow.session.flush()
    if row.code == "missing":
        history = History.of(repository.decided_lines(uow.session, submission.id))
        given_up = repository.given_up_lines(uow.session, submission.id)
        submission.state = submission_state(
            repository.line_numbers(uow.session, submission.id), history.arrived, given_up
        )
        submission.version += 1
    still_open = [] if row.exhibit_id is None else repository.open_ids(uow.session, row.exhibit_id)
    if row.item_id is not None or (row.exhibit_id is not None and _all_found_in_custody(uow, still_open)):
        tell_of_unblocking(uow, row, still_open)
    return row


def open_found_in_custody(actor: Actor, uow: UnitOfWork, told: dict[str, Any]) -> Discrepancy:
    """Opens what custody found on an item, under custody's own id; told twice, nothing happens again."""
    require_service(actor, "service-chain_of_custody")
    known = uow.session.get(Discrepancy, told["discrepancy_id"])
    if known is not None:
        return known
    submission = repository.submission(uow.session, actor, told["submission_id"], lock=True)
    exhibit = None
    if told["exhibit_id"] is not None:
        exhibit = repository.exhibit(uow.session, actor, told["exhibit_id"])
    row = Discrepancy(
        id=told["discrepancy_id"],
        office=submission.office,
        submission_id=submission.id,
        receipt_id=None,
        exhibit_id=None if exhibit is None else exhibit.id,
        line=None if exhibit is None else exhibit.line,
        state="open",
        **{name: told[name] for name in _FOUND},
    )
    uow.session.add(row)
    uow.session.flush()
    return row


def report_discrepancy(
    actor: Actor, uow: UnitOfWork, exhibit_id: str, body: dict[str, Any], *, now: datetime
) -> Discrepancy:
    """Somebody who works on an exhibit tells what does not fit, after its receipt: custody stops it and all its aliquots (E5)."""
    require(actor, Role.CUSTODIAN, Role.TECHNICIAN)
    exhibit = repository.exhibit(uow.session, actor, exhibit_id)
    submission = repository.submission(uow.session, actor, exhibit.submission_id, lock=True)
    uow.session.refresh(exhibit)
    if exhibit.item_id is None:
        raise Conflict(
            "Custody has not opened this exhibit yet; try again in a moment.", code="not_in_custody"
        )
    row = Discrepancy(
        id=new_id(),
        code=body["code"],
        detail=body["detail"],
        office=submission.office,
        submission_id=submission.id,
        receipt_id=None,
        exhibit_id=exhibit.id,
        item_id=exhibit.item_id,
        item_number=exhibit.number,
        line=exhibit.line,
        opened_at=now,
        opened_by=actor.login,
        opened_by_name=actor.name,
        state="open",
    )
    uow.session.add(row)
    uow.session.flush()
    tell_of_blocking(uow, row, actor.role.value)
    return row


_FOUND = ("code", "detail", "opened_at", "item_id", "item_number", "opened_by", "opened_by_name")


def _all_found_in_custody(uow: UnitOfWork, ids: Sequence[str]) -> bool:
    """Whether nothing of the receipt is open any more; what custody found, it keeps closed itself."""
    return not repository.of_receipts(uow.session, ids)


def signed_digest(row: Discrepancy) -> str:
    """SHA-256 of what the reviewer signed: a record changed later no longer has it (E16)."""
    times = {"opened_at": row.opened_at, "resolved_at": row.resolved_at}
    names = ("id", "code", "submission_id", "exhibit_id", "line", "detail", "resolution", "resolved_by")
    told: dict[str, Any] = {name: getattr(row, name) for name in names}
    if row.item_id is not None:
        told |= {name: getattr(row, name) for name in ("item_id", "item_number", "opened_by")}
    told |= {name: None if moment is None else format_time(moment) for name, moment in times.items()}
    return canonical_digest(told)
