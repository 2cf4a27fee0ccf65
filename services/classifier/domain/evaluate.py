"""From a profile to an opinion: quality, then novelty, then the prediction set; with the evidence of every module."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from services.classifier.domain.calibration import softmax
from services.classifier.domain.decision import Verdict, decide
from services.classifier.domain.explain import (
    contributions,
    nearest,
    position,
)
from services.classifier.domain.model import DeterminationModel, Model, View
from services.classifier.domain.opinion import DeterminationResult, Level, ModuleEvidence, Novelty
from services.classifier.domain.pretreatment import raw_matrix
from services.classifier.domain.programme import NOT_EVALUATED, UNKNOWN, Determination
from services.classifier.domain.qc import QcFinding, failed
from services.classifier.domain.reasons import OF_THE_LIBRARY, contradicted, of_the_unused, reasons_of
from services.classifier.domain.run import Flags, Floats
from services.classifier.domain.seen import Beyond, beyond

_DECIMALS = 9


def classify(
    model: Model,
    values: Mapping[str, float],
    censored: frozenset[str] = frozenset(),
    qc: Sequence[QcFinding] = (),
    items: frozenset[str] = frozenset(),
) -> tuple[DeterminationResult, ...]:
    """Every determination of the programme, in its order.

    `values` are in the programme's units; analytes in `censored` lie below their limit of quantitation; `items` are the
    ids of the item and of what it was taken from, by which the library would know it. A determination without a
    model, with a failed QC, or with too little measured is "Not evaluated", with the reasons.
    """
    known = {each.name: each for each in model.determinations}
    results = []
    for determination in model.programme.determinations:
        own = known.get(determination.name)
        if own is None:
            reason = model.not_trained.get(determination.name, "there is no model of this determination")
            results.append(_not_evaluated(model, determination.name, (f"no model: {reason}",), qc))
            continue
        reasons = what_stops(model, determination, own, values, censored, qc)
        if reasons:
            results.append(_not_evaluated(model, determination.name, reasons, qc))
        else:
            found = _evaluated(model, determination, own, values, censored, qc)
            if not items.isdisjoint(own.neighbourhood.ids):
                found = replace(found, reasons=(OF_THE_LIBRARY, *found.reasons))
            results.append(found)
    return tuple(results)


def what_stops(
    model: Model,
    determination: Determination,
    own: DeterminationModel,
    values: Mapping[str, float],
    censored: frozenset[str],
    qc: Sequence[QcFinding],
) -> tuple[str, ...]:
    """Why nothing may be concluded of a determination: failed quality, a required module missing, too little measured."""
    programme = model.programme
    present = set(values) | censored
    reasons = [
        f"quality: {finding.rule}: {finding.detail}"
        for finding in failed(qc)
        if finding.module is None or finding.module in determination.modules
    ]
    for name in determination.modules:
        module = programme.module(name)
        analytes = [a.name for a in programme.analytes if a.module == name]
        if module is not None and module.required and analytes and not present & set(analytes):
            reasons.append(f"nothing was measured of {name} ({module.technique}), which is required")
    measured = sum(name in present for name in own.analytes)
    least = programme.decision.minimum_measured
    if measured == 0 or measured < least * len(own.analytes):
        reasons.append(
            f"{measured} of {len(own.analytes)} analytes were measured; at least {least:.0%} are needed"
        )
    return tuple(reasons)


def _not_evaluated(
    model: Model, name: str, reasons: tuple[str, ...], qc: Sequence[QcFinding]
) -> DeterminationResult:
    rule = model.programme.decision
    novelty = Novelty(None, rule.novelty_alpha, None, {}, None, None)
    return DeterminationResult(name, NOT_EVALUATED, (), {}, novelty, (), reasons, rule.coverage, qc=tuple(qc))


def _evaluated(
    model: Model,
    determination: Determination,
    own: DeterminationModel,
    values: Mapping[str, float],
    censored: frozenset[str],
    qc: Sequence[QcFinding],
) -> DeterminationResult:
    rule = model.programme.decision
    analytes = [found for name in own.analytes if (found := model.programme.analyte(name)) is not None]
    raw = raw_matrix(analytes, [(values, censored)])
    row, prepared = own.pretreatment.apply(raw)[0], own.prepared(raw)
    probabilities = np.round(own.probabilities(prepared)[0], _DECIMALS)
    gaps = np.isnan(raw[0])
    views = tuple(view for view in own.views if not gaps[view.columns].all())
    class_p = own.class_p_values(row, views)
    strange = beyond(model.programme.analytes, own.seen, values, censored)
    verdict = decide(
        own.classes, probabilities, own.conformal, class_p, rule.novelty_alpha, outside=bool(strange)
    )
    alone = rule.novelty_alpha / len(views)
    evidence = tuple(
        _evidence(model, own, view, row, gaps, alone, strange) for view in views if view.module is not None
    )
    torn = contradicted([own.classes[c] for c in verdict.members], evidence)
    by_class = {name: _significant(p) for name, p in zip(own.classes, class_p, strict=True)}
    best = int(class_p.argmax())
    inside, outside = own.views[0].distance.parts(row[own.views[0].columns])
    return DeterminationResult(
        name=determination.name,
        conclusion=verdict.conclusion,
        prediction_set=tuple(own.classes[c] for c in verdict.members),
        probabilities={name: float(p) for name, p in zip(own.classes, probabilities, strict=True)},
        novelty=Novelty(
            _significant(class_p[best]),
            rule.novelty_alpha,
            own.classes[best],
            by_class,
            _significant(inside[best]),
            _significant(outside[best]),
        ),
        evidence=evidence,
        reasons=(
            *reasons_of(own, verdict, evidence, class_p, torn, gaps, rule.novelty_alpha, strange),
            *of_the_unused(own, model.programme.analytes_of(determination), values),
        ),
        coverage=rule.coverage,
        candidate=own.candidate,
        level=_level(determination, own, verdict, probabilities),
        contradiction=bool(torn),
        contributions=contributions(own, prepared, raw[0]),
        nearest=nearest(own, row),
        position=position(own, row),
        qc=tuple(qc),
        beyond=strange,
    )


def _evidence(
    model: Model,
    own: DeterminationModel,
    view: View,
    row: Floats,
    gaps: Flags,
    alone: float,
    strange: Sequence[Beyond],
) -> ModuleEvidence:
    assert view.module is not None and view.scorer is not None
    part = row[view.columns]
    chance = np.round(softmax(view.scorer.scores(part[None, :]), view.sharpness)[0], _DECIMALS)
    p_values = view.distance.p_values(part)
    fits = tuple(name for name, p in zip(own.classes, p_values, strict=True) if p >= alone)
    likely = own.classes[int(chance.argmax())]
    module = model.programme.module(view.module)
    if not fits:
        statement = f"{view.module}: unlike every class of the library"
    else:
        statement = f"{view.module}: fits {' or '.join(fits)}; most like {likely}"
    for each in strange:
        if each.module == view.module:
            statement += f"; {each.statement}"
    return ModuleEvidence(
        module=view.module,
        technique=module.technique if module else "",
        measured=int((~gaps[view.columns]).sum()),
        of=len(view.columns),
        most_likely=likely,
        probabilities={name: float(p) for name, p in zip(own.classes, chance, strict=True)},
        p_values={name: _significant(p) for name, p in zip(own.classes, p_values, strict=True)},
        fits=fits,
        accuracy=round(view.accuracy, 6),
        statement=statement,
    )


def _level(
    determination: Determination, own: DeterminationModel, verdict: Verdict, probabilities: Floats
) -> Level | None:
    """The deepest class that holds the whole set; None where there is none, or where nothing is concluded."""
    if verdict.conclusion == UNKNOWN:
        return None
    lines = [(own.classes[c], *determination.ancestors(own.classes[c])) for c in verdict.members]
    for name in lines[0]:
        if all(name in line for line in lines):
            leaves = [
                c for c, leaf in enumerate(own.classes) if name in (leaf, *determination.ancestors(leaf))
            ]
            return Level(name, min(1.0, round(float(probabilities[leaves].sum()), _DECIMALS)))
    return None


def _significant(value: float) -> float:
    """Six significant digits, so that the last bits of another processor do not change a record."""
    return float(f"{float(value):.6g}")
