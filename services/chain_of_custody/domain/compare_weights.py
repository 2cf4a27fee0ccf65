"""Weights of the sealed package and gross masses against what they should be (E4): pure rules, masses in mg."""

from dataclasses import dataclass
from decimal import Decimal

from services.chain_of_custody.domain.check_mass_balance import Quantity, in_quadrature
from services.chain_of_custody.domain.replay_books import GROSS, PACKAGE, Books

#: A receipt states no uncertainty. As at receipt itself: 0.10 g, since field balances read to 0.01 g or 0.1 g; 2 % for moisture
#: and packaging; never more than 50 g, since a share of a large parcel would hide what somebody took out of it.
_LEAST_MG, _SHARE, _MOST_MG = Decimal(100), Decimal("0.02"), Decimal(50_000)

_WORDS = {GROSS: "gross mass", PACKAGE: "weight of the sealed package"}


@dataclass(frozen=True)
class Compared:
    """What a weighing was compared with, by how much it differs (positive: lighter), and the finding in words or None."""

    expected: Quantity | None
    difference_mg: Decimal
    finding: str | None


def compare_weight(books: Books, kind: str, found: Quantity, received_mg: Decimal | None) -> Compared:
    """Compares a weighing of `kind` with the one before as long as nothing was taken and no seal changed in between.

    The first weighing of a package is compared with the mass at receipt. Whatever is heavier or lighter beyond the uncertainty
    of both is a finding, and so is a gross mass below the net mass that the books hold.
    """
    expected = books.weights.get(kind)
    if expected is None and kind == PACKAGE and not books.opened and received_mg is not None:
        expected = Quantity(received_mg, min(_MOST_MG, max(_LEAST_MG, _SHARE * received_mg)))
    if expected is not None:
        difference = expected.mass - found.mass
        tolerance = in_quadrature(expected.uncertainty, found.uncertainty)
        if abs(difference) > tolerance:
            words = f"{_WORDS[kind]} {found.mass.normalize():f} mg where {expected.mass.normalize():f} mg were expected"
            return Compared(
                expected, difference, f"{words}; a difference of {tolerance.normalize():f} mg would pass"
            )
    net = books.remaining
    if net is not None and net.mass - found.mass > in_quadrature(net.uncertainty, found.uncertainty):
        words = f"{_WORDS[kind]} {found.mass.normalize():f} mg, though {net.mass.normalize():f} mg net should remain"
        return Compared(net, net.mass - found.mass, words)
    return Compared(expected, Decimal(0) if expected is None else expected.mass - found.mass, None)


def most_net(books: Books, gross_mg: Decimal | None) -> Decimal | None:
    """The most that can be net: what was received or put in, and no more than the newest gross mass or package weighs."""
    bounds = [weight.mass + weight.uncertainty for weight in books.weights.values()]
    if books.put_in is not None:
        bounds.append(books.put_in.mass + books.put_in.uncertainty)
    if gross_mg is not None:
        bounds.append(gross_mg)
    return min(bounds, default=None)
