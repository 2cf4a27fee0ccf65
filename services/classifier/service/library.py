"""The reference library: authentics that a scientist took in, refused or withdrew; every act stays readable."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.classifier import repository
from services.classifier.custody import Custody, Facts
from services.classifier.domain.programme import Programme
from services.classifier.models import LibraryAct
from services.classifier.service.library_warnings import find_warnings
from services.classifier.service.measurements import tell_ledger
from services.classifier.service.programmes import programme_of
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, FieldError, Invalid, NotFound
from shared.http.lists import paginate
from shared.identifiers import new_id

AUTHENTIC = "authentic"


def list_library(
    actor: Actor,
    uow: UnitOfWork,
    *,
    programme: str | None,
    limit: int,
    cursor: int | None,
    decision: str = "accepted",
) -> dict[str, Any]:
    """The authentics that models are trained from now, or those whose last decision was another."""
    require(actor, *LABORATORY, Role.AUDITOR)
    page = paginate(
        uow.session, repository.library(programme, decision), LibraryAct.seq, limit=limit, cursor=cursor
    )
    facts = repository.item_facts(uow.session, [act.item_id for act in page["items"]])
    page["items"] = [
        {
            **{column.name: getattr(act, column.name) for column in LibraryAct.__table__.columns},
            "item_number": facts[act.item_id].number if act.item_id in facts else None,
        }
        for act in page["items"]
    ]
    return page


def accept_authentics(
    actor: Actor, uow: UnitOfWork, custody: Custody, entries: Sequence[dict[str, Any]], *, now: datetime
) -> list[LibraryAct]:
    """Takes authentics in with their classes, all or none; raises Invalid that names each wrong label."""
    require(actor, Role.SCIENTIST)
    facts = _authentics(custody, [entry["exhibit_id"] for entry in entries])
    programmes: dict[str, Programme] = {}
    errors: list[FieldError] = []
    for place, entry in enumerate(entries):
        name = facts[entry["exhibit_id"]].programme
        if name is None:
            raise Conflict(
                "An exhibit without a programme cannot be an authentic of one.", code="no_programme"
            )
        if name not in programmes:
            programmes[name] = programme_of(repository.programme_row(uow.session, name))
        at = f"/entries/{place}/labels" if len(entries) > 1 else "/labels"
        errors += _label_errors(programmes[name], entry["labels"], at)
    if errors:
        raise Invalid("; ".join(error["message"] for error in errors[:3]), errors=errors)
    repository.remember_facts(uow.session, facts.values())
    acts = [_act(actor, facts[e["exhibit_id"]], "accepted", now, labels=e["labels"]) for e in entries]
    return _record(actor, uow, acts, now)


def accept_one(
    actor: Actor,
    uow: UnitOfWork,
    custody: Custody,
    exhibit_id: str,
    labels: dict[str, str],
    *,
    now: datetime,
) -> dict[str, Any]:
    """Takes one authentic in; answers the act with the warnings about it, which refuse nothing."""
    entry = {"exhibit_id": exhibit_id, "labels": labels}
    act = accept_authentics(actor, uow, custody, [entry], now=now)[0]
    told = {column.name: getattr(act, column.name) for column in LibraryAct.__table__.columns}
    return {**told, "warnings": find_warnings(uow, act.programme, [act.item_id])}


def accept_many(
    actor: Actor, uow: UnitOfWork, custody: Custody, entries: Sequence[dict[str, Any]], *, now: datetime
) -> dict[str, Any]:
    """Takes many in, all or none; answers how many, and the warnings about them."""
    acts = accept_authentics(actor, uow, custody, entries, now=now)
    warnings = []
    for programme in dict.fromkeys(act.programme for act in acts):
        warnings += find_warnings(uow, programme, [act.item_id for act in acts])
    return {"accepted": len(acts), "warnings": warnings}


def refuse_authentic(
    actor: Actor, uow: UnitOfWork, custody: Custody, exhibit_id: str, reason: str, *, now: datetime
) -> LibraryAct:
    """Keeps an authentic out, with the reason."""
    require(actor, Role.SCIENTIST)
    facts = _authentics(custody, [exhibit_id])[exhibit_id]
    repository.remember_facts(uow.session, [facts])
    return _record(actor, uow, [_act(actor, facts, "refused", now, reason=reason)], now)[0]


def withdraw_authentic(
    actor: Actor, uow: UnitOfWork, custody: Custody, exhibit_id: str, reason: str, *, now: datetime
) -> LibraryAct:
    """Takes an authentic out again, with the reason; models that were trained with it keep their snapshot."""
    require(actor, Role.SCIENTIST)
    last = repository.last_library_act(uow.session, exhibit_id)
    if last is None or last.decision != "accepted":
        raise Conflict("This exhibit is not in the library.", code="not_in_library")
    facts = _authentics(custody, [exhibit_id])[exhibit_id]
    return _record(actor, uow, [_act(actor, facts, "withdrawn", now, reason=reason)], now)[0]


def _authentics(custody: Custody, exhibit_ids: Sequence[str]) -> dict[str, Facts]:
    asked = [exhibit_id for exhibit_id in dict.fromkeys(exhibit_ids) if exhibit_id and "," not in exhibit_id]
    found = {facts.exhibit_id: facts for facts in custody.facts(exhibit_ids=asked)}
    missing = [exhibit_id for exhibit_id in exhibit_ids if exhibit_id not in found]
    if missing:
        raise NotFound(f"No such exhibit in custody: {', '.join(missing[:5])}.")
    for facts in found.values():
        if facts.kind != AUTHENTIC:
            raise Conflict(
                f"{facts.number} is a seizure, not an authentic of known origin.", code="not_authentic"
            )
        if facts.state == "blocked":
            raise Conflict(f"{facts.number} has an open discrepancy.", code="blocked")
    return found


def _label_errors(programme: Programme, labels: dict[str, str], at: str) -> list[FieldError]:
    errors = []
    for name, label in labels.items():
        determination = programme.determination(name)
        if determination is None:
            errors.append(
                FieldError(pointer=f"{at}/{name}", message=f"{programme.id} has no determination {name!r}.")
            )
        elif label not in determination.labels:
            message = f"{name} has no class {label!r}; it has: {', '.join(determination.labels)}."
            errors.append(FieldError(pointer=f"{at}/{name}", message=message))
    return errors


def _act(
    actor: Actor,
    facts: Facts,
    decision: str,
    now: datetime,
    *,
    labels: dict[str, str] | None = None,
    reason: str | None = None,
) -> LibraryAct:
    return LibraryAct(
        id=new_id(), exhibit_id=facts.exhibit_id, item_id=facts.id, programme=facts.programme, decision=decision,
        labels=labels, provenance=facts.provenance, group_id=facts.group, reason=reason,
        decided_by=actor.login, decided_at=now,
    )  # fmt: skip


def _record(actor: Actor, uow: UnitOfWork, acts: list[LibraryAct], now: datetime) -> list[LibraryAct]:
    uow.session.add_all(acts)
    uow.session.flush()
    for act in acts:
        payload = {"library_act_id": act.id, "labels": act.labels}
        purpose = act.reason or f"{act.programme} reference library"
        tell_ledger(uow, act.item_id, f"library_{act.decision}", actor, now, purpose, payload)
    return acts
