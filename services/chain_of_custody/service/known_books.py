"""The books of items that were weighed lately, so that a weighing does not read the item's whole history again (E15).

Books are kept under the digest of the last event that is in them. Each event names the digest of the one before, so that digest
stands for the whole history: books go on only from events that follow it, one by one, up to the item's newest. Whatever does not
follow (an act that was rolled back, a history of another process) is replayed from the events; so is every history in which a
mass was corrected, since the right one counts from its act on.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from services.chain_of_custody.domain.corrected_masses import corrects_mass
from services.chain_of_custody.domain.replay_books import Books, replay
from services.chain_of_custody.models import Event, Item
from services.chain_of_custody.repository import lineage as repository

_MOST = 1024


@dataclass(frozen=True)
class _Known:
    sequence: int
    digest: str | None
    books: Books


class KnownBooks:
    """Books by item, those used last; what it hands out must not be changed."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, session: Session, item: Item) -> Books:
        """The books of a locked item as its events tell them."""
        known = self._known.get(item.id)
        if known is not None and known.digest != item.last_digest:
            known = self._go_on(session, item, known)
        if known is None:
            books = replay(repository.booked_records(session, item.id))
            known = _Known(item.events, item.last_digest, books)
        self._keep(item.id, known)
        return known.books

    def of_lineage(self, session: Session, root_id: str) -> dict[str, Books]:
        """The books of every item of a lineage, by id: one query for their newest events, one more for all that are not known."""
        newest = repository.newest_events(session, root_id)
        found: dict[str, Books] = {}
        missing: dict[str, tuple[int, str | None]] = {}
        for item_id, sequence, digest in newest:
            known = self._known.get(item_id)
            if known is not None and known.digest == digest:
                found[item_id] = known.books
            else:
                missing[item_id] = sequence, digest
        if missing:
            records = repository.booked_of_many(session, list(missing))
            for item_id, (sequence, digest) in missing.items():
                # Another process may have gone on since the first query: what follows is not in these books.
                own = [record for record in records.get(item_id, []) if record["sequence"] <= sequence]
                found[item_id] = replay(own)
                self._keep(item_id, _Known(sequence, digest, found[item_id]))
        return found

    def add(self, event: Event, previous: str | None) -> None:
        """Takes a new event into the books that end with `previous`, the one before it; where there are none, nothing is done.

        Should the act be rolled back, no event will ever follow this one, and the books are read anew.
        """
        if event.item_id is None:
            return
        known = self._known.get(event.item_id)
        if known is None or known.digest != previous:
            return
        record = json.loads(event.record)
        if not corrects_mass(record):
            self._keep(event.item_id, _after(known, event.digest, record))

    def _go_on(self, session: Session, item: Item, known: _Known) -> _Known | None:
        for digest, record in repository.records_after(session, item.id, known.sequence):
            if record["previous"] != known.digest or corrects_mass(record):
                return None
            known = _after(known, digest, record)
        return known if known.digest == item.last_digest else None

    def _keep(self, item_id: str, known: _Known) -> None:
        with self._lock:
            self._known[item_id] = known
            self._known.move_to_end(item_id)
            while len(self._known) > self._most:
                self._known.popitem(last=False)


def _after(known: _Known, digest: str, record: Mapping[str, Any]) -> _Known:
    books = known.books.copy()
    books.apply(record)
    return _Known(record["sequence"], digest, books)


#: Those of this process.
known_books = KnownBooks()
