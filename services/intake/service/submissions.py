"""Submissions: written by an office, its own until dispatch."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from services.intake import repository
from services.intake import repository_limits as limits
from services.intake.domain.check_lines import origin_errors
from services.intake.domain.numbers import submission_number
from services.intake.models import Line, Submission
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, Forbidden, Invalid
from shared.http.etags import require_match
from shared.http.lists import paginate
from shared.identifiers import new_id

READERS = (Role.OFFICE, *LABORATORY, Role.AUDITOR)


def create_submission(actor: Actor, uow: UnitOfWork, body: dict[str, Any], *, now: datetime) -> Submission:
    """Stores a draft of the actor's own office."""
    require(actor, Role.OFFICE)
    if actor.office is None:
        raise Forbidden("Your account belongs to no office.")
    office = repository.office(uow.session, actor.office)
    place = repository.next_number(uow.session, f"submission:{office.code}:{now.year}")
    row = Submission(
        id=new_id(), number=submission_number(office.code, now.year, place), office=office.code, kind=body["kind"],
        state="draft", courier=body["courier"], tracking_number=body["tracking_number"], seal_numbers=body["seal_numbers"],
        version=1, created_by=actor.login, created_at=now, items=_lines(body["items"]),
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    return row


def change_submission(actor: Actor, uow: UnitOfWork, submission_id: str, body: dict[str, Any]) -> Submission:
    """Changes a draft that the caller has seen (If-Match); `items` replaces all lines."""
    require(actor, Role.OFFICE)
    row = repository.submission(uow.session, actor, submission_id, lock=True)
    require_draft(row)
    require_match(row.id, row.version)
    for name in ("courier", "tracking_number", "seal_numbers"):
        if name in body:
            setattr(row, name, body[name])
    if "items" in body:
        errors = origin_errors(row.kind, body["items"])
        if errors:
            raise Invalid(errors[0]["message"], errors=errors)
        row.items.clear()
        uow.session.flush()
        row.items.extend(_lines(body["items"]))
    row.version += 1
    uow.session.flush()
    return row


def get_submission(actor: Actor, uow: UnitOfWork, submission_id: str) -> Submission:
    """One submission."""
    require(actor, *READERS)
    return repository.submission(uow.session, actor, submission_id)


def list_submissions(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """Submissions that fit the filters, the newest first; each with its number of lines, not with the lines."""
    require(actor, *READERS)
    select = repository.submissions(actor, query)
    page = paginate(
        uow.session, select, Submission.seq, limit=query["limit"], cursor=query["cursor"], falling=True
    )
    ids = [row.id for row in page["items"]]
    counts = repository.line_counts(uow.session, ids)
    arrived = limits.last_arrivals(uow.session, ids)
    told = [_summary(row, counts.get(row.id, 0), arrived.get(row.id)) for row in page["items"]]
    return {**page, "items": told}


def describe(uow: UnitOfWork, row: Submission) -> dict[str, Any]:
    """A submission with its lines and what became of each."""
    fates = {} if row.state == "draft" else repository.line_fates(uow.session, row.id)
    items = []
    for line in row.items:
        outcome, exhibit_id = fates.get(line.line, (None, None))
        told = {name: getattr(line, name) for name in _LINE}
        items.append({**told, "outcome": outcome, "exhibit_id": exhibit_id})
    arrived = limits.last_arrivals(uow.session, [row.id])
    return {**_summary(row, len(items), arrived.get(row.id)), "items": items}


def require_draft(row: Submission) -> None:
    """Raises Conflict `not_draft` after dispatch."""
    if row.state != "draft":
        raise Conflict(f"{row.number} was dispatched; its manifest is frozen.", code="not_draft")


_LINE = (
    "line", "programme", "description", "physical_form", "gross_mass_g", "seal_number", "case_number", "seized_on",
    "seized_country", "authentic", "seizure", "handling",
)  # fmt: skip
_SUBMISSION = (
    "id", "number", "office", "kind", "state", "courier", "tracking_number", "seal_numbers", "version", "created_by",
    "created_at", "dispatched_by", "dispatched_at",
)  # fmt: skip


def _summary(row: Submission, item_count: int, arrived_at: datetime | None) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in _SUBMISSION}
    return {**told, "item_count": item_count, "arrived_at": arrived_at}


def _lines(items: Iterable[dict[str, Any]]) -> list[Line]:
    return [
        Line(**{name: item.get(name) for name in _LINE} | {"authentic": _origin(item.get("authentic"))})
        for item in items
    ]


def _origin(told: dict[str, Any] | None) -> dict[str, Any] | None:
    """An authentic's origin as JSON holds it: the date as text."""
    return None if told is None else {**told, "collected_on": told["collected_on"].isoformat()}
