"""The report of a released result: made once, stored with its digest (E27, E28)."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from services.classifier import repository
from services.classifier.models import Report, Result, Review
from services.classifier.service.programmes import programme_of
from shared.db.unit_of_work import UnitOfWork
from shared.documents.render import render_pdf
from shared.http.schemas import format_time

TEMPLATE = Path(__file__).parents[1] / "documents" / "report.typ"


def make_report(uow: UnitOfWork, result: Result, review: Review, *, now: datetime) -> Report:
    """Renders and adds the report; the caller's transaction stores it together with the release."""
    pdf = render_pdf(TEMPLATE, report_data(uow, result, review))
    report = Report(result_id=result.id, pdf=pdf, sha256=hashlib.sha256(pdf).hexdigest(), made_at=now)
    uow.session.add(report)
    return report


def report_data(uow: UnitOfWork, result: Result, review: Review) -> dict[str, Any]:
    """Everything that the template prints, as plain data."""
    row = repository.programme_row(uow.session, result.programme, result.programme_version)
    programme = programme_of(row)
    model = repository.model(uow.session, result.model["id"]) if result.model.get("id") else None
    validation = (model.validation or {}).get("determinations", {}) if model else {}
    values = [value for value in result.profile["values"] if value["value"] is not None or value["censored"]]
    return {
        "report_id": result.id,
        "digest": result.digest,
        "item_number": result.item_number,
        "exhibit_id": result.exhibit_id,
        "office": result.office,
        "programme": {"id": programme.id, "version": programme.version, "title": programme.title},
        "modules": [{"name": m.title or m.name, "technique": m.technique} for m in programme.modules],
        "determinations": [_determination(d, validation.get(d["name"], {})) for d in result.determinations],
        "values": [_value(value) for value in values],
        "model": result.model,
        "inputs": result.inputs,
        "created_at": format_time(result.created_at)[:16] + "Z",
        "replaces": result.replaces,
        "reason": result.reason,
        "remarks": result.remarks,
        "synthetic": bool(model and model.provenance == "SYNTHETIC"),
        "review": {
            "name": review.reviewer_name,
            "login": review.reviewer,
            "at": format_time(review.reviewed_at),
            "comment": review.comment,
            "method": review.method,
        },
    }


def _determination(found: dict[str, Any], validation: dict[str, Any]) -> dict[str, Any]:
    chances = sorted(found["probabilities"].items(), key=lambda row: -row[1])
    p_value = (found.get("novelty") or {}).get("p_value")
    coverage = (validation.get("coverage") or {}).get("nominal")
    return {
        "name": found["name"],
        "conclusion": found["conclusion"],
        "set": ", ".join(found["prediction_set"] or []) or "empty",
        "probabilities": [[name, f"{value:.3f}"] for name, value in chances],
        "p_value": "not computed" if p_value is None else f"{p_value:.3f}",
        "coverage": "not stated" if coverage is None else f"{100 * coverage:.0f} %",
        "accuracy": f"{100 * validation['accuracy']:.0f} %" if "accuracy" in validation else "not stated",
    }


def _value(value: dict[str, Any]) -> list[str]:
    number = "below LOQ" if value["value"] is None else f"{value['value']:.4g}"
    doubt = "" if value["uncertainty"] is None else f"± {value['uncertainty']:.2g}"
    source = (value["source"] or {}).get("kind", "")
    return [value["analyte"], number, doubt, value["unit"], source]
