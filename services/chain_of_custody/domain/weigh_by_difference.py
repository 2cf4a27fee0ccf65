"""A mass as the difference of two readings of one balance, whose calibration stands in both and cancels.

A reading x has u(x)^2 = s^2 + d^2/12 + c^2: repeatability s (standard deviation of one reading), readability d (a reading is
rounded to it: a rectangle of half-width d/2) and calibration c, which is the same for both readings as long as it is one balance
and one day. For y = x1 - x2, u(y)^2 = u(x1)^2 + u(x2)^2 - 2 u(x1, x2), and the covariance is the common part, c^2
(GUM, JCGM 100:2008, 5.2.2 and F.1.2.3). So c falls out, while repeatability and rounding add: u(y)^2 = 2 (s^2 + d^2/12).
Adding the two readings' whole uncertainties in quadrature would make small portions far less certain than they are.
"""

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from services.chain_of_custody.domain.check_mass_balance import STEP, Quantity

#: Coverage factor of the expanded uncertainty.
K = 2


@dataclass(frozen=True)
class Balance:
    """What one reading is worth, in mg: the standard deviation of repeated readings, and the step of the display."""

    repeatability_mg: Decimal
    readability_mg: Decimal


def weigh_by_difference(before_mg: Decimal, after_mg: Decimal, balance: Balance) -> Quantity:
    """The mass that left between two readings, with its expanded uncertainty (k = 2), in mg; never rounded down."""
    variance = 2 * (balance.repeatability_mg**2 + balance.readability_mg**2 / 12)
    return Quantity(
        (before_mg - after_mg).quantize(STEP), (K * variance.sqrt()).quantize(STEP, rounding=ROUND_UP)
    )
