"""Which acts answer which: an answer does not happen before what it answers (E9)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

_OFFER = ("handover_offered", "handover_id")
_REQUEST = ("disposal_requested", "disposal_id")

#: Type of an answer -> (type of what it answers, the detail that both name).
_ANSWERS = {
    "handed_over": _OFFER,
    "returned": _OFFER,
    "handover_declined": _OFFER,
    "handover_withdrawn": _OFFER,
    "disposal_authorised": _REQUEST,
    "disposal_withdrawn": _REQUEST,
    "disposed": ("disposal_authorised", "disposal_id"),
    "hold_released": ("hold_placed", "hold_id"),
    "hold_released_above": ("hold_placed_above", "hold_id"),
}


class Other(NamedTuple):
    """Acts of an item that stand against one of it: of these types, with this value of this detail."""

    types: tuple[str, ...]
    name: str
    value: Any


def answered_by(kind: str, details: Mapping[str, Any]) -> Other | None:
    """What an act of this type answers; None where it answers nothing."""
    if kind not in _ANSWERS:
        return None
    cause, name = _ANSWERS[kind]
    return Other((cause,), name, details.get(name))


def answers_to(kind: str, details: Mapping[str, Any]) -> Other | None:
    """The acts by which one of this type may have been answered; None where it asks for nothing."""
    types = tuple(answer for answer, (cause, _) in _ANSWERS.items() if cause == kind)
    if not types:
        return None
    name = _ANSWERS[types[0]][1]
    return Other(types, name, details.get(name))
