"""What the tables beside the log say, against what the events in it say.

Items, hand-overs, holds, disposals and spectra are rows that change with every act; whoever owns the database could change
them without one. Each act's record tells how it left the item (`standing`) and what it did to the other rows, and the log
proves the record: a row that says otherwise was changed behind custody's back.

`OFFSET 0` keeps a comparison out of the join below it: a hash join frees what its filter used only when a row passes, and here
none should, so that PostgreSQL would hold every record that was parsed, gigabytes at some hundred thousand events.
"""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

#: The longest that a request may take from its first moment (which its event bears) to its commit, and clocks may differ.
TOLERANCE_MINUTES = 10

_ITEMS = """
WITH told AS (
    SELECT item.*, event.record::jsonb -> 'standing' AS standing
    FROM chain_of_custody.items AS item
    JOIN chain_of_custody.events AS event ON event.item_id = item.id AND event.sequence = item.events
    OFFSET 0
), compared AS (
    SELECT told.number, said.* FROM told CROSS JOIN LATERAL (VALUES
        ('state', state, standing ->> 'state'),
        ('holder', holder_kind || ' ' || holder, (standing ->> 'holder_kind') || ' ' || (standing ->> 'holder')),
        ('holder''s name', holder_name, standing ->> 'holder_name'),
        ('open discrepancy', blocked::text, standing ->> 'blocked'),
        ('open holds', open_holds::text, standing ->> 'open_holds'),
        ('ending', ending, standing ->> 'ending'),
        ('remaining mass (mg)', trim_scale(remaining_mg)::text, trim_scale((standing ->> 'remaining_mg')::numeric)::text),
        ('uncertainty (mg)', trim_scale(uncertainty_mg)::text, trim_scale((standing ->> 'uncertainty_mg')::numeric)::text),
        ('aliquots', aliquots::text, standing ->> 'aliquots'),
        ('seal', CASE WHEN standing ? 'seal_number' THEN seal_number END, standing ->> 'seal_number'),
        ('seal''s condition', CASE WHEN standing ? 'seal_number' THEN seal_condition END, standing ->> 'seal_condition')
    ) AS said (what, here, there) WHERE told.standing IS NOT NULL)
SELECT format('item %s: its row says %s %s, its newest event %s', number, what, coalesce(here, 'none'), coalesce(there, 'none'))
FROM compared WHERE here IS DISTINCT FROM there ORDER BY number, what LIMIT :most
"""

_FACTS = """
WITH told AS (
    SELECT item.*, event.record::jsonb -> 'details' AS details, parent.office AS parent_office
    FROM chain_of_custody.items AS item
    JOIN chain_of_custody.events AS event ON event.item_id = item.id AND event.sequence = 1
        AND event.type IN ('received', 'aliquot_made')
    LEFT JOIN chain_of_custody.items AS parent ON parent.id = item.parent_id
    OFFSET 0)
SELECT format('item %s: its row is not what its first event says', number) FROM told
WHERE parent_id IS DISTINCT FROM (details ->> 'parent_id')
    OR CASE WHEN parent_id IS NULL
        THEN (number, office, exhibit_id, submission_id, submission_number, receipt_number, kind, programme, description,
              physical_form, seizure_id, gross_mass_mg)
            IS DISTINCT FROM (details ->> 'number', details ->> 'office', details ->> 'exhibit_id',
              details ->> 'submission_id', details ->> 'submission_number', details ->> 'receipt_number', details ->> 'kind',
              details ->> 'programme', details ->> 'description', details ->> 'physical_form', details ->> 'seizure_id',
              (details ->> 'gross_mass_g')::numeric * 1000)
        ELSE office <> parent_office END
ORDER BY number LIMIT :most
"""

_TIMES = """
SELECT format('event %s of item %s: its columns tell another time than its record', sequence, item_id)
FROM chain_of_custody.events
WHERE (record::jsonb ->> 'occurred_at')::timestamptz <> occurred_at
    OR (record::jsonb ->> 'recorded_at')::timestamptz <> recorded_at
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


def _rows_beside(table: str, kinds: dict[str, str], key: str, state: str, columns: dict[str, str]) -> str:
    """A query that compares the rows of `table` with the newest event that names them in `details.{key}`.

    `kinds` maps a type of event to the state in which it leaves the row, `state` is the SQL of the row's state, `columns` maps
    a column to the place in the event's record that tells it.
    """
    states = ", ".join(f"('{kind}', '{left}')" for kind, left in kinds.items())
    same = "".join(
        f" OR row.{name} IS DISTINCT FROM told.record #>> '{{{place}}}'" for name, place in columns.items()
    )
    word = table.rstrip("s").replace("handover", "hand-over")
    return f"""
