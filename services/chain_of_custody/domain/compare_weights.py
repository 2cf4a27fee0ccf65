"""Weights of the sealed package and gross masses against what they should be (E4): pure rules, masses in mg."""

from dataclasses import dataclass
from decimal import Decimal

from services.chain_of_custody.domain.check_mass_balance import Quantity, in_quadrature
from services.chain_of_custody.domain.replay_books import GROSS, PACKAGE, Books
from shared.numbers import uncertainty_text

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
    """Compares a weighing of `kind` with the one before, as long as nothing was taken and no seal changed in between, and with
    the gross mass of the receipt, which package and gross mass both are as long as nothing was opened.

    Whatever is heavier or lighter beyond the uncertainty of both is a finding; so is a gross mass above the sealed package that
    holds it, and one below the net mass that the books hold.
    """
    before = books.weights.get(kind)
    received = None if books.opened or received_mg is None else _at_receipt(received_mg)
    told = [each for each in (before, received) if each is not None]
    first = told[0] if told else None
    for expected in told:
        difference = expected.mass - found.mass
        tolerance = _tolerance(expected, found)
        if abs(difference) > tolerance:
            words = f"{_WORDS[kind]} {found.mass.normalize():f} mg where {expected.mass.normalize():f} mg were expected"
            return Compared(
                expected, difference, f"{words}; a difference of {uncertainty_text(tolerance)} mg would pass"
            )
    package, gross = (found if kind == one else books.weights.get(one) for one in (PACKAGE, GROSS))
    if package is not None and gross is not None and _is_above(gross, package):
        words = (
            f"gross mass {_plain(gross)} mg, more than the sealed package that holds it, {_plain(package)} mg"
        )
        return Compared(first, package.mass - gross.mass, words)
    net = books.remaining
    if net is not None and _is_above(net, found):
        words = f"{_WORDS[kind]} {found.mass.normalize():f} mg, though {net.mass.normalize():f} mg net should remain"
        return Compared(net, net.mass - found.mass, words)
    return Compared(first, Decimal(0) if first is None else first.mass - found.mass, None)


def find_disagreement(books: Books, received_mg: Decimal | None) -> str | None:
    """Why the weights in the books cannot stand beside one another and the receipt, in words, or None."""
    for kind, found in books.weights.items():
        finding = compare_weight(books, kind, found, received_mg).finding
        if finding is not None:
            return finding
    return None


def _at_receipt(received_mg: Decimal) -> Quantity:
    return Quantity(received_mg, min(_MOST_MG, max(_LEAST_MG, _SHARE * received_mg)))


def _is_above(one: Quantity, other: Quantity) -> bool:
    return one.mass - other.mass > _tolerance(other, one)


def _tolerance(expected: Quantity, found: Quantity) -> Decimal:
    """What two weights may differ by: the uncertainty of both, and no more than two that were as uncertain as at a receipt."""
    coarse = _at_receipt(expected.mass).uncertainty
    return min(in_quadrature(expected.uncertainty, found.uncertainty), in_quadrature(coarse, coarse))


def _plain(found: Quantity) -> str:
    return f"{found.mass.normalize():f}"


def most_net(books: Books, gross_mg: Decimal | None) -> Decimal | None:
    """The most that can be net: what was received or put in, and no more than the newest gross mass or package weighs."""
    bounds = [
        weight.mass + min(weight.uncertainty, _at_receipt(weight.mass).uncertainty)
        for weight in books.weights.values()
    ]
    if books.put_in is not None:
        bounds.append(books.put_in.mass + books.put_in.uncertainty)
    if gross_mg is not None:
        bounds.append(gross_mg)
    return min(bounds, default=None)
