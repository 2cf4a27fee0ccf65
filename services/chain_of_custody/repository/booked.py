"""What the books' columns and tables say, for the check against the events: in batches, whatever the size of the laboratory."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from services.chain_of_custody.domain.check_mass_balance import Quantity
from services.chain_of_custody.domain.replay_books import BOOKED
from services.chain_of_custody.models import Event, Item


class Kept(NamedTuple):
    """What the columns of an item say of its mass."""

    number: str
    remaining: Quantity | None


def booked_records(session: Session, batch: int) -> Iterator[tuple[str, str]]:
    """(item, record) of every event that moves books, in order of items and their histories."""
    query = (
        select(Event.item_id, Event.record)
        .where(Event.type.in_(BOOKED))
        .order_by(Event.item_id, Event.sequence)
        .execution_options(yield_per=batch)
    )
    for row in session.execute(query):
        yield row.item_id, row.record


def kept_masses(session: Session, item_ids: Sequence[str]) -> dict[str, Kept]:
    """The columns of these items."""
    query = select(Item.id, Item.number, Item.remaining_mg, Item.uncertainty_mg).where(Item.id.in_(item_ids))
    return {
        row.id: Kept(
            row.number,
            None if row.remaining_mg is None else Quantity(row.remaining_mg, row.uncertainty_mg),
        )
        for row in session.execute(query)
    }


def masses_from_nowhere(session: Session, most: int) -> list[str]:
    """Numbers of items whose columns hold a mass that no event tells of."""
    told = exists().where(Event.item_id == Item.id, Event.type.in_(BOOKED))
    query = select(Item.number).where(Item.remaining_mg.is_not(None), ~told)
    return list(session.scalars(query.order_by(Item.number).limit(most)))


_PARTS = text("""
WITH told AS (
    SELECT made.item_id AS composite_id, part ->> 'item_id' AS part_id, (part ->> 'net_mass_mg')::numeric AS mass
    FROM chain_of_custody.events AS made
    CROSS JOIN LATERAL jsonb_array_elements(made.record::jsonb #> '{details,parts}') AS part
    WHERE made.type = 'composite_made')
SELECT format('composite %s: its portion of item %s is not what its event says',
    coalesce(row.composite_id, told.composite_id), coalesce(row.part_id, told.part_id))
FROM chain_of_custody.composite_parts AS row
FULL JOIN told ON told.composite_id = row.composite_id AND told.part_id = row.part_id
WHERE told.mass IS NULL OR row.net_mass_mg IS DISTINCT FROM told.mass ORDER BY 1 LIMIT :most
""")

_RESOLVED = text("""
SELECT format('discrepancy %s of item %s: its row says %s, the events do not', row.id, row.item_id,
    CASE WHEN row.resolved_at IS NULL THEN 'open' ELSE 'resolved' END)
FROM chain_of_custody.discrepancies AS row
WHERE (row.resolved_at IS NOT NULL) <> EXISTS (
    SELECT 1 FROM chain_of_custody.events AS event
    WHERE event.item_id = row.item_id AND event.type = 'discrepancy_resolved'
        AND event.record::jsonb #>> '{details,discrepancy_id}' = row.id)
ORDER BY 1 LIMIT :most
""")


def wrong_parts(session: Session, most: int) -> list[str]:
    """Portions of composites that are not what the events say, in words."""
    return list(session.scalars(_PARTS, {"most": most}))


def wrong_discrepancies(session: Session, most: int) -> list[str]:
    """Discrepancies that were opened or closed behind the events' back, in words."""
    return list(session.scalars(_RESOLVED, {"most": most}))
