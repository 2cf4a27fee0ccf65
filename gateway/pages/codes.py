"""From what a scanner or a keyboard sends to the thing that is meant: an item by its number, a place by its code or name."""

import re
from typing import Any

from gateway.pages.session import ask, every, items

#: What stands before the id in a place's own symbol, so that it is never taken for an item.
PLACE_PREFIX = "LOC:"
_AIM = re.compile(r"^\][A-Za-z][0-9A-Za-z]")


def words_of(scanned: str) -> list[str]:
    """The codes in a field, in order: one scan, or many lines that were pasted; marks of the scanner itself are taken off."""
    if PLACE_PREFIX in scanned.upper():
        return [bare(line) for line in scanned.splitlines() if bare(line)]
    return [word for word in (bare(part) for part in re.split(r"[\s,;]+", scanned)) if word]


def find_item(number: str) -> dict[str, Any] | None:
    """The item of exactly this number, or id, that the person may see."""
    wanted = number.upper()
    found = next(iter(items("/items", limit=1, number=wanted)), None)
    if found is None and re.fullmatch(r"[0-9a-f]{32}", number):
        said = ask("GET", f"/items/{number}")
        return said.json if said.ok else None
    return found


def all_places() -> list[dict[str, Any]]:
    """Every place, parents before children; empty where the person may not see places."""
    return every("/locations")


def find_place(code: str, places: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The place of this code, id, whole name, or last name where only one bears it."""
    wanted = code[len(PLACE_PREFIX) :] if code.upper().startswith(PLACE_PREFIX) else code
    for row in places:
        if wanted == row["id"] or wanted.casefold() == row["path"].casefold():
            return row
    named = [row for row in places if row["name"].casefold() == wanted.casefold()]
    return named[0] if len(named) == 1 else None


def bare(part: str) -> str:
    """What was scanned, without the marks that the scanner itself puts around it."""
    return _AIM.sub("", part.strip())
