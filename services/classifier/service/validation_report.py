"""How a model was validated, on paper: every candidate, what was chosen and why, and how far its answers can be trusted."""

from pathlib import Path
from typing import Any

from services.classifier import repository
from services.classifier.models import Model
from services.classifier.service.programmes import programme_of
from services.classifier.service.report_words import percent
from services.classifier.service.stored_models import stored_model
from services.classifier.service.validation_figures import strangers_of, validation_figures
from services.classifier.service.validation_warnings import validation_warnings
from shared.actor import LABORATORY, Actor, Role, require
from shared.config import Settings
from shared.db.unit_of_work import UnitOfWork
from shared.documents.render import render_pdf
from shared.errors import NotFound
from shared.http.schemas import format_time

TEMPLATE = Path(__file__).parents[1] / "documents" / "validation.typ"
READERS = (*LABORATORY, Role.AUDITOR)
Data = dict[str, Any]


def get_validation_report(actor: Actor, uow: UnitOfWork, settings: Settings, model_id: str) -> bytes:
    """The PDF; raises NotFound while the model has no validation. The same model and state give the same pages."""
    require(actor, *READERS)
    row = repository.model(uow.session, model_id)
    if row.validation is None:
        raise NotFound(f"This model has no validation: it is {row.state}.")
    data, pictures = validation_data(uow, settings, row)
    return render_pdf(TEMPLATE, data, pictures=pictures)


def validation_data(uow: UnitOfWork, settings: Settings, row: Model) -> tuple[Data, dict[str, bytes]]:
    """Everything that the template prints, and its pictures."""
    programme = programme_of(repository.programme_row(uow.session, row.programme, row.programme_version))
    validation = row.validation or {}
    model = stored_model(row, settings.keys_dir)
    settings_of = {each.name: each.setting for each in model.determinations}
    pictures: dict[str, bytes] = {}
    determinations = []
    for place, (name, own) in enumerate(validation.get("determinations", {}).items()):
        figures = validation_figures(own)
        pictures |= {f"{kind}-{place}.svg": drawing.encode() for kind, drawing in figures.items()}
        determination = programme.determination(name)
        title = (determination.title if determination else "") or name.replace("_", " ")
        determinations.append(_determination(place, title, own, sorted(figures), settings_of.get(name, "")))
    snapshot = row.snapshot or {}
    return {
        "laboratory": settings.laboratory,
        "model_id": row.id,
        "version": str(row.version),
        "state": row.state,
        "digest": row.digest or "",
        "programme": f"{programme.id} version {programme.version}: {programme.title}",
        "trained": f"{_moment(row.trained_at)}, by {row.trained_by}",
        "activated": f"{_moment(row.activated_at)}, by {row.activated_by}" if row.activated_at else "not yet",
        "snapshot": f"{snapshot.get('authentics', '?')} authentics of {snapshot.get('groups', '?')} seizures or collections",
        "snapshot_digest": model.snapshot,
        "seed": str(model.seed),
        "versions": ", ".join(f"{name} {version}" for name, version in model.versions.items()),
        "coverage": percent(programme.decision.coverage),
        "novelty_alpha": percent(programme.decision.novelty_alpha),
        "synthetic": row.provenance == "SYNTHETIC",
        "not_trained": [[name, reason] for name, reason in validation.get("not_trained", {}).items()],
        "determinations": determinations,
    }, pictures  # fmt: skip


def _moment(moment: Any) -> str:
    return format_time(moment)[:16].replace("T", " ") + " UTC"


def _determination(place: int, title: str, own: Data, figures: list[str], setting: str) -> Data:
    chosen: Data = next((c for c in own.get("candidates", []) if c["name"] == own.get("chosen")), {})
    coverage = own.get("coverage") or {}
    unknown_of = own.get("false_unknown_per_class") or {}
    classes = [
        [
            name, str(row["n"]), percent(row["recall"]), percent(row["precision"]),
            percent((coverage.get("per_class") or {}).get(name)), percent(unknown_of.get(name)) if name in unknown_of else "–",
        ]
        for name, row in own.get("per_class", {}).items()
    ]  # fmt: skip
    return {
        "place": place,
        "title": title,
        "figures": figures,
        "chosen": own.get("chosen", "–"),
        "setting": setting,
        "accuracy": percent(own.get("accuracy", chosen.get("accuracy"))),
        "interval": f"{percent(own.get('low', chosen.get('low')))} to {percent(own.get('high', chosen.get('high')))}",
        "candidates": [
            [
                c["name"],
                percent(c["accuracy"]),
                f"{percent(c['low'])} to {percent(c['high'])}",
                f"{c['log_score']:.3f}" if "log_score" in c else "–",
            ]
            for c in own.get("candidates", [])
        ],
        "why": _why(own),
        "ece": f"{own['ece']:.3f}" if "ece" in own else "not computed",
        "coverage": f"{percent(coverage.get('overall'))} (nominal {percent(coverage.get('nominal'))})",
        "false_unknown": percent(own.get("false_unknown")),
        "mean_set_size": f"{own['mean_set_size']:.2f} classes" if "mean_set_size" in own else "not computed",
        "classes": classes,
        "groups": str(own.get("groups", "?")),
        "repeated": _repeated(own),
        "collections": _collections(own),
        "strangers": [[name, str(n), percent(share)] for name, share, _, _, n in strangers_of(own)],
        "analytes": ", ".join(own.get("analytes", [])),
        "warnings": validation_warnings(own),
    }  # fmt: skip


def _why(own: Data) -> str:
    """Why the chosen candidate was chosen, in one sentence."""
    if own.get("why"):
        return str(own["why"])
    said = (
        "The simplest candidate whose logarithmic score on left-out authentics is within one standard error of the best. "
        "The score asks for honest probabilities, not for hits alone: a candidate that hits as often and is sure where it errs "
        "has less."
    )
    folds = own.get("chosen_in_folds")
    if folds:
        times = ", ".join(f"{name} {n} times" for name, n in folds.items())
        said += f" The accuracy below is that of choosing, too: the outer folds, with a choice of their own each, took {times}."
    return said


def _repeated(own: Data) -> str | None:
    again = own.get("repeated") or {}
    if len(again.get("accuracy") or ()) < 2:
        return None
    rounds = ", ".join(percent(each) for each in again["accuracy"])
    return f"With the folds cut anew {again.get('rounds', len(again['accuracy']))} times the accuracy was {rounds}."


def _collections(own: Data) -> str | None:
    """Leaving one collection out after the other, where that was done."""
    told = own.get("leave_one_collection_out")
    if not told:
        return None
    said = f"Each left out in turn: accuracy {percent(told['accuracy'])}"
    said += f" (95 % interval {percent(told['low'])} to {percent(told['high'])})"
    said += f", over {told['collections']} of {told['of']} seizures or collections, by the chosen candidate as it is."
    missed = told.get("missed") or []
    return f"{said} Mostly taken for another class: {', '.join(missed)}." if missed else said
