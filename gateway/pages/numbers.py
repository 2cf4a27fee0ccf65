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


def ratio(value: float) -> str:
    """A likelihood ratio to three digits; below 1 as one over so much, so that both sides read alike."""
    return _three_digits(value) if value >= 1 else f"1/{_three_digits(1 / value)}"


def _three_digits(value: float) -> str:
    return f"{float(f'{value:.3g}'):,.6g}" if value < 1e6 else f"{value:.1e}"
