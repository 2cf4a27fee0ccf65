"""Discrepancies: opened by a receipt, resolved by a reviewer's signature; only then work goes on (E5)."""

from datetime import datetime
from typing import Any

from services.intake import repository
from services.intake.domain.plan_receipt import History, submission_state
from services.intake.models import Discrepancy
from services.intake.service.tell_custody import tell_of_unblocking
from shared.actor import LABORATORY, Actor, Role, require, signed
from shared.crypto.canonical import canonical_digest
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict
from shared.http.lists import paginate
from shared.http.schemas import format_time

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
    """Resolves one; with the exhibit's last open one custody lets work go on."""
    require(actor, Role.REVIEWER)
    signature = signed(actor)
    seen = repository.discrepancy(uow.session, actor, discrepancy_id)
    # Receipts and resolutions of one submission follow one another, so that exactly one of them sees that nothing is open.
    submission = repository.submission(uow.session, actor, seen.submission_id, lock=True)
    row = repository.discrepancy(uow.session, actor, discrepancy_id, anew=True)
    if row.state != "open":
        raise Conflict("This discrepancy was resolved already.", code="already_resolved")
    row.state, row.resolution = "resolved", body["resolution"]
    row.resolved_by, row.resolved_by_name = actor.login, actor.name
    row.resolved_at, row.resolution_recorded_at = body.get("occurred_at") or now, now
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
    if row.exhibit_id is not None and not repository.blocked_ids(uow.session, [row.exhibit_id]):
        tell_of_unblocking(uow, row)
    return row


def signed_digest(row: Discrepancy) -> str:
    """SHA-256 of what the reviewer signed: a record changed later no longer has it (E16)."""
    times = {"opened_at": row.opened_at, "resolved_at": row.resolved_at}
    names = ("id", "code", "submission_id", "exhibit_id", "line", "detail", "resolution", "resolved_by")
    told: dict[str, Any] = {name: getattr(row, name) for name in names}
    told |= {name: None if moment is None else format_time(moment) for name, moment in times.items()}
    return canonical_digest(told)
