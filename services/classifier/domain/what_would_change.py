"""What would change an answer: another value of one analyte, a module left out, a higher coverage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.classifier.domain.decision import decide
from services.classifier.domain.evaluate import classify
from services.classifier.domain.model import DeterminationModel, Model
from services.classifier.domain.opinion import DeterminationResult
from services.classifier.domain.pretreatment import Pretreatment, raw_matrix
from services.classifier.domain.qc import QcFinding
from services.classifier.domain.run import Floats

#: Steps of one analyte, in spreads within classes.
_STEPS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0)
_MOST = 3
#: What a coverage must exceed by, for the class at its edge to come in.
_A_LITTLE = 1e-6


@dataclass(frozen=True, slots=True)
class Change:
    """`kind` is "analyte", "module" or "coverage"; `conclusion` is what would be said then; `changes` whether that is another.

    `spreads` (of an analyte) is how far it would have to lie elsewhere, in spreads within classes; `value` the same in its unit.
    """

    kind: str
    what: str
    conclusion: str
    changes: bool
    spreads: float | None = None
    value: float | None = None


def what_would_change(
    model: Model,
    found: DeterminationResult,
    values: Mapping[str, float],
    censored: frozenset[str],
    qc: Sequence[QcFinding] = (),
) -> tuple[Change, ...]:
    """The changes of one determination that was evaluated, those of the analytes first, the smallest first."""
    own = next(each for each in model.determinations if each.name == found.name)
    analytes = [a for name in own.analytes if (a := model.programme.analyte(name)) is not None]
    raw = raw_matrix(analytes, [(values, censored)])[0]
    modules = _modules(model, found, values, censored, qc)
    if found.beyond:
        return tuple(modules)
    changes = _analytes(model, own, found, raw) + modules
    return (*changes, *_coverage(own, found, raw, model.programme.decision.novelty_alpha))


def _analytes(model: Model, own: DeterminationModel, found: DeterminationResult, raw: Floats) -> list[Change]:
    """The three analytes of which the least change, alone, would give another conclusion."""
    root = np.linalg.inv(own.neighbourhood.whitener)
    spread = np.sqrt((root * root).sum(axis=0))
    alpha = model.programme.decision.novelty_alpha
    changes: list[Change] = []
    done: set[int] = set()
    for step in _STEPS:
        tried: list[tuple[int, float]] = []
        rows: list[Floats] = []
        for j in np.flatnonzero(~np.isnan(raw)).tolist():
            for sign in (-1.0, 1.0):
                value = _moved(own.pretreatment, j, float(raw[j]), sign * step * float(spread[j]))
                if j not in done and value >= _least(model, own.analytes[j]):
                    moved = raw.copy()
                    moved[j] = value
                    tried.append((j, sign))
                    rows.append(moved)
        said = _conclusions(own, np.stack(rows), alpha) if rows else []
        for (j, sign), moved, conclusion in zip(tried, rows, said, strict=True):
            if conclusion != found.conclusion and j not in done:
                value = float(f"{moved[j]:.4g}")
                changes.append(Change("analyte", own.analytes[j], conclusion, True, sign * step, value))
                done.add(j)
        if len(changes) >= _MOST:
            break
    return changes[:_MOST]


def _conclusions(own: DeterminationModel, raw: Floats, alpha: float) -> list[str]:
    """What would be said of raw rows (n, p)."""
    rows = own.pretreatment.apply(raw)
    chances = own.probabilities(own.prepared(raw))
    likeness = [_likeness(own, values, row) for values, row in zip(raw, rows, strict=True)]
    return [
        decide(own.classes, chance, own.conformal, class_p, alpha).conclusion
        for chance, class_p in zip(chances, likeness, strict=True)
    ]


def _likeness(own: DeterminationModel, raw: Floats, row: Floats) -> Floats:
    """The combined p-value of each class (classes,), over the modules of which something was measured."""
    return own.class_p_values(row, tuple(view for view in own.views if not np.isnan(raw[view.columns]).all()))


def _moved(scale: Pretreatment, j: int, value: float, amount: float) -> float:
    """A raw value moved by so much on the model's scale; less than nothing where a root would have to be."""
    power, shift = float(scale.power[j]), amount * float(scale.scale[j])
    if power == 0.0:
        return max(value, float(scale.floor[j])) * float(np.exp(np.clip(shift, -50.0, 50.0)))
    if power == 1.0:
        return value + shift
    root = max(value, float(scale.floor[j])) ** power + shift
    return float(root ** (1.0 / power)) if root >= 0 else -1.0


def _least(model: Model, name: str) -> float:
    """The least value that an analyte can have at all."""
    analyte = model.programme.analyte(name)
    if analyte is None or analyte.is_isotope:
        return -np.inf
    return analyte.minimum or 0.0


def _modules(
    model: Model,
    found: DeterminationResult,
    values: Mapping[str, float],
    censored: frozenset[str],
    qc: Sequence[QcFinding],
) -> list[Change]:
    """What would be said without each module that gave evidence."""
    changes = []
    for evidence in found.evidence if len(found.evidence) > 1 else ():
        inside = {a.name for a in model.programme.analytes if a.module == evidence.module}
        left = {name: value for name, value in values.items() if name not in inside}
        again = next(d for d in classify(model, left, censored - inside, qc) if d.name == found.name)
        changes.append(
            Change("module", evidence.module, again.conclusion, again.conclusion != found.conclusion)
        )
    return changes


def _coverage(own: DeterminationModel, found: DeterminationResult, raw: Floats, alpha: float) -> list[Change]:
    """The least coverage at which one more class could not be excluded, where the answer would be another one then."""
    chances = np.array([found.probabilities[name] for name in own.classes])
    p_values = own.conformal.p_values(chances)
    outside = [p for p, name in zip(p_values, own.classes, strict=True) if name not in found.prediction_set]
    if not outside:
        return []
    needed = 1.0 - float(max(outside))
    if needed <= own.conformal.coverage or needed >= 1.0:
        return []
    class_p = _likeness(own, raw, own.pretreatment.apply(raw[None, :])[0])
    wider = replace(own.conformal, coverage=needed + _A_LITTLE)
    said = decide(own.classes, chances, wider, class_p, alpha).conclusion
    return [] if said == found.conclusion else [Change("coverage", f"{100 * needed:.1f}", said, True)]
