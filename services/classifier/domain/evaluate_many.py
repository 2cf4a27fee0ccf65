"""The conclusions of many stored profiles under one model, without the evidence and explanations of a single opinion.

What is concluded is what `evaluate.classify` concludes; a test holds the two to each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.classifier.domain.decision import decide
from services.classifier.domain.evaluate import what_stops
from services.classifier.domain.model import Model
from services.classifier.domain.pretreatment import raw_matrix
from services.classifier.domain.programme import NOT_EVALUATED
from services.classifier.domain.qc import check_qc
from services.classifier.domain.seen import beyond


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """Values in the programme's units, the analytes below their limit of quantitation, and what was noted of the quality."""

    values: Mapping[str, float]
    censored: frozenset[str]
    qc: Mapping[str, object]


def conclude_many(model: Model, profiles: Sequence[StoredProfile]) -> list[dict[str, str]]:
    """The conclusion of every determination (by name) for each profile, in their order."""
    programme, rule = model.programme, model.programme.decision
    found: list[dict[str, str]] = [{} for _ in profiles]
    if not profiles:
        return found
    findings = [check_qc(programme, profile.qc) for profile in profiles]
    known = {each.name: each for each in model.determinations}
    for determination in programme.determinations:
        own = known.get(determination.name)
        if own is None:
            for told in found:
                told[determination.name] = NOT_EVALUATED
            continue
        analytes = [each for name in own.analytes if (each := programme.analyte(name)) is not None]
        raw = raw_matrix(analytes, [(profile.values, profile.censored) for profile in profiles])
        rows = own.pretreatment.apply(raw)
        chances = own.probabilities(own.prepared(raw))
        for place, profile in enumerate(profiles):
            if what_stops(model, determination, own, profile.values, profile.censored, findings[place]):
                found[place][determination.name] = NOT_EVALUATED
                continue
            gaps = np.isnan(raw[place])
            views = tuple(view for view in own.views if not gaps[view.columns].all())
            p_values = own.class_p_values(rows[place], views)
            strange = beyond(programme.analytes, own.seen, profile.values, profile.censored)
            alpha = rule.novelty_alpha
            verdict = decide(
                own.classes, chances[place], own.conformal, p_values, alpha, outside=bool(strange)
            )
            found[place][determination.name] = verdict.conclusion
    return found
