"""Warnings about a programme's library: far from its own class, or nearly the same as another collection's."""

from collections.abc import Sequence
from typing import Any

from services.classifier import repository
from services.classifier.domain.authentic import Authentic
from services.classifier.domain.library_warnings import LibraryWarning, library_warnings
from services.classifier.models import LibraryAct
from services.classifier.service.profiles import build_profiles
from services.classifier.service.programmes import programme_of
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork


def get_warnings(actor: Actor, uow: UnitOfWork, programme_id: str) -> dict[str, Any]:
    """All warnings about the library as it is now; raises NotFound for a programme that does not exist."""
    require(actor, *LABORATORY, Role.AUDITOR)
    found = find_warnings(uow, programme_id)
    return {"items": found, "next": None}


def find_warnings(
    uow: UnitOfWork, programme_id: str, about: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """The warnings, of these items alone where `about` names any."""
    programme = programme_of(repository.programme_row(uow.session, programme_id))
    acts = uow.session.scalars(repository.library(programme.id).order_by(LibraryAct.seq)).all()
    profiles = build_profiles(uow.session, programme, [act.item_id for act in acts])
    known = {act.item_id: act for act in acts}
    authentics = [
        Authentic(
            id=act.item_id,
            labels=act.labels or {},
            group=act.group_id,
            values={
                v["analyte"]: v["value"] for v in profiles[act.item_id]["values"] if v["value"] is not None
            },
            censored=frozenset(v["analyte"] for v in profiles[act.item_id]["values"] if v["censored"]),
        )
        for act in acts
    ]
    found = library_warnings(programme, authentics)
    if about is not None:
        found = [
            each for each in found if each.id in about or (each.kind == "duplicate" and each.other in about)
        ]
    ids = {each.id for each in found} | {
        each.other for each in found if each.kind == "duplicate" and each.other
    }
    facts = repository.item_facts(uow.session, sorted(ids))
    numbers = {item_id: row.number for item_id, row in facts.items()}
    return [_told(each, known, numbers) for each in found]


def _told(each: LibraryWarning, known: dict[str, LibraryAct], numbers: dict[str, str]) -> dict[str, Any]:
    own = numbers.get(each.id, each.id)
    told: dict[str, Any] = {
        "kind": each.kind,
        "exhibit_id": known[each.id].exhibit_id,
        "item_id": each.id,
        "item_number": own,
        "determination": each.determination,
        "label": each.label,
        "score": each.score,
        "nearer_to": each.other if each.kind == "outlier" else None,
        "other_exhibit_id": None,
        "other_item_id": None,
        "other_item_number": None,
    }
    if each.kind == "outlier":
        nearer = f" and nearer to {each.other}" if each.other else ""
        told["message"] = f"{own} lies far from the other authentics of {each.label}{nearer}."
        return told
    other = each.other or ""
    told["other_exhibit_id"], told["other_item_id"] = known[other].exhibit_id, other
    told["other_item_number"] = numbers.get(other, other)
    told["message"] = (
        f"{own} is nearly the same as {told['other_item_number']}, which comes from another collection: "
        "one may be a part of the other."
    )
    return told
