"""The report of a released result: made once, stored with its digest (E27, E28)."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from services.classifier import repository
from services.classifier.models import Job, Model, Report, Result, Review
from services.classifier.service.explanations import explain_result
from services.classifier.service.programmes import programme_of
from services.classifier.service.report_figures import place_figure, profile_figure, reasons_figure
from services.classifier.service.report_words import fitting, in_short, percent, reliability
from services.classifier.service.value_sources import list_sources, told_values
from shared.config import Settings
from shared.db.unit_of_work import UnitOfWork
from shared.documents.qr_code import qr_code
from shared.documents.render import render_pdf
from shared.http.schemas import format_time

TEMPLATE = Path(__file__).parents[1] / "documents" / "report.typ"
Data = dict[str, Any]


def make_report(
    uow: UnitOfWork, settings: Settings, result: Result, review: Review, *, now: datetime
) -> Report:
    """Renders and adds the report; the caller's transaction stores it together with the release."""
    data, pictures = report_data(uow, settings, result, review)
    pdf = render_pdf(TEMPLATE, data, pictures=pictures)
    report = Report(result_id=result.id, pdf=pdf, sha256=hashlib.sha256(pdf).hexdigest(), made_at=now)
    uow.session.add(report)
    return report


def report_data(
    uow: UnitOfWork, settings: Settings, result: Result, review: Review
) -> tuple[Data, dict[str, bytes]]:
    """Everything that the template prints, as plain data, and its pictures by name."""
    programme = programme_of(
        repository.programme_row(uow.session, result.programme, result.programme_version)
    )
    model = repository.model(uow.session, result.model["id"]) if result.model.get("id") else None
    validation = (model.validation or {}).get("determinations", {}) if model else {}
    explained = {each["name"]: each for each in explain_result(uow, settings, result)["determinations"]}
    pictures: dict[str, bytes] = {}
    modules = {module.name: module.title or module.name.replace("_", " ") for module in programme.modules}
    determinations = [
        _determination(
            place,
            found,
            explained[found["name"]],
            validation.get(found["name"], {}),
            modules,
            result,
            pictures,
        )
        for place, found in enumerate(result.determinations)
    ]
    values = told_values(programme, result.profile["values"], people=True)
    sources, named = list_sources(values)
    job = uow.session.get(Job, result.job_id) if result.job_id else None
    item = repository.item_facts(uow.session, [result.item_id]).get(result.item_id)
    entry = f"{settings.public_url.rstrip('/')}/results/{result.id}/entry"
    data = {
        "laboratory": settings.laboratory,
        "report_id": result.id,
        "digest": result.digest,
        "item_number": result.item_number,
        "item_id": result.item_id,
        "is_aliquot": bool(item and item.root_id != item.id),
        "of_library": _of_library(result, item.root_id if item else result.item_id),
        "office": result.office,
        "programme": {"id": programme.id, "version": programme.version, "title": programme.title},
        "modules": [[modules[m.name], m.technique, _measured(result, m.name)] for m in programme.modules],
        "determinations": determinations,
        "values": _values(values, modules, named),
        "sources": sources,
        "classified_by": job.requested_by if job else None,
        "performers": ", ".join(result.performers),
        "missing": [value["analyte"] for value in result.profile["values"] if not _known(value)],
        "qc": _qc(result.determinations, modules),
        "model": _model(result, model),
        "inputs": result.inputs,
        "created_at": format_time(result.created_at)[:16].replace("T", " ") + " UTC",
        "replaces": result.replaces,
        "reason": result.reason,
        "outcome": _outcome(uow, result),
        "remarks": result.remarks,
        "synthetic": bool(model and model.provenance == "SYNTHETIC"),
        "entry": entry,
        "symbol": qr_code(entry),
        "review": {
            "name": review.reviewer_name,
            "login": review.reviewer,
            "at": format_time(review.reviewed_at)[:19].replace("T", " ") + " UTC",
            "comment": review.comment,
            "method": review.method,
            "digest": review.result_digest,
        },
    }  # fmt: skip
    return data, pictures


def _determination(
    place: int,
    found: Data,
    explained: Data,
    validation: Data,
    modules: dict[str, str],
    result: Result,
    pictures: dict[str, bytes],
) -> Data:
    chances = sorted(found["probabilities"].items(), key=lambda row: -row[1])
    p_value = (found.get("novelty") or {}).get("p_value")
    drawn = bool(explained["analytes"])
    if drawn:
        number = result.item_number
        for name, drawing in (
            ("profile", profile_figure(explained, found, number, width=640, size=11)),
            ("place", place_figure(explained, number, width=400, height=330, size=13)),
            ("reasons", reasons_figure(explained, found, width=400, size=13)),
        ):
            pictures[f"{name}-{place}.svg"] = drawing.encode()
    return {
        "place": place,
        "drawn": drawn,
        "title": explained["title"],
        "conclusion": found["conclusion"],
        "in_short": in_short(found, result.item_number),
        "set": ", ".join(found["prediction_set"] or []) or "none",
        "coverage": percent(found.get("coverage")),
        "probabilities": [[name, f"{value:.3f}"] for name, value in chances],
        "p_value": "not computed" if p_value is None else f"{p_value:.3f}",
        "novelty_alpha": percent((found.get("novelty") or {}).get("threshold")),
        "level": _level(found),
        "reasons": [words[:1].upper() + words[1:] for words in found.get("reasons") or []],
        "evidence": [_evidence(each, modules) for each in found.get("evidence") or []],
        "contradiction": bool(found.get("contradiction")),
        "nearest": [[row["label"], f"{row['distance']:.2f}"] for row in explained["nearest"]],
        "changes": [each["statement"] for each in explained["changes"]],
        "reliability": reliability(found, validation),
    }


