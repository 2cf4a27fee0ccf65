"""Whether what is said of an item is what was recorded: its records, their order, and the rows that repeat them (E12, E19).

Plain values only; the records are those of one moment.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from siglab_clients.verify.item import contradictions, told_item


@dataclass(frozen=True)
class Damage:
    """One thing that is not what was recorded; `sequence` is the act's, None where it is not about one act."""

    item_id: str
    number: str
    sequence: int | None
    message: str

    def told(self) -> dict[str, Any]:
        """As it is answered."""
        return asdict(self)

    def __str__(self) -> str:
        """With the act."""
        return self.message if self.sequence is None else f"act {self.sequence}: {self.message}"


@dataclass(frozen=True)
class Kept:
    """One record as it is kept: its place and digest in the columns beside, the record itself, and what is wrong with it."""

    sequence: int
    digest: str
    record: str
    damage: str | None

    def read(self) -> dict[str, Any]:
        """The record; only of one that is not damaged is it known that it can be read."""
        found = json.loads(self.record)
        assert isinstance(found, dict)
        return found


History = Sequence[Kept]


def check_history(item: Mapping[str, Any], history: History, last_digest: str | None) -> list[Damage]:
    """What is wrong with the records of an item and with their order; `last_digest` is what its row says of the newest."""
    found = [damage_to(item, kept.damage, kept.sequence) for kept in history if kept.damage is not None]
    before: Kept | None = None
    for place, kept in enumerate(history, 1):
        if kept.sequence != place:
            message = f"the acts are not all there: number {place} is missing, number {kept.sequence} stands in its place."
            return [*found, damage_to(item, message)]
        if kept.damage is None and kept.read().get("previous") != (before and before.digest):
            message = "it does not follow upon the act before it: one was changed, taken out or put between."
            found.append(damage_to(item, message, kept.sequence))
        before = kept
    newest = None if before is None else before.digest
    if item["events"] != len(history) or last_digest != newest:
        message = (
            f"its row ends with act {item['events']} of SHA-256 {last_digest}, its records with act {len(history)} of SHA-256 "
            f"{newest}."
        )
        found.append(damage_to(item, message))
    return found


def check_item(item: Mapping[str, Any], histories: Mapping[str, History]) -> list[Damage]:
    """What the row of `item` (as it is answered) says otherwise than its records.

    `histories` are those of the item and of what it came from; nothing follows from a damaged record.
    """
    sound = {
        name: [kept.read() if kept.damage is None else {} for kept in history]
        for name, history in histories.items()
    }
    told = told_item(item["id"], sound)
    told.pop("events", None)  # Said of the history, with its digest.
    return [
        damage_to(
            item, f"its row says {name.replace('_', ' ')} {shown(said)}, its records say {shown(right)}."
        )
        for name, said, right in contradictions(item, told)
    ]


def damage_to(item: Mapping[str, Any], message: str, sequence: int | None = None) -> Damage:
    """One thing that is wrong with an item."""
    return Damage(item["id"], item["number"], sequence, message)


def shown(value: Any) -> str:
    """A value within a sentence."""
    return json.dumps(value, ensure_ascii=False)[:120]
