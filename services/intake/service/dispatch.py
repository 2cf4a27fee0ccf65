"""Dispatch: freezes a submission and makes its manifest, once and for ever."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from services.intake import repository
from services.intake.models import Line, Manifest, Submission
from services.intake.service.submissions import READERS, require_draft
from shared.actor import Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.documents.render import render_pdf
from shared.errors import NotFound
from shared.http.schemas import format_time

#: A longer manifest is set without tags: with 5,000 lines they cost seconds and 8 MB.
_MOST_TAGGED = 500
TEMPLATE = Path(__file__).parents[1] / "documents" / "manifest.typ"


def dispatch_submission(
    actor: Actor, uow: UnitOfWork, submission_id: str, *, occurred_at: datetime | None, now: datetime
) -> Submission:
    """Freezes the submission and stores its manifest."""
    require(actor, Role.OFFICE)
    row = repository.submission(uow.session, actor, submission_id, lock=True)
    require_draft(row)
    row.state, row.dispatched_by = "dispatched", actor.login
    row.dispatched_at, row.dispatch_recorded_at = occurred_at or now, now
    row.version += 1
    pdf = render_pdf(TEMPLATE, manifest_data(uow, actor, row), tagged=len(row.items) <= _MOST_TAGGED)
    digest = hashlib.sha256(pdf).hexdigest()
    uow.session.add(Manifest(submission_id=row.id, pdf=pdf, sha256=digest, made_at=now))
    uow.session.flush()
    return row


def get_manifest(actor: Actor, uow: UnitOfWork, submission_id: str) -> tuple[str, bytes]:
    """The submission's number and the manifest as it was frozen; raises NotFound for a draft."""
    require(actor, *READERS)
    row = repository.submission(uow.session, actor, submission_id)
    found = repository.manifest(uow.session, row.id)
    if found is None:
        raise NotFound("There is no manifest yet: it is made when the submission is dispatched.")
    return row.number, found.pdf


def manifest_data(uow: UnitOfWork, actor: Actor, row: Submission) -> dict[str, Any]:
    """Everything that the manifest prints."""
    office = repository.office(uow.session, row.office)
    assert row.dispatched_at is not None
    return {
        "number": row.number,
        "id": row.id,
        "office": f"{office.name} ({office.code}, {office.country})",
        "kind": row.kind,
        "courier": row.courier,
        "tracking_number": row.tracking_number,
        "seal_numbers": row.seal_numbers,
        "dispatched_at": f"{format_time(row.dispatched_at)[:16]}Z",
        "dispatched_by": actor.name,
        "item_count": len(row.items),
        "gross_mass_g": _grams(sum(line.gross_mass_g for line in row.items)),
        "lines": [_cells(line) for line in row.items],
    }


def _cells(line: Line) -> list[str]:
    origin = line.authentic
    whence = (origin["collected_on"], origin["country"]) if origin else (line.seized_on, line.seized_country)
    words = (
        line.line, line.programme, line.description, line.physical_form, _grams(line.gross_mass_g), line.seal_number,
        line.case_number, " ".join(str(part) for part in whence if part),
    )  # fmt: skip
    return ["" if word is None else str(word) for word in words]


def _grams(mass: Any) -> str:
    text = f"{mass:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
