"""What would change an answer: another value of one analyte, a module left out, a higher coverage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.classifier.domain.class_ranges import in_units
from services.classifier.domain.decision import decide
from services.classifier.domain.evaluate import classify
from services.classifier.domain.model import DeterminationModel, Model
from services.classifier.domain.opinion import DeterminationResult
from services.classifier.domain.pretreatment import raw_matrix
from services.classifier.domain.qc import QcFinding
from services.classifier.domain.run import Floats

#: Steps of one analyte, in spreads within classes.
_STEPS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0)
_MOST = 3


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
    changes = _analytes(model, own, found, raw)
    changes += _modules(model, found, values, censored, qc)
    return (*changes, *_coverage(own, found))


def _analytes(model: Model, own: DeterminationModel, found: DeterminationResult, raw: Floats) -> list[Change]:
    """The three analytes of which the least change, alone, would give another conclusion."""
    scale, near = own.pretreatment, own.neighbourhood
    row = scale.transform(raw[None, :])[0]
    root = np.linalg.inv(near.whitener)
    spread = np.sqrt((root * root).sum(axis=0))
    views = tuple(view for view in own.views if not np.isnan(row[view.columns]).all())
    alpha = model.programme.decision.novelty_alpha
    changes: list[Change] = []
    done: set[int] = set()
    least = [_least(model, name) for name in own.analytes]
    for step in _STEPS:
        tried = [(j, sign) for j in np.flatnonzero(~np.isnan(row)) if j not in done for sign in (-1.0, 1.0)]
        if not tried:
            break
        moved = np.repeat(row[None, :], len(tried), axis=0)
        for i, (j, sign) in enumerate(tried):
            moved[i, j] += sign * step * spread[j]
        filled = scale.fill(moved)
        chances = own.probabilities(filled)
        for i, (j, sign) in enumerate(tried):
            class_p = own.class_p_values(filled[i], views)
            said = decide(own.classes, chances[i], own.conformal, class_p, alpha).conclusion
            if said != found.conclusion and j not in done:
                units = in_units(scale, filled[i : i + 1])
                value = None if units is None else float(f"{units[0, j]:.4g}")
                if value is not None and value < least[j]:
                    continue
                changes.append(Change("analyte", own.analytes[j], said, True, sign * step, value))
                done.add(int(j))
        if len(changes) >= _MOST:
            break
    return changes[:_MOST]


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


def _coverage(own: DeterminationModel, found: DeterminationResult) -> list[Change]:
    """The least coverage at which one more class could not be excluded."""
    chances = np.array([found.probabilities[name] for name in own.classes])
    p_values = own.conformal.p_values(chances)
    outside = [
        (float(p_values[c]), name) for c, name in enumerate(own.classes) if name not in found.prediction_set
    ]
    if not outside:
        return []
    p, name = max(outside)
    needed = 1.0 - p
    if needed <= own.conformal.coverage or needed >= 1.0:
        return []
    members = [*found.prediction_set, name]
    said = f"Inconclusive ({' or '.join(members)})" if len(members) > 1 else name
    return [Change("coverage", f"{100 * needed:.1f}", said, True)]