WITH told AS (
    SELECT DISTINCT ON (record #>> '{{details,{key}}}') record #>> '{{details,{key}}}' AS id, record, left_as
    FROM (SELECT seq, type, record::jsonb AS record FROM chain_of_custody.events) AS event
    JOIN (VALUES {states}) AS kinds (kind, left_as) ON kinds.kind = event.type
    ORDER BY record #>> '{{details,{key}}}', seq DESC)
SELECT CASE
    WHEN told.id IS NULL THEN format('{word} %s stands in no event', row.id)
    WHEN row.id IS NULL THEN format('{word} %s stands in an event, but its row is gone', told.id)
    ELSE format('{word} %s: its row is not what its newest event says', row.id) END
FROM chain_of_custody.{table} AS row FULL JOIN told ON told.id = row.id
WHERE told.id IS NULL OR row.id IS NULL OR told.left_as <> ({state}){same}
ORDER BY 1 LIMIT :most
"""


_HANDOVERS = _rows_beside(
    "handovers",
    {
        "handover_offered": "offered",
        "handed_over": "accepted",
        "returned": "accepted",
        "handover_declined": "declined",
        "handover_withdrawn": "withdrawn",
    },
    "handover_id",
    "row.state",
    {"giver": "details,from", "receiver": "details,to"},
)
_HOLDS = _rows_beside(
    "holds",
    {"hold_placed": "open", "hold_released": "released"},
    "hold_id",
    "CASE WHEN row.released_at IS NULL THEN 'open' ELSE 'released' END",
    {"item_id": "item_id"},
)
_DISPOSALS = _rows_beside(
    "disposals",
    {
        "disposal_requested": "requested",
        "disposal_authorised": "authorised",
        "disposal_withdrawn": "withdrawn",
        "disposed": "executed",
    },
    "disposal_id",
    "row.state",
    {"item_id": "item_id", "method": "details,method"},
)

_SPECTRA = """
WITH stored AS (
    SELECT record #>> '{details,spectrum_id}' AS id, item_id, record -> 'details' AS told
    FROM (SELECT item_id, record::jsonb FROM chain_of_custody.events WHERE type = 'spectrum_stored' OFFSET 0) AS event
), hashed AS (
    SELECT DISTINCT ON (record #>> '{details,spectrum_id}')
        record #>> '{details,spectrum_id}' AS id, record #>> '{details,sha256}' AS sha256
    FROM (SELECT seq, record::jsonb FROM chain_of_custody.events
        WHERE type IN ('spectrum_verified', 'spectrum_quarantined')) AS event
    ORDER BY record #>> '{details,spectrum_id}', seq DESC)
SELECT CASE
    WHEN stored.id IS NULL THEN format('spectrum %s stands in no event', row.id)
    WHEN row.id IS NULL THEN format('spectrum %s stands in an event, but its row is gone', stored.id)
    ELSE format('spectrum %s: its row is not what its events say', row.id) END
FROM chain_of_custody.spectra AS row
FULL JOIN stored ON stored.id = row.id LEFT JOIN hashed ON hashed.id = row.id
WHERE stored.id IS NULL OR row.id IS NULL
    OR (row.item_id, row.declared_sha256, row.size::text, row.filename, row.technique, row.instrument, row.method,
        row.run_role, row.object_key, row.version_id)
    IS DISTINCT FROM (stored.item_id, told ->> 'declared_sha256', told ->> 'size', told ->> 'filename',
        told ->> 'technique', told ->> 'instrument', told ->> 'method', told ->> 'run_role',
        told #>> '{object,key}', told #>> '{object,version_id}')
    OR (hashed.id IS NOT NULL AND row.sha256 IS DISTINCT FROM hashed.sha256)
ORDER BY 1 LIMIT :most
"""

_CHECKS = (_ITEMS, _FACTS, _TIMES, _BACKDATED, _HANDOVERS, _HOLDS, _DISPOSALS, _SPECTRA)


def disagreements(session: Session, most: int) -> Iterator[str]:
    """In words, what rows say that their events do not; at most `most` of each kind."""
    for check in _CHECKS:
        yield from session.scalars(text(check), {"most": most, "minutes": TOLERANCE_MINUTES})
