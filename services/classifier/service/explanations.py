"""Why a result says what it says, computed from its stored profile and the very model that made it."""

from typing import Any

from services.classifier import repository
from services.classifier.domain.class_ranges import class_ranges
from services.classifier.domain.evaluate import classify
from services.classifier.domain.model import DeterminationModel
from services.classifier.domain.model import Model as TrainedModel
from services.classifier.domain.opinion import DeterminationResult
from services.classifier.domain.pretreatment import raw_matrix
from services.classifier.domain.qc import check_qc
from services.classifier.domain.what_would_change import Change, what_would_change
from services.classifier.models import Result
from services.classifier.service.programmes import programme_of
from services.classifier.service.report_figures import result_figures
from services.classifier.service.stored_models import stored_model
from shared.actor import LABORATORY, Actor, Role, require
from shared.config import Settings
from shared.db.unit_of_work import UnitOfWork

READERS = (*LABORATORY, Role.AUDITOR, Role.ANALYST, Role.OFFICE)
Data = dict[str, Any]


def get_explanation(
    actor: Actor, uow: UnitOfWork, settings: Settings, result_id: str, *, figures: bool = False
) -> Data:
    """The explanation of a result that the actor may see.

    Who is not of the laboratory is told classes and distances, and nothing of whose exhibits the authentics are (E30).
    """
    require(actor, *READERS)
    result = repository.result(uow.session, actor, result_id)
    told = explain_result(uow, settings, result)
    if figures:
        stored = {found["name"]: found for found in result.determinations}
        for each in told["determinations"]:
            each["figures"] = result_figures(each, stored[each["name"]], result.item_number)
    for each in told["determinations"]:
        if actor.role in (Role.OFFICE, Role.ANALYST):
            each["nearest"] = [{**row, "item_id": None, "item_number": None} for row in each["nearest"]]
    return told


def explain_result(uow: UnitOfWork, settings: Settings, result: Result) -> Data:
    """For each determination: where the sample lies among the classes, what moved the answer, and what would change it."""
    programme = programme_of(
        repository.programme_row(uow.session, result.programme, result.programme_version)
    )
    told: Data = {"result_id": result.id, "model": result.model, "provenance": None, "determinations": []}
    titles = {each.name: each.title or each.name.replace("_", " ") for each in programme.determinations}
    model: TrainedModel | None = None
    if result.model.get("id"):
        row = repository.model(uow.session, result.model["id"])
        told["provenance"] = row.provenance
        model = stored_model(row, settings.keys_dir) if row.bundle is not None else None
    profile = result.profile
    values = {v["analyte"]: v["value"] for v in profile["values"] if v["value"] is not None}
    censored = frozenset(v["analyte"] for v in profile["values"] if v["censored"])
    qc = check_qc(model.programme, profile["qc"], profile.get("qc_details")) if model else ()
    again = {each.name: each for each in classify(model, values, censored, qc)} if model else {}
    for stored in result.determinations:
        data: Data = {
            "name": stored["name"],
            "title": titles.get(stored["name"], stored["name"]),
            "conclusion": stored["conclusion"],
            "classes": [],
            "analytes": [],
            "points": [],
            "position": stored.get("position"),
            "nearest": [],
            "changes": [],
        }
        own = next((d for d in model.determinations if d.name == stored["name"]), None) if model else None
        found = again.get(stored["name"])
        if model is not None and own is not None and found is not None and found.position is not None:
            data |= _of_one(uow, model, own, found, profile)
            # A result of old was concluded by the rules of its time: what would change another answer says nothing about it.
            if found.conclusion == stored["conclusion"]:
                data["changes"] = [
                    _change(change, found, model)
                    for change in what_would_change(model, found, values, censored, qc)
                ]
        told["determinations"].append(data)
    return told


def _of_one(
    uow: UnitOfWork, model: TrainedModel, own: DeterminationModel, found: DeterminationResult, profile: Data
) -> Data:
    measured = {value["analyte"]: value for value in profile["values"]}
    values = {name: value["value"] for name, value in measured.items() if value["value"] is not None}
    censored = frozenset(name for name, value in measured.items() if value["censored"])
    analytes = [a for name in own.analytes if (a := model.programme.analyte(name)) is not None]
    raw = raw_matrix(analytes, [(values, censored)])[0]
    moved = {each.analyte: each.log_odds for each in found.contributions}
    rows = []
    for analyte, ranges in zip(analytes, class_ranges(own, raw), strict=True):
        value = measured.get(analyte.name, {})
        rows.append(
            {
                "analyte": analyte.name,
                "module": analyte.module,
                "unit": analyte.unit,
                "value": value.get("value"),
                "uncertainty": value.get("uncertainty"),
                "censored": bool(value.get("censored")),
                "loq": analyte.loq,
                "position": ranges.position,
                "log_odds": moved.get(analyte.name, 0.0),
                "ranges": {
                    name: {
                        "low": each.low,
                        "middle": each.middle,
                        "high": each.high,
                        "in_unit": None if each.in_unit is None else list(each.in_unit),
                    }
                    for name, each in ranges.classes.items()
                },
            }
        )
    near = own.neighbourhood
    numbers = repository.item_facts(uow.session, [each.id for each in found.nearest])
    return {
        "classes": list(own.classes),
        "analytes": rows,
        "points": [
            {"x": round(float(x), 4), "y": round(float(y), 4), "label": label}
            for (x, y), label in zip(near.points, near.labels, strict=True)
        ],
        "position": list(found.position or ()),
        "nearest": [
            {
                "item_id": each.id,
                "item_number": numbers[each.id].number if each.id in numbers else None,
                "label": each.label,
                "distance": each.distance,
            }
            for each in found.nearest
        ],
    }


def _change(change: Change, found: DeterminationResult, model: TrainedModel) -> Data:
    analyte, module = model.programme.analyte(change.what), model.programme.module(change.what)
    name = (module.title or module.name.replace("_", " ")) if module else change.what
    return {
        "kind": change.kind,
        "what": change.what,
        "conclusion": change.conclusion,
        "changes": change.changes,
        "spreads": change.spreads,
        "value": change.value,
        "statement": _statement(change, found.conclusion, name, analyte.unit if analyte else ""),
    }


def _statement(change: Change, conclusion: str, name: str, unit: str) -> str:
    """One sentence for people."""
    if change.kind == "analyte":
        way = "higher" if (change.spreads or 0) > 0 else "lower"
        at = "" if change.value is None else f", to about {change.value:g} {unit}"
        far = f"{abs(change.spreads or 0):g} spreads within a class"
        return f"{name} {way} by {far}{at}, all else the same: {change.conclusion}."
    if change.kind == "module":
        if change.changes:
            return f"Without the module “{name}”: {change.conclusion}."
        return f"Without the module “{name}” the answer would be the same: {conclusion}."
    return f"At a coverage of {change.what} % or more: {change.conclusion}."
