"""The books of one item's substance: what was weighed, what was taken, what remains (E15).

Masses are exact decimals in milligrams to a picogram, so that received = remaining + aliquots + consumed + differences
holds to the last digit. Uncertainties are expanded (k = 2) and independent, so they add in quadrature (GUM,
JCGM 100:2008, 5.1.2).
"""

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from shared.errors import Conflict

#: Digits that are kept: a nanogram's thousandth.
STEP = Decimal("1e-9")
ZERO = Decimal(0)
#: A tonne: no parcel of a laboratory is heavier.
HEAVIEST_MG = 1e9


@dataclass(frozen=True)
class Quantity:
    """A net mass with its expanded uncertainty (k = 2), both in mg."""

    mass: Decimal
    uncertainty: Decimal


def quantity(mass_mg: float | Decimal, uncertainty_mg: float | Decimal) -> Quantity:
    """A quantity from numbers as people write them; an uncertainty is never rounded down."""
    mass = Decimal(str(mass_mg)).quantize(STEP)
    return Quantity(mass, Decimal(str(uncertainty_mg)).quantize(STEP, rounding=ROUND_UP))


def is_plausible(found: Quantity) -> bool:
    """Whether an uncertainty can be a balance's: at most a tenth of the mass, or 10 mg for the smallest masses.

    The books trust what a person says of a balance's uncertainty; a larger one would let them agree with anything.
    """
    return found.uncertainty <= max(found.mass / 10, Decimal(10))


#: What is said of an uncertainty that is not plausible.
IMPLAUSIBLE = "No balance is so uncertain: at most a tenth of the mass, or 10 mg, expanded (k = 2)."


def in_quadrature(first: Decimal, second: Decimal) -> Decimal:
    """The uncertainty of a sum or difference of two independent quantities."""
    return (first * first + second * second).sqrt().quantize(STEP, rounding=ROUND_UP)


def weigh(remaining: Quantity | None, found: Quantity, most_mg: Decimal | None) -> tuple[Quantity, Decimal]:
    """(what remains from now on, difference to the books) after a weighing.

    `most_mg` is the most that can be there whatever a balance says: the parcel's gross mass, or what was taken for an aliquot.
    The difference is positive where substance is missing. Raises Conflict `mass_balance` where more was found than that, or
    more than remained beyond the uncertainty of both.
    """
    if most_mg is not None and found.mass > most_mg:
        raise Conflict(
            f"{found.mass:f} mg net cannot be there: at most {most_mg:f} mg can (gross mass received, or what was taken).",
            code="mass_balance",
        )
    if remaining is None:
        return found, ZERO
    tolerance = in_quadrature(remaining.uncertainty, found.uncertainty)
    if found.mass - remaining.mass > tolerance:
        raise Conflict(
            f"{found.mass.normalize():f} mg is more than the {remaining.mass.normalize():f} mg that remain, "
            f"beyond the uncertainty of both ({tolerance.normalize():f} mg).",
            code="mass_balance",
        )
    return found, remaining.mass - found.mass


def refuse_gain(unexplained: Quantity) -> None:
    """Raises Conflict `mass_balance` where all weighings together found more than went in, beyond their uncertainty.

    Each may have passed by itself: small gains add up.
    """
    if -unexplained.mass > unexplained.uncertainty:
        raise Conflict(
            f"With the weighings before, {(-unexplained.mass).normalize():f} mg more would be there than was put in, "
            f"beyond the uncertainty of all ({unexplained.uncertainty.normalize():f} mg).",
            code="mass_balance",
        )


def is_loss(remaining: Quantity | None, found: Quantity) -> bool:
    """Whether a weighing found less than remained, beyond the uncertainty of both."""
    if remaining is None:
        return False
    return remaining.mass - found.mass > in_quadrature(remaining.uncertainty, found.uncertainty)


def take(remaining: Quantity | None, taken: Quantity) -> Quantity:
    """What remains after `taken` was removed; raises Conflict `mass_balance` where more would go than there is."""
    if remaining is None:
        raise Conflict("Weigh the item first: nobody knows yet how much there is.", code="mass_balance")
    if taken.mass > remaining.mass:
        raise Conflict(
            f"{taken.mass.normalize():f} mg cannot be taken: {remaining.mass.normalize():f} mg remain.",
            code="mass_balance",
        )
    return Quantity(remaining.mass - taken.mass, in_quadrature(remaining.uncertainty, taken.uncertainty))
