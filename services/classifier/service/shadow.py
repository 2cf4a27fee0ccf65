"""Champion and challenger: a proposed model judges what the active one judges, and nobody's result tells of it."""

from collections import Counter
from typing import Any

import structlog
from sqlalchemy.dialects.postgresql import insert

from services.classifier import repository, repository_lifecycle
from services.classifier.domain.calibration import wilson
from services.classifier.domain.evaluate import classify
from services.classifier.domain.qc import check_qc
from services.classifier.models import Model, Result
from services.classifier.models_lifecycle import ShadowConclusion
from services.classifier.service.judged_profiles import judged_profile
from services.classifier.service.models import READERS
from services.classifier.service.stored_models import stored_model
from shared.actor import Actor, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import DomainError
from shared.runtime import Runtime

log = structlog.get_logger(__name__)
_MOST_DIFFERENCES = 50


def judge_in_shadow(runtime: Runtime, uow: UnitOfWork, result: Result) -> None:
    """Lets the newest proposed model of the programme judge a result's item; a challenger that fails fails alone."""
    champion = result.model.get("id")
    for challenger in repository_lifecycle.challengers(uow.session, result.programme):
        if challenger.id == champion or champion is None:
            continue
        try:
            found = _conclusions(runtime, uow, challenger, result.item_id)
        except (DomainError, ValueError, ArithmeticError) as error:
            log.warning("challenger_failed", model_id=challenger.id, item_id=result.item_id, error=str(error))
            continue
        said = {each["name"]: each["conclusion"] for each in result.determinations}
        pairs = {name: [said.get(name), own] for name, own in found.items()}
        row = {
            "model_id": challenger.id, "result_id": result.id, "champion_id": champion, "item_id": result.item_id,
            "item_number": result.item_number, "conclusions": pairs, "agrees": all(a == b for a, b in pairs.values()),
            "made_at": runtime.clock(),
        }  # fmt: skip
        uow.session.execute(insert(ShadowConclusion).values(row).on_conflict_do_nothing())


def _conclusions(runtime: Runtime, uow: UnitOfWork, challenger: Model, item_id: str) -> dict[str, str]:
    model = stored_model(challenger, runtime.settings.keys_dir)
    profile = judged_profile(uow.session, model.programme, item_id)
    values = {v["analyte"]: v["value"] for v in profile["values"] if v["value"] is not None}
    censored = frozenset(v["analyte"] for v in profile["values"] if v["censored"])
    found = classify(model, values, censored, check_qc(model.programme, profile["qc"], profile["qc_details"]))
    return {each.name: each.conclusion for each in found}


def get_shadow(actor: Actor, uow: UnitOfWork, model_id: str) -> dict[str, Any]:
    """How often a model, while it was proposed, agreed with the one in use, and where it did not."""
    require(actor, *READERS)
    model = repository.model(uow.session, model_id)
    rows = repository_lifecycle.shadow_counts(uow.session, model.id)
    champions = Counter(row.champion_id for row in rows)
    counts: dict[str, Counter[tuple[str, str]]] = {}
    for row in rows:
        for name, (champion, challenger) in row.conclusions.items():
            counts.setdefault(name, Counter())[(champion or "nothing", challenger)] += 1
    agreed = sum(bool(row.agrees) for row in rows)
    low, high = wilson(agreed, len(rows))
    return {
        "model_id": model.id,
        "items": len(rows),
        "agreed": agreed,
        "agreement": agreed / len(rows) if rows else None,
        "low": low,
        "high": high,
        "champions": [_champion(uow, champion, n) for champion, n in champions.most_common()],
        "determinations": {name: _determination(own) for name, own in counts.items()},
        "differences": [
            {
                "result_id": row.result_id,
                "item_id": row.item_id,
                "item_number": row.item_number,
                "conclusions": {
                    name: {"champion": pair[0], "challenger": pair[1]}
                    for name, pair in row.conclusions.items()
                },
            }
            for row in repository_lifecycle.shadow_differences(uow.session, model.id, _MOST_DIFFERENCES)
        ],
    }


def _champion(uow: UnitOfWork, model_id: str, items: int) -> dict[str, Any]:
    row = repository.model(uow.session, model_id)
    return {"model_id": row.id, "version": row.version, "items": items}


def _determination(counts: "Counter[tuple[str, str]]") -> dict[str, Any]:
    n = sum(counts.values())
    agreed = sum(times for (champion, challenger), times in counts.items() if champion == challenger)
    low, high = wilson(agreed, n)
    return {
        "n": n,
        "agreed": agreed,
        "agreement": agreed / n,
        "low": low,
        "high": high,
        "disagreements": [
            {"champion": champion, "challenger": challenger, "n": times}
            for (champion, challenger), times in counts.most_common()
            if champion != challenger
        ],
    }
