"""The books of one item's substance: what was weighed, what was taken, what remains (E15).

Masses are exact decimals in milligrams to a picogram, so that received = remaining + aliquots + consumed + differences
holds to the last digit. Uncertainties are expanded (k = 2) and independent, so they add in quadrature (GUM,
JCGM 100:2008, 5.1.2).
"""

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from shared.errors import Conflict
from shared.numbers import uncertainty_text

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


#: What a balance resolves of which the register knows nothing.
FLOOR_MG = Decimal(1)
#: So much of the first net mass of an item may be missing within the uncertainties, and no more, or FLOOR_MG of small ones.
SHARE = Decimal("0.02")


def is_plausible(found: Quantity, resolves_mg: Decimal | None = None) -> bool:
    """Whether an uncertainty can be a balance's: at most a tenth of the mass, or what the balance resolves.

    `resolves_mg` is what the register says of it, None where it does not know it. The books trust what a person says of a
    balance's uncertainty; a larger one would let them agree with anything.
    """
    return found.uncertainty <= max(found.mass / 10, FLOOR_MG if resolves_mg is None else resolves_mg)


def implausible(resolves_mg: Decimal | None = None) -> str:
    """What is said of an uncertainty that is not plausible."""
    if resolves_mg is None:
        least = f"{FLOOR_MG} mg, since the register does not know what this balance resolves"
    else:
        least = f"what it resolves by the register, {resolves_mg:.3g} mg"
    return f"No balance is so uncertain: at most a tenth of the mass, or {least}, expanded (k = 2)."


def most_missing(uncertainty: Decimal, received: Quantity | None) -> Decimal:
    """How much may be missing before somebody else must look: the propagated `uncertainty`, within a bound that no act moves.

    Each measurement adds its own uncertainty, so that of many small ones would grow without end, and hide what was taken.
    `received` is the first net mass, None before it.
    """
    return uncertainty if received is None else min(uncertainty, _bound(received))


def most_gained(uncertainty: Decimal, received: Quantity | None, found: Decimal) -> Decimal:
    """How much more may be found than went in: as `most_missing`, but never less than the first and this weighing leave in doubt.

    `found` is the uncertainty of this weighing. A gain hides nothing of what was received; whoever has weighed coarsely at first
    can still tell what a better balance shows.
    """
    if received is None:
        return uncertainty
    return min(uncertainty, max(_bound(received), in_quadrature(received.uncertainty, found)))


def _bound(received: Quantity) -> Decimal:
    return max(SHARE * received.mass, FLOOR_MG)


def in_quadrature(first: Decimal, second: Decimal) -> Decimal:
    """The uncertainty of a sum or difference of two independent quantities."""
    return (first * first + second * second).sqrt().quantize(STEP, rounding=ROUND_UP)


def weigh(
    remaining: Quantity | None, found: Quantity, most_mg: Decimal | None, received: Quantity | None
) -> tuple[Quantity, Decimal]:
    """(what remains from now on, difference to the books) after a weighing.

    `most_mg` is the most that can be there whatever a balance says: the parcel's gross mass, or what was taken for an aliquot;
    `received` is the first net mass, which bounds what the uncertainties may pass.
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
    both = in_quadrature(remaining.uncertainty, found.uncertainty)
    tolerance = most_gained(both, received, found.uncertainty)
    if found.mass - remaining.mass > tolerance:
        raise Conflict(
            f"{found.mass.normalize():f} mg is more than the {remaining.mass.normalize():f} mg that remain, "
            f"beyond the uncertainty of both ({uncertainty_text(tolerance)} mg).",
            code="mass_balance",
        )
    return found, remaining.mass - found.mass


def refuse_gain(unexplained: Quantity, received: Quantity | None, found: Decimal) -> None:
    """Raises Conflict `mass_balance` where all weighings together found more than went in, beyond their uncertainty.

    Each may have passed by itself: small gains add up. `found` is the uncertainty of the last of them.
    """
    tolerance = most_gained(unexplained.uncertainty, received, found)
    if -unexplained.mass > tolerance:
        raise Conflict(
            f"With the weighings before, {(-unexplained.mass).normalize():f} mg more would be there than was put in, "
            f"beyond the uncertainty of all ({uncertainty_text(tolerance)} mg).",
            code="mass_balance",
        )


def is_loss(remaining: Quantity | None, found: Quantity, received: Quantity | None) -> bool:
    """Whether a weighing found less than remained, beyond the uncertainty of both within its bound."""
    if remaining is None:
        return False
    both = in_quadrature(remaining.uncertainty, found.uncertainty)
    return remaining.mass - found.mass > most_missing(both, received)


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
