"""Rules between the lines of one submission; each breach a JSON pointer, all of them at once."""

from collections.abc import Iterable, Mapping
from typing import Any

from shared.errors import FieldError


def number_errors(items: Iterable[Any], at: str = "/items") -> list[FieldError]:
    """One error for each line whose number an earlier one has; what is no line at all is passed over."""
    errors, seen = [], set()
    for place, item in enumerate(items):
        number = item.get("line") if isinstance(item, Mapping) else None
        if not isinstance(number, int):
            continue
        if number in seen:
            errors.append(FieldError(pointer=f"{at}/{place}/line", message=f"Line {number} stands twice."))
        seen.add(number)
    return errors


def origin_errors(kind: Any, items: Iterable[Any]) -> list[FieldError]:
    """An authentic says where it comes from; a seizure's origin is what the laboratory is asked for."""
    wrong = {
        "authentic": (lambda origin: origin is None, "An authentic needs its known origin."),
        "seizure": (
            lambda origin: origin is not None,
            "Only authentics have a known origin; send them as kind authentic.",
        ),
    }
    if kind not in wrong:
        return []
    breaks, message = wrong[kind]
    return [
        FieldError(pointer=f"/items/{place}/authentic", message=message)
        for place, item in enumerate(items)
        if isinstance(item, Mapping) and breaks(item.get("authentic"))
    ]
