"""Sums and differences of measured masses whose uncertainty is propagated from the measurements themselves.

Every measured mass is an input with its own expanded uncertainty U (k = 2); inputs are independent of one another. A figure of
the balance is a sum of inputs with whole-number signs c, so U(figure)^2 = sum (c U)^2 (GUM, JCGM 100:2008, 5.1.2 with
sensitivities c). What two figures share is thereby counted right: the mass of an aliquot, which left the parent and arrived in
the child, cancels in the balance of both (5.2.2), where adding two figures' uncertainties in quadrature would count it twice.
"""

from collections.abc import Iterator
from decimal import ROUND_UP, Decimal

from services.chain_of_custody.domain.check_mass_balance import STEP, ZERO, Quantity


class MeasuredSum:
    """A sum that grows: exact mass in mg, and how often each measured input stands in it."""

    def __init__(self) -> None:
        self.mass = ZERO
        self._parts: dict[str, tuple[int, Decimal]] = {}

    def add(self, key: str, measured: Quantity, sign: int = 1) -> None:
        """Adds (or with `sign` -1 subtracts) one measurement; the same `key` is the same measurement wherever it stands."""
        self.mass += sign * measured.mass
        self._count(key, sign, measured.uncertainty)

    def add_sum(self, other: "MeasuredSum", sign: int = 1) -> None:
        """Adds or subtracts another sum; what both hold is counted once."""
        self.mass += sign * other.mass
        for key, times, uncertainty in other._inputs():
            self._count(key, sign * times, uncertainty)

    def copy(self) -> "MeasuredSum":
        """The same sum, which goes its own way from now on."""
        other = MeasuredSum()
        other.mass, other._parts = self.mass, self._parts.copy()
        return other

    def clear(self) -> None:
        """Becomes zero, known exactly."""
        self.mass = ZERO
        self._parts.clear()

    def quantity(self) -> Quantity:
        """The sum with its expanded uncertainty (k = 2), never rounded down."""
        squares = sum((times * times * doubt * doubt for times, doubt in self._parts.values()), ZERO)
        return Quantity(self.mass, squares.sqrt().quantize(STEP, rounding=ROUND_UP))

    def _inputs(self) -> Iterator[tuple[str, int, Decimal]]:
        for key, (times, uncertainty) in self._parts.items():
            yield key, times, uncertainty

    def _count(self, key: str, sign: int, uncertainty: Decimal) -> None:
        times = self._parts.get(key, (0, uncertainty))[0] + sign
        if times:
            self._parts[key] = (times, uncertainty)
        else:
            self._parts.pop(key, None)
