"""Writes one act upon one item in one trip to the database: the item's new standing and the event that tells it."""

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_state, set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from services.chain_of_custody.models import Event, Item

#: What an act that leaves the holder alone may change of an item.
_STANDING = (
    "seal_number", "seal_condition", "blocked", "open_holds", "ending", "state", "remaining_mg", "uncertainty_mg", "aliquots",
    "events", "last_digest",
)  # fmt: skip
_ALL_STANDING = frozenset(_STANDING)
_EVENT = ("id", "sequence", "type", "occurred_at", "recorded_at", "record", "digest", "salt")

_WRITE = f"""
WITH acted AS (
    UPDATE chain_of_custody.items SET {", ".join(f"{name} = %(item_{name})s" for name in _STANDING)}
    WHERE id = %(item_id)s AND events = %(sequence)s - 1 RETURNING id)
INSERT INTO chain_of_custody.events (item_id, {", ".join(_EVENT)})
SELECT id, {", ".join(f"%({name})s" for name in _EVENT)} FROM acted
"""


def write_act(session: Session, item: Item, event: Event) -> None:
    """Stores the event and the standing of its locked item; raises StaleDataError where the item's history is another one.

    The same as adding the event and flushing, at a third of the cost. What else was changed in the session is not sent.
    """
    values = {f"item_{name}": getattr(item, name) for name in _STANDING}
    values |= {name: getattr(event, name) for name in _EVENT}
    written = session.connection().exec_driver_sql(_WRITE, {**values, "item_id": item.id})
    if written.rowcount != 1:
        raise StaleDataError(f"The history of item {item.id} does not end before event {event.sequence}.")
    state = instance_state(item)
    if state.committed_state.keys() <= _ALL_STANDING:
        # As after a flush; the public way, below, leaves the item among those that the next flush looks through.
        state._commit_all(item.__dict__, session.identity_map)
        return
    for name in _STANDING:
        set_committed_value(item, name, getattr(item, name))
