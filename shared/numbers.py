"""Numbers as people read them, on pages, on paper and in sentences alike."""

from decimal import ROUND_UP, Decimal


def number_text(value: float | Decimal) -> str:
    """A number without exponent and without zeros that say nothing."""
    return f"{Decimal(repr(value) if isinstance(value, float) else value).normalize():f}"


def uncertainty_text(value: float | Decimal) -> str:
    """An uncertainty to three digits, never rounded down."""
    exact = Decimal(repr(value) if isinstance(value, float) else value)
    if exact == 0:
        return "0"
    return number_text(exact.quantize(Decimal(1).scaleb(exact.adjusted() - 2), rounding=ROUND_UP))
