"""Sentences that say how a conclusion came about, of classes in and out of the prediction set and of what was not measured."""

from collections.abc import Mapping, Sequence

from services.classifier.domain.decision import Verdict
from services.classifier.domain.model import DeterminationModel
from services.classifier.domain.opinion import ModuleEvidence
from services.classifier.domain.programme import UNKNOWN, Analyte
from services.classifier.domain.run import Flags, Floats
from services.classifier.domain.seen import Beyond, amount

#: Of an item that is itself an authentic of the library: its likeness to the library proves nothing.
OF_THE_LIBRARY = "this item is part of the library that the model was trained on, so that its likeness to it proves nothing"
#: Beside every probability of what is Unknown.
IF_KNOWN = "the probabilities suppose that it is of one of the known classes, and say nothing for that"


def contradicted(members: Sequence[str], evidence: Sequence[ModuleEvidence]) -> tuple[str, ...]:
    """The classes of the prediction set that one module excludes while another fits them."""
    return tuple(name for name in members if len({name in each.fits for each in evidence}) == 2)


def reasons_of(
    own: DeterminationModel,
    verdict: Verdict,
    evidence: Sequence[ModuleEvidence],
    class_p: Floats,
    torn: Sequence[str],
    gaps: Flags,
    alpha: float,
    strange: Sequence[Beyond] = (),
) -> tuple[str, ...]:
    """The reasons of one determination that was evaluated, the weightiest first; about `torn` classes the modules contradict."""
    reasons = []
    sides = "; ".join(each.statement for each in evidence)
    if verdict.conclusion != UNKNOWN:
        reasons += _of_the_set(own, verdict)
        if torn:
            reasons.append(f"the modules do not agree about {' and '.join(torn)}: {sides}")
    else:
        if torn:
            about = " and ".join(torn)
            reasons.append(
                f"the modules contradict each other about {about}, so the class is unknown: {sides}"
            )
        if strange:
            reasons.append(f"the class is unknown: {'; '.join(each.statement for each in strange)}")
        reasons += _of_the_unknown(own, verdict, evidence, class_p, alpha, torn)
        reasons.append(IF_KNOWN)
    if gaps.any():
        missing = [name for name, gap in zip(own.analytes, gaps, strict=True) if gap]
        reasons.append(
            f"not measured, and filled with what the other analytes lead to expect: {', '.join(missing)}"
        )
    return tuple(reasons)


def _of_the_set(own: DeterminationModel, verdict: Verdict) -> list[str]:
    """What the set holds, and of the other classes which the profile is unlike and which are only not likely enough."""
    set_of = f"the prediction set at {own.conformal.coverage:.0%} coverage"
    others = [c for c in range(len(own.classes)) if c not in verdict.members]
    held = "one class" if len(verdict.members) == 1 else f"{len(verdict.members)} classes"
    found = [f"{set_of} holds {held}"]
    unlike = [own.classes[c] for c in others if c not in verdict.compatible]
    unlikely = [own.classes[c] for c in others if c in verdict.compatible]
    if unlike:
        found.append(f"excluded, for the profile is unlike their authentics: {', '.join(unlike)}")
    if unlikely:
        found.append(
            f"not in {set_of}, though the profile is not unlike their authentics: {', '.join(unlikely)}"
        )
    return found


def _of_the_unknown(
    own: DeterminationModel,
    verdict: Verdict,
    evidence: Sequence[ModuleEvidence],
    class_p: Floats,
    alpha: float,
    torn: Sequence[str],
) -> list[str]:
    """Whether the profile is unlike every class, and by which module; or what it fits, which is not likely."""
    if verdict.compatible:
        fits = " or ".join(own.classes[c] for c in verdict.compatible)
        return [f"the likeliest class does not fit the profile, and what fits ({fits}) is not likely"]
    if class_p.max() >= alpha:
        return []
    unlike = [each.module for each in evidence if not each.fits]
    if torn and not unlike:
        return []
    where = f" ({', '.join(unlike)})" if unlike else ""
    return [f"the profile is unlike every class of the library{where}: p = {class_p.max():.2g} < {alpha:g}"]


def of_the_unused(
    own: DeterminationModel, offered: Sequence[Analyte], values: Mapping[str, float]
) -> tuple[str, ...]:
    """What was measured that the model does not use, where the library does not tell either how much of it is usual."""
    known = {*own.analytes, *(each.analyte for each in own.seen)}
    told = [f"{a.name} {amount(a, values[a.name])}" for a in offered if a.name in values.keys() - known]
    if not told:
        return ()
    return (f"measured, but not considered, since the model knows nothing of it: {', '.join(told)}",)
