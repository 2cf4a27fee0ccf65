"""The figures of a validation: candidates, confusion, coverage, calibration, what became of classes and strangers."""

from typing import Any

from services.classifier.domain.calibration import wilson
from services.classifier.domain.programme import UNKNOWN
from services.classifier.service.report_words import percent
from shared.figures.intervals import Estimate, draw_intervals
from shared.figures.matrix import draw_matrix
from shared.figures.reliability import Bin, draw_reliability

Data = dict[str, Any]
_INCONCLUSIVE = "Inconclusive"


def validation_figures(own: Data, *, width: float = 400.0) -> dict[str, str]:
    """The pictures of one determination's validation by name; what was not computed has none."""
    figures: dict[str, str] = {}
    if own.get("candidates"):
        figures["candidates"] = _candidates(own, width)
    if own.get("confusion"):
        names = list(own["confusion"])
        figures["confusion"] = draw_matrix(
            own["confusion"], names, names, title="Confusion of the chosen candidate", width=width
        )
    if own.get("decisions"):
        figures["decisions"] = _decisions(own, width)
    if (own.get("coverage") or {}).get("per_class"):
        figures["coverage"] = _coverage(own, width)
    if own.get("calibration"):
        bins = [
            Bin(r["promised"], r["observed"], r["low"], r["high"], int(r["n"])) for r in own["calibration"]
        ]
        figures["calibration"] = draw_reliability(
            bins, title="Calibration: how often promised probabilities came true", width=min(width, 340.0)
        )
    strangers = strangers_of(own)
    if strangers:
        rows = [Estimate(name, share, low, high, percent(share)) for name, share, low, high, _ in strangers]
        figures["strangers"] = draw_intervals(
            rows, title="Strangers found, leaving one class out", width=width
        )
    return figures


def _candidates(own: Data, width: float) -> str:
    rows = [
        Estimate(
            row["name"],
            row["accuracy"],
            row["low"],
            row["high"],
            percent(row["accuracy"]),
            row["name"] == own.get("chosen"),
        )
        for row in own["candidates"]
    ]
    return draw_intervals(rows, title="Accuracy of every candidate with 95 % intervals", width=width)


def _decisions(own: Data, width: float) -> str:
    """What would have been concluded of each class's authentics, Unknown and Inconclusive among it."""
    names = list(own["decisions"])
    columns = [*names, _INCONCLUSIVE, UNKNOWN]
    return draw_matrix(
        own["decisions"],
        names,
        columns,
        title="Conclusions by true class",
        axes=("true class", "concluded"),
        width=width,
    )


def _coverage(own: Data, width: float) -> str:
    coverage = own["coverage"]
    rows = []
    for name, share in coverage["per_class"].items():
        n = (own.get("per_class", {}).get(name) or {}).get("n", 0)
        low, high = (coverage.get("intervals") or {}).get(name) or wilson(round(share * n), n)
        rows.append(Estimate(name, share, low, high, percent(share)))
    nominal = (coverage["nominal"], f"nominal {percent(coverage['nominal'])}")
    return draw_intervals(rows, title="Coverage by class, measured and nominal", line_at=nominal, width=width)


def strangers_of(own: Data) -> list[tuple[str, float, float, float, int]]:
    """(class, share found, low, high, n) of the authentics of a class that was kept from the model; empty where not computed."""
    told = own.get("leave_one_class_out") or {}
    rows = told.get("per_class", told) if isinstance(told, dict) else {}
    found = []
    for name, row in rows.items():
        if not isinstance(row, dict):
            continue
        share = row.get("detected", row.get("share"))
        n = int(row.get("n") or (own.get("per_class", {}).get(name) or {}).get("n", 0))
        if isinstance(share, int | float) and not isinstance(share, bool):
            low, high = wilson(round(float(share) * n), n)
            found.append((name, float(share), float(row.get("low", low)), float(row.get("high", high)), n))
    return found
