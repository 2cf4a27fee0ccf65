"""The books of every item recomputed from its events, against the columns that lists and pages show (E15).

The columns are found wrong here even where the newest event tells the same wrong standing: the masses follow from the acts, from
the first weighing on, and from nothing else.
"""

import json
from collections.abc import Iterator
from itertools import groupby, islice

from sqlalchemy.orm import Session

from services.chain_of_custody.domain.check_mass_balance import Quantity
from services.chain_of_custody.domain.replay_books import Books, replay
from services.chain_of_custody.repository import booked

_EVENTS, _ITEMS = 2000, 500


def wrong_books(session: Session, most: int) -> Iterator[str]:
    """In words, every item whose columns are not what its acts come to; of the rest at most `most` of each kind."""
    every = _every(session)
    while part := list(islice(every, _ITEMS)):
        kept = booked.kept_masses(session, [item_id for item_id, _ in part])
        for item_id, books in part:
            row = kept.get(item_id)
            if row is not None and row.remaining != books.remaining:
                there, here = _words(books.remaining), _words(row.remaining)
                yield f"item {row.number}: by its acts {there} remain, its row says {here}"
    for number in booked.masses_from_nowhere(session, most):
        yield f"item {number}: its row tells of a mass, no act does"
    yield from booked.wrong_parts(session, most)
    yield from booked.wrong_discrepancies(session, most)


def _every(session: Session) -> Iterator[tuple[str, Books]]:
    for item_id, group in groupby(booked.booked_records(session, _EVENTS), key=lambda row: row[0]):
        yield item_id, replay(json.loads(record) for _, record in group)


def _words(found: Quantity | None) -> str:
    return "no mass" if found is None else f"{found.mass:f} mg ± {found.uncertainty:f} mg"