def _of_library(result: Result, root_id: str) -> bool:
    """Whether the model was trained on this very exhibit, so that its likeness to the library proves nothing."""
    near = {row["id"] for found in result.determinations for row in found.get("nearest") or []}
    return bool(near & {result.item_id, root_id})


def _level(found: Data) -> str | None:
    """The deepest class above a set of several, where there is one."""
    level = found.get("level")
    if level is None or level["name"] == found["conclusion"]:
        return None
    return f"{level['name']} (probability {min(1.0, level['probability']):.3f})"


def _outcome(uow: UnitOfWork, result: Result) -> str | None:
    """What an amendment changed of the conclusions; None where nothing is amended."""
    old = uow.session.get(Result, result.replaces) if result.replaces else None
    if old is None:
        return None
    before = {found["name"]: _concluded(found) for found in old.determinations}
    changed = [
        f"{found['name'].replace('_', ' ')}: {before.get(found['name'], ('nothing',))[0]} became {found['conclusion']}"
        for found in result.determinations
        if before.get(found["name"]) != _concluded(found)
    ]
    if not changed:
        return "Nothing changed in the conclusion: it is that of the report which this one replaces."
    return f"What changed in the conclusion: {'; '.join(changed)}."


def _concluded(found: Data) -> tuple[str, ...]:
    return (found["conclusion"], *sorted(found["prediction_set"] or []))


def _evidence(each: Data, modules: dict[str, str]) -> list[str]:
    best = max(each["p_values"].values(), default=0.0)
    fits = fitting(each["fits"], list(each["p_values"]))
    return [
        f"{modules.get(each['module'], each['module'])} ({each['technique']})", f"{each['measured']} of {each['of']}",
        fits, f"{best:.2g}", each["most_likely"] if each["fits"] else "–", percent(each["accuracy"]),
    ]  # fmt: skip


def _measured(result: Result, module: str) -> str:
    """How many of a module's analytes were measured."""
    rows = [value for value in result.profile["values"] if value["module"] == module]
    return f"{sum(_known(value) for value in rows)} of {len(rows)} analytes"


def _known(value: Data) -> bool:
    return value["value"] is not None or bool(value["censored"])


def _qc(determinations: list[Data], modules: dict[str, str]) -> list[list[str]]:
    """Each quality finding once: rule, module, what was found, whether it passed."""
    rows: list[list[str]] = []
    for found in determinations:
        for each in found.get("qc") or []:
            passed = {True: "passed", False: "FAILED", None: "not noted"}[each["passed"]]
            module = modules.get(each["module"], each["module"]) if each["module"] else "all"
            found_out = "–" if each["passed"] is None else each["detail"]
            row = [each["rule"].replace("_", " "), module, found_out, passed]
            if row not in rows:
                rows.append(row)
    return rows


def _model(result: Result, model: Model | None) -> Data:
    told: Data = {
        "version": result.model.get("version", "none"),
        "digest": result.model.get("digest") or "none",
        "snapshot": None,
        "trained": None,
    }
    if model is not None:
        snapshot = model.snapshot or {}
        told["trained"] = format_time(model.trained_at)[:10]
        if snapshot:
            told["snapshot"] = (
                f"{snapshot.get('authentics', '?')} authentics of {snapshot.get('groups', '?')} seizures or collections"
            )
            told["snapshot_digest"] = snapshot.get("sha256", "")
    return told


def _values(values: list[Data], modules: dict[str, str], sources: dict[str, str]) -> list[Data]:
    """What was measured, a module at a time."""
    parts: dict[str, list[list[str]]] = {}
    for value in values:
        if _known(value):
            parts.setdefault(value["module"], []).append(_value(value, sources))
    return [{"module": modules.get(name, name), "rows": rows} for name, rows in parts.items()]


def _value(value: Data, sources: dict[str, str]) -> list[str]:
    number = "below LOQ" if value["value"] is None or value["censored"] else f"{value['value']:.4g}"
    doubt = "not stated" if value["uncertainty"] is None else f"± {value['uncertainty']:.2g}"
    if value["uncertainty_of"] == "programme":
        doubt += " (declared)"
    return [value["analyte"], number, doubt, value["unit"], sources.get(value["analyte"], "not recorded")]
