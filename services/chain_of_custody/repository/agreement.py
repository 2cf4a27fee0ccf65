"""What the tables beside the log say, against what the events in it say.

Items, hand-overs, holds, disposals, spectra and what hangs on them, accounts and places are rows that change with every act or
repeat what an act said; whoever owns the database could change them without one. Each act's record tells how it left the item
(`standing`) and what it did to the other rows, and the log proves the record: a row that says otherwise was changed behind
custody's back. The comparisons stand by subject in `agreement_items`, `agreement_acts`, `agreement_spectra` and
`agreement_house`.
"""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.chain_of_custody.repository import (
    agreement_acts,
    agreement_house,
    agreement_items,
    agreement_spectra,
)

#: The longest that a request may take from its first moment (which its event bears) to its commit, and clocks may differ.
TOLERANCE_MINUTES = 10

_TIMES = """
SELECT format('event %s of %s: its columns tell another time than its record', sequence, coalesce('item ' || item_id, subject))
FROM (SELECT seq, sequence, item_id, subject, occurred_at, recorded_at, record::jsonb AS told
    FROM chain_of_custody.events OFFSET 0) AS parsed
WHERE (told ->> 'occurred_at')::timestamptz <> occurred_at OR (told ->> 'recorded_at')::timestamptz <> recorded_at
ORDER BY seq LIMIT :most
"""

_BACKDATED = """
WITH placed AS (
    SELECT entry.index, event.recorded_at, max(event.recorded_at) OVER (ORDER BY entry.index) AS reached
    FROM chain_of_custody.log_entries AS entry JOIN chain_of_custody.events AS event ON event.id = entry.event_id
), late AS (
    SELECT *, index - row_number() OVER (ORDER BY index) AS run FROM placed
    WHERE reached - recorded_at > make_interval(mins => :minutes))
SELECT format(
    'entries %s to %s of the log say that they were recorded up to %s before entries that stand ahead of them: '
    'backdated, or the clock was put back', min(index), max(index), max(reached - recorded_at))
FROM late GROUP BY run ORDER BY min(index) LIMIT :most
"""


_CHECKS = (
    *agreement_items.CHECKS,
    _TIMES,
    _BACKDATED,
    *agreement_acts.CHECKS,
    *agreement_spectra.CHECKS,
    *agreement_house.CHECKS,
)


def disagreements(session: Session, most: int) -> Iterator[str]:
    """In words, what rows say that their events do not; at most `most` of each kind."""
    for check in _CHECKS:
        yield from session.scalars(text(check), {"most": most, "minutes": TOLERANCE_MINUTES})
