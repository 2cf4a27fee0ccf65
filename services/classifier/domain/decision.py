"""The last step of an opinion, the same in training and in use: probabilities, prediction set and novelty give a conclusion."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.classifier.domain.calibration import Conformal
from services.classifier.domain.programme import UNKNOWN
from services.classifier.domain.run import Floats


@dataclass(frozen=True, slots=True)
class Verdict:
    """`members`: places of the classes in the prediction set; `compatible`: those of the classes that no module excludes."""

    conclusion: str
    members: tuple[int, ...]
    compatible: tuple[int, ...]


def decide(
    classes: Sequence[str],
    probabilities: Floats,
    conformal: Conformal,
    class_p_values: Floats,
    alpha: float,
    *,
    outside: bool = False,
) -> Verdict:
    """A class where the set holds it alone; Inconclusive, naming the whole set; Unknown where no class of it fits all modules.

    The set always holds the likeliest class, so that none is concluded beside a likelier one. What lies `outside` of
    anything that the library showed fits no class.
    """
    compatible = tuple(c for c in range(len(classes)) if class_p_values[c] >= alpha and not outside)
    members = tuple(conformal.members(probabilities))
    if not set(members) & set(compatible):
        return Verdict(UNKNOWN, members, compatible)
    if len(members) == 1:
        return Verdict(classes[members[0]], members, compatible)
    likeliest_first = sorted(members, key=lambda c: (-probabilities[c], c))
    return Verdict(f"Inconclusive ({' or '.join(classes[c] for c in likeliest_first)})", members, compatible)
