"""What a received parcel shows that does not fit the manifest: pure rules, no state."""

from dataclasses import dataclass
from decimal import Decimal

OUTCOMES = ("received", "missing", "damaged")
SEALS = ("intact", "broken", "absent")


@dataclass(frozen=True)
class WeightTolerance:
    """How far a gross mass may lie from the announced one before somebody has to explain it.

    The allowed difference is `share` of the announced mass, but at least `least_g` and at most `most_g`.
    """

    least_g: Decimal
    share: Decimal
    most_g: Decimal

    def allowed_g(self, announced_g: Decimal) -> Decimal:
        """The largest difference in grams that passes."""
        return min(self.most_g, max(self.least_g, self.share * announced_g))


#: 0.10 g, since field balances read to 0.01 g or 0.1 g and small parcels would drown in a relative rule; 2 %, since powders and
#: their packaging take up and lose moisture on the way; never more than 50 g, the reading of a platform scale, since a
#: percentage of a large parcel would hide what somebody took out of it.
TOLERANCE = WeightTolerance(least_g=Decimal("0.10"), share=Decimal("0.02"), most_g=Decimal(50))


@dataclass(frozen=True)
class Announced:
    """A line of the manifest as far as receipt compares it; mass in grams."""

    line: int
    gross_mass_g: Decimal
    seal_number: str


@dataclass(frozen=True)
class Seen:
    """What the custodian saw of one line, or of a parcel that nobody announced (`line` None); mass in grams."""

    line: int | None
    outcome: str
    gross_mass_g: Decimal | None
    seal_condition: str


@dataclass(frozen=True)
class Finding:
    """One discrepancy: its code (`weight`, `seal`, `missing`, `unexpected`, `damaged`) and a sentence with the figures."""

    code: str
    detail: str


def compare(
    announced: Announced | None, seen: Seen, tolerance: WeightTolerance = TOLERANCE
) -> tuple[Finding, ...]:
    """Every way in which what was seen differs from what was announced; empty where all fits."""
    if announced is None:
        return (Finding("unexpected", "The parcel held this exhibit, which nobody announced."),)
    if seen.outcome == "missing":
        return (Finding("missing", "The parcel was announced and did not come."),)
    findings = []
    if seen.gross_mass_g is not None:
        allowed = tolerance.allowed_g(announced.gross_mass_g)
        if abs(seen.gross_mass_g - announced.gross_mass_g) > allowed:
            words = f"{_grams(seen.gross_mass_g)} at receipt, {_grams(announced.gross_mass_g)} announced"
            findings.append(Finding("weight", f"{words}; a difference of {_grams(allowed)} would pass."))
    if seen.seal_condition != "intact":
        findings.append(Finding("seal", f"Seal {announced.seal_number} is {seen.seal_condition}."))
    if seen.outcome == "damaged":
        findings.append(Finding("damaged", "The parcel came damaged."))
    return tuple(findings)


def _grams(mass: Decimal) -> str:
    return f"{mass.normalize():f} g"
