"""Queries of seals: which item bears or bore one."""

from sqlalchemy import text
from sqlalchemy.orm import Session

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('seal:' || :number, 0))")
_BEARER = text("""
SELECT number FROM chain_of_custody.items WHERE seal_number = :number
UNION ALL
SELECT item.number FROM chain_of_custody.events AS event JOIN chain_of_custody.items AS item ON item.id = event.item_id
WHERE event.type = 'sealed' AND event.record::jsonb #>> '{details,seal_number}' = :number
UNION ALL
SELECT item.number FROM chain_of_custody.events AS event JOIN chain_of_custody.items AS item ON item.id = event.item_id
WHERE event.type = 'sealed' AND event.record::jsonb #>> '{details,previous_seal_number}' = :number
LIMIT 1
""")


def seal_bearer(session: Session, number: str) -> str | None:
    """The number of an item that bears this seal or ever bore it, or None; until the transaction ends nobody else uses it."""
    session.execute(_LOCK, {"number": number})
    return session.scalars(_BEARER, {"number": number}).first()
