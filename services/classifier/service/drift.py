"""Is a model in use still what was validated? Conclusions and novelty over time, and what reviewers made of them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from services.classifier import repository, repository_lifecycle
from services.classifier.domain.calibration import wilson
from services.classifier.domain.programme import NOT_EVALUATED, UNKNOWN
from services.classifier.models import Model
from services.classifier.service.models import READERS
from services.classifier.service.report_words import percent
from shared.actor import Actor, require
from shared.db.unit_of_work import UnitOfWork
from shared.figures.intervals import Estimate, draw_intervals

Data = dict[str, Any]
_LEAST = 10
_INCONCLUSIVE = "Inconclusive"


def get_drift(actor: Actor, uow: UnitOfWork, model_id: str, *, figures: bool = False) -> Data:
    """By determination and month: classes, the share of Unknown beside the validation's, and the novelty test's p-values.

    `alarms` are sentences: a share of Unknown whose 95 % interval lies above the validated one, likewise of inconclusive answers,
    and the release of fewer results than nine of ten. Counted are results of all states but those that replaced another.
    """
    require(actor, *READERS)
    model = repository.model(uow.session, model_id)
    months: dict[str, dict[str, list[Data]]] = {}
    amended = 0
    for row in repository_lifecycle.results_by(uow.session, model.id):
        if row.replaces is not None:
            amended += 1
            continue
        month = row.created_at.strftime("%Y-%m")
        for found in row.determinations:
            if found["conclusion"] != NOT_EVALUATED:
                months.setdefault(found["name"], {}).setdefault(month, []).append(found)
    validation = (model.validation or {}).get("determinations", {})
    determinations = {name: _one(own, validation.get(name, {})) for name, own in months.items()}
    reviews = _reviews(repository_lifecycle.review_counts(uow.session, model.id), amended)
    alarms = [f"{name}: {words}" for name, own in determinations.items() for words in own.pop("alarms")]
    if reviews["decided"] >= _LEAST and reviews["high"] < 0.9:
        alarms.append(
            f"reviewers released only {percent(reviews['released_share'])} of {reviews['decided']} results"
        )
    told: Data = {
        "model_id": model.id, "determinations": determinations, "reviews": reviews, "alarms": alarms,
    }  # fmt: skip
    if figures:
        told["figures"] = {name: _figure(model, name, own) for name, own in determinations.items()}
    return told


def _one(months: Mapping[str, list[Data]], validation: Data) -> Data:
    everything = [found for rows in months.values() for found in rows]
    whole = _counts(everything)
    expected: Data = {
        "unknown": validation.get("false_unknown"),
        "inconclusive": _expected_inconclusive(validation),
        "classes": _shares_of_library(validation),
    }
    alarms = []
    for kind, words in (("unknown", "Unknown"), ("inconclusive", "inconclusive")):
        own, usual = whole[kind], expected[kind]
        if usual is not None and whole["n"] >= _LEAST and own["low"] > usual:
            alarms.append(
                f"{percent(own['share'])} of {whole['n']} conclusions are {words}; in validation it was {percent(usual)}"
            )
    return {
        "overall": whole,
        "validation": expected,
        "months": [{"month": month, **_counts(rows)} for month, rows in sorted(months.items())],
        "alarms": alarms,
    }


def _counts(rows: list[Data]) -> Data:
    n = len(rows)
    said = Counter(_short(found["conclusion"]) for found in rows)
    p_values = [p for f in rows if (p := (f.get("novelty") or {}).get("p_value")) is not None]
    return {
        "n": n,
        "classes": dict(said.most_common()),
        "unknown": _share(said[UNKNOWN], n),
        "inconclusive": _share(said[_INCONCLUSIVE], n),
        "p_value": None
        if not p_values
        else {
            "median": float(np.median(p_values)),
            "low_quartile": float(np.quantile(p_values, 0.25)),
            "below_0.05": float(np.mean(np.array(p_values) < 0.05)),
        },
    }


def _short(conclusion: str) -> str:
    return _INCONCLUSIVE if conclusion.startswith("Inconclusive (") else conclusion


def _share(hits: int, n: int) -> Data:
    low, high = wilson(hits, n)
    return {"n": hits, "share": hits / n if n else 0.0, "low": low, "high": high}


def _expected_inconclusive(validation: Data) -> float | None:
    decisions = validation.get("decisions")
    if not decisions:
        return None
    n = sum(sum(own.values()) for own in decisions.values())
    return sum(own.get(_INCONCLUSIVE, 0) for own in decisions.values()) / n if n else None


def _shares_of_library(validation: Data) -> dict[str, float]:
    """What share of the library each class is: no forecast, since authentics are no sample of a market."""
    counts = {name: row["n"] for name, row in validation.get("per_class", {}).items()}
    n = sum(counts.values())
    return {name: count / n for name, count in counts.items()} if n else {}


def _reviews(counts: Mapping[str, int], amended: int) -> Data:
    released, rejected = counts.get("release", 0), counts.get("reject", 0)
    decided = released + rejected
    low, high = wilson(released, decided)
    return {
        "decided": decided, "released": released, "rejected": rejected, "amended": amended,
        "released_share": released / decided if decided else None, "low": low, "high": high,
    }  # fmt: skip


def _figure(model: Model, name: str, own: Data) -> str:
    rows = [
        Estimate(m["month"], m["unknown"]["share"], m["unknown"]["low"], m["unknown"]["high"], f"of {m['n']}")
        for m in own["months"][-24:]
    ]
    usual = own["validation"]["unknown"]
    line = None if usual is None else (usual, f"validated {percent(usual)}")
    title = f"Share of Unknown by month, {name}, model {model.version}"
    return draw_intervals(rows, title=title, line_at=line)
