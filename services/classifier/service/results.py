"""Results: read by those who may, decided by a second examiner, replaced by amendment, never edited."""

from datetime import datetime
from typing import Any

from services.classifier import repository
from services.classifier.models import Result, Review
from services.classifier.service.measurements import tell_ledger
from services.classifier.service.programmes import programme_of
from services.classifier.service.reports import make_report
from services.classifier.service.value_sources import told_values
from services.classifier.service.whole import (
    COPIED,
    require_whole_report,
    require_whole_result,
    result_digest,
)
from shared.actor import LABORATORY, Actor, Role, require, signed
from shared.config import Settings
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, NotFound
from shared.http.lists import paginate
from shared.http.schemas import format_time
from shared.identifiers import new_id

READERS = (*LABORATORY, Role.AUDITOR, Role.ANALYST, Role.OFFICE)


def list_results(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """The results that the actor may see, the newest first."""
    require(actor, *READERS)
    select = repository.visible_results(actor)
    for name in ("item_id", "exhibit_id", "programme", "state"):
        if name in query:
            select = select.where(getattr(Result, name) == query[name])
    return paginate(
        uow.session, select, Result.seq, limit=query["limit"], cursor=query["cursor"], falling=True,
        dump=lambda row: describe(uow, row, actor),
    )  # fmt: skip


def get_result(actor: Actor, uow: UnitOfWork, result_id: str) -> dict[str, Any]:
    """One result; raises Conflict `damaged` where it is not what was concluded."""
    require(actor, *READERS)
    row = repository.result(uow.session, actor, result_id)
    require_whole_result(row)
    programme = programme_of(repository.programme_row(uow.session, row.programme, row.programme_version))
    people = actor.role not in (Role.OFFICE, Role.ANALYST)
    return {
        **describe(uow, row, actor),
        "values": told_values(programme, row.profile["values"], people=people),
    }


def get_report(actor: Actor, uow: UnitOfWork, result_id: str) -> bytes:
    """The report as it was made at release; raises NotFound before."""
    require(actor, *READERS)
    repository.result(uow.session, actor, result_id)
    report = repository.report(uow.session, result_id)
    if report is None:
        raise NotFound("There is no report: it is made when a reviewer releases the result.")
    require_whole_report(report)
    return report.pdf


def review_result(
    actor: Actor, uow: UnitOfWork, settings: Settings, result_id: str, body: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """A second examiner releases or rejects (E17); at release the report is made and stored in the same transaction."""
    require(actor, Role.REVIEWER)
    signature = signed(actor)
    row = repository.result(uow.session, actor, result_id, lock=True)
    require_whole_result(row)
    if row.state != "proposed":
        raise Conflict(f"This result is {row.state}; it was decided already.", code="already_decided")
    if actor.login in row.performers:
        raise Conflict(
            "You took part in this result yourself; another reviewer has to decide.", code="four_eyes"
        )
    review = Review(
        id=new_id(), result_id=row.id, decision=body["decision"], comment=body["comment"], reviewer=actor.login,
        reviewer_name=actor.name, method=signature.method, result_digest=row.digest, reviewed_at=now,
    )  # fmt: skip
    uow.session.add(review)
    payload: dict[str, Any] = {"result_id": row.id, "result_sha256": row.digest, "review_id": review.id}
    if body["decision"] == "release":
        row.state = "released"
        report = make_report(uow, settings, row, review, now=now)
        payload["report_sha256"] = report.sha256
    else:
        row.state = "rejected"
    uow.session.flush()
    tell_ledger(uow, row.item_id, f"result_{row.state}", actor, now, body["comment"], payload)
    return describe(uow, row, actor)


def amend_result(
    actor: Actor, uow: UnitOfWork, result_id: str, body: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Supersedes a released result at once by a new, proposed one that somebody else has to release.

    Its content is that of `result_id` in the body (a newer classification of the same item) or of the old result;
    `remarks` stand in the report. The old result and its report stay as they were.
    """
    require(actor, Role.TECHNICIAN, Role.REVIEWER)
    signed(actor)
    old = repository.result(uow.session, actor, result_id, lock=True)
    require_whole_result(old)
    if old.state != "released":
        raise Conflict(f"Only a released result is amended; this one is {old.state}.", code="not_released")
    source = repository.result(uow.session, actor, body["result_id"]) if "result_id" in body else old
    if source.item_id != old.item_id or source.programme != old.programme or source.state == "rejected":
        raise Conflict(
            "The new result is not one of the same item and programme that still stands.", code="other_item"
        )
    # Whoever made the content that is proposed now may not release it, and neither may the one who amends.
    performers = list(dict.fromkeys([actor.login, *source.performers]))
    new = new_result(
        {name: getattr(source, name) for name in COPIED}, job_id=None, performers=performers, now=now,
        replaces=old.id, reason=body["reason"], remarks=body.get("remarks"),
    )  # fmt: skip
    old.state = "superseded"
    uow.session.add(new)
    uow.session.flush()
    payload = {"result_id": new.id, "result_sha256": new.digest, "replaces": old.id}
    tell_ledger(uow, new.item_id, "result_amended", actor, now, body["reason"], payload)
    return describe(uow, new, actor)


def new_result(
    content: dict[str, Any],
    *,
    job_id: str | None,
    performers: list[str],
    now: datetime,
    replaces: str | None = None,
    reason: str | None = None,
    remarks: str | None = None,
) -> Result:
    """A proposed result with its digest over everything that it says."""
    told = {
        **content, "job_id": job_id, "performers": performers, "replaces": replaces, "reason": reason, "remarks": remarks,
    }  # fmt: skip
    result_id = new_id()
    digest = result_digest(result_id, told, now)
    return Result(id=result_id, digest=digest, state="proposed", created_at=now, **told)


def describe(uow: UnitOfWork, row: Result, actor: Actor) -> dict[str, Any]:
    """A result as it is answered, with its review where there is one; performers stay inside the laboratory."""
    names = ("id", *COPIED, "performers", "digest", "replaces", "reason", "remarks", "state", "created_at")
    told = {name: getattr(row, name) for name in names if name not in ("office", "profile")}
    review = repository.review_of(uow.session, row.id)
    told["review"] = None
    if review is not None:
        told["review"] = {
            "decision": review.decision,
            "comment": review.comment,
            "reviewer": review.reviewer,
            "reviewed_at": format_time(review.reviewed_at),
        }
    if actor.role in (Role.OFFICE, Role.ANALYST):
        told["performers"] = []
        told["determinations"] = [_without_ids(each) for each in row.determinations]
    return told


def _without_ids(determination: dict[str, Any]) -> dict[str, Any]:
    """The nearest authentics by class and distance alone: they are other offices' exhibits (E30)."""
    nearest = [{**each, "id": None} for each in determination.get("nearest") or []]
    return {**determination, "nearest": nearest}
