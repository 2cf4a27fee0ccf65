"""A list of items that grows scan by scan, carried by the form itself: it needs no JavaScript and survives every refusal."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import request

from gateway.pages.codes import PLACE_PREFIX, all_places, find_item, find_place, words_of
from gateway.pages.session import Said, field_errors

MOST = 500

#: Says why an item may not be on the list, or None.
Check = Callable[[dict[str, Any]], str | None]


@dataclass
class Scanned:
    """What was scanned so far: items in order, a place where one was scanned, and what was wrong with the last scans."""

    items: list[dict[str, str]] = field(default_factory=list)
    place: dict[str, Any] | None = None
    wrong: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """The items' ids, in order."""
        return [row["id"] for row in self.items]


def read_scanned(check: Check, *, places: bool = False, extra: str = "") -> Scanned:
    """The list that the form carries, without what was taken off it, with what was scanned now or picked (`extra`); each once."""
    found = Scanned()
    off = request.form.get("take_off", "")
    for carried in request.form.getlist("scanned")[:MOST]:
        item_id, _, number = carried.partition(" ")
        if item_id and item_id != off and item_id not in found.ids:
            found.items.append({"id": item_id, "number": number})
    known = all_places() if places else []
    if places and request.form.get("place"):
        found.place = find_place(request.form["place"], known)
    for word in words_of(f"{request.form.get('scan', '')}\n{extra}"):
        _take(found, word, check, known)
    return found


def scan_errors(said: Said, found: Scanned) -> list[dict[str, Any]]:
    """The API's refusal: errors at fields, and at items, which the list marks with them."""
    errors = field_errors(said)
    for error in errors:
        place = error["field"].removeprefix("item_ids-")
        if place != error["field"]:
            error["field"] = "scan"
            if place.isdigit() and int(place) < len(found.items):
                row = found.items[int(place)]
                row["wrong"] = error["message"]
                error["field"] = f"scanned-{row['id']}"
    return errors


def _take(found: Scanned, word: str, check: Check, places: list[dict[str, Any]]) -> None:
    if places:
        place = find_place(word, places)
        if place is not None:
            found.place = place
            found.said.append(f"Place: {place['path']}")
            return
    if word.upper().startswith(PLACE_PREFIX):
        found.wrong.append(f"{word} is a place; scan items here.")
        return
    item = find_item(word)
    if item is None:
        found.wrong.append(f"There is no item {word}.")
    elif item["id"] in found.ids:
        found.said.append(f"{item['number']} is on the list already.")
    elif len(found.items) >= MOST:
        found.wrong.append(f"{item['number']}: {MOST} items are the most at once.")
    elif reason := check(item):
        found.wrong.append(reason)
    else:
        found.items.append({"id": item["id"], "number": item["number"]})
        found.said.append(f"{item['number']}: {item['description']}")
