"""Numbers that people read: text, so that leading zeros live, and sequential within a year (E1)."""


def exhibit_number(year: int, place: int) -> str:
    """The number of the `place`-th exhibit of a year, as S26-000123; more than six digits are allowed to grow."""
    return f"S{year % 100:02d}-{place:06d}"


def submission_number(office: str, year: int, place: int) -> str:
    """The number of an office's submission, as BOG-26-0007."""
    return f"{office}-{year % 100:02d}-{place:04d}"


def receipt_number(year: int, place: int) -> str:
    """The number of a receipt, as R26-000042."""
    return f"R{year % 100:02d}-{place:06d}"
