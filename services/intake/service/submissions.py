"""Submissions: written by an office, frozen at dispatch."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from services.intake import repository
from services.intake.domain.numbers import submission_number
from services.intake.models import Line, Manifest, Submission
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.documents.render import render_pdf
from shared.errors import Conflict, Forbidden, NotFound
from shared.http.etags import require_match
from shared.http.lists import paginate
from shared.http.schemas import format_time
from shared.identifiers import new_id

READERS = (Role.OFFICE, *LABORATORY, Role.AUDITOR)
MANIFEST = Path(__file__).parents[1] / "documents" / "manifest.typ"
_DATES = ("collected_on",)


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
    """Changes a draft that the caller has seen (If-Match); raises Conflict `not_draft` after dispatch."""
    require(actor, Role.OFFICE)
    row = repository.submission(uow.session, actor, submission_id, lock=True)
    _require_draft(row)
    require_match(row.id, row.version)
    for name in ("courier", "tracking_number", "seal_numbers"):
        if name in body:
            setattr(row, name, body[name])
    if "items" in body:
        row.items.clear()
        uow.session.flush()
        row.items.extend(_lines(body["items"]))
    row.version += 1
    uow.session.flush()
    return row


def dispatch_submission(actor: Actor, uow: UnitOfWork, submission_id: str, *, now: datetime) -> Submission:
    """Freezes the submission and makes its manifest."""
    require(actor, Role.OFFICE)
    row = repository.submission(uow.session, actor, submission_id, lock=True)
    _require_draft(row)
    row.state, row.dispatched_by, row.dispatched_at = "dispatched", actor.login, now
    row.version += 1
    pdf = render_pdf(MANIFEST, manifest_data(uow, actor, row))
    digest = hashlib.sha256(pdf).hexdigest()
    uow.session.add(Manifest(submission_id=row.id, pdf=pdf, sha256=digest, made_at=now))
    uow.session.flush()
    return row


def get_submission(actor: Actor, uow: UnitOfWork, submission_id: str) -> Submission:
    """One submission."""
    require(actor, *READERS)
    return repository.submission(uow.session, actor, submission_id)


def list_submissions(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """Submissions, the newest first."""
    require(actor, *READERS)
    select = repository.submissions(actor)
    for name in ("state", "office"):
        if name in query:
            select = select.where(getattr(Submission, name) == query[name])
    if query.get("q"):
        select = select.where((Submission.number == query["q"]) | (Submission.tracking_number == query["q"]))
    return paginate(
        uow.session, select, Submission.seq, limit=query["limit"], cursor=query["cursor"], falling=True
    )


def get_manifest(actor: Actor, uow: UnitOfWork, submission_id: str) -> bytes:
    """The manifest as it was frozen; raises NotFound for a draft."""
    require(actor, *READERS)
    row = repository.submission(uow.session, actor, submission_id)
    found = repository.manifest(uow.session, row.id)
    if found is None:
        raise NotFound("There is no manifest yet: it is made when the submission is dispatched.")
    return found.pdf


def manifest_data(uow: UnitOfWork, actor: Actor, row: Submission) -> dict[str, Any]:
    """Everything that the manifest prints."""
    office = repository.office(uow.session, row.office)
    return {
        "number": row.number,
        "id": row.id,
        "office": f"{office.name} ({office.code}, {office.country})",
        "kind": row.kind,
        "courier": row.courier,
        "tracking_number": row.tracking_number,
        "seal_numbers": row.seal_numbers,
        "dispatched_at": format_time(row.dispatched_at or row.created_at)[:16] + "Z",
        "dispatched_by": actor.name,
        "lines": [
            [str(i.line), i.programme or "", i.description, i.physical_form, f"{i.gross_mass_g:f}".rstrip("0").rstrip("."),
             i.seal_number, i.case_number or ""]
            for i in row.items
        ],
    }  # fmt: skip


def _require_draft(row: Submission) -> None:
    if row.state != "draft":
        raise Conflict(f"{row.number} was dispatched; its manifest is frozen.", code="not_draft")


def _lines(items: list[dict[str, Any]]) -> list[Line]:
    return [
        Line(
            line=item["line"], programme=item["programme"], description=item["description"],
            physical_form=item["physical_form"], gross_mass_g=item["gross_mass_g"], seal_number=item["seal_number"],
            case_number=item.get("case_number"), seized_on=item.get("seized_on"), seized_country=item.get("seized_country"),
            authentic=_plain(item.get("authentic")), seizure=_plain(item.get("seizure")), handling=item.get("handling"),
        )
        for item in items
    ]  # fmt: skip


def _plain(part: dict[str, Any] | None) -> dict[str, Any] | None:
    """A part as JSON holds it: dates as text."""
    if part is None:
        return None
    return {name: value.isoformat() if name in _DATES else value for name, value in part.items()}
