"""What the record of a weighing says of its balance's calibration."""

from collections.abc import Mapping
from typing import Any

IN_DATE, TOLD, OVERDUE, NOT_STATED = "in date", "told, not in the register", "overdue", "not stated"


def calibration_warning(details: Mapping[str, Any]) -> str | None:
    """A warning where the balance was out of calibration when something was weighed on it."""
    if details.get("out_of_calibration") is not True and details.get("calibration") != OVERDUE:
        return None
    return f"Warning: the balance {details.get('balance') or ''} was out of calibration".replace("  ", " ")
