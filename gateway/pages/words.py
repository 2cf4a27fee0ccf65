"""Numbers as pages write them: without exponents, uncertainties never rounded down."""

from decimal import ROUND_UP, Decimal


def plain(value: float) -> str:
    """A number without exponent and without zeros that say nothing."""
    return f"{Decimal(repr(value)).normalize():f}"


def uncertain(value: float) -> str:
    """An uncertainty to three digits, rounded up."""
    exact = Decimal(repr(value))
    if not exact:
        return "0"
    return f"{exact.quantize(Decimal(1).scaleb(exact.adjusted() - 2), rounding=ROUND_UP).normalize():f}"
