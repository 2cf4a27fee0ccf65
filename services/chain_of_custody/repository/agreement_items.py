"""The self-check's comparisons of items: how they stand, what they are, what they came from, and who had them."""

from services.chain_of_custody.repository.compare_rows import acts, compare

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

#: Facts that a receipt's first event tells under the same name.
_RECEIVED = (
    "office", "exhibit_id", "submission_id", "submission_number", "receipt_number", "kind", "programme", "description",
    "physical_form", "seizure_id",
)  # fmt: skip
#: Facts that an aliquot has of its parent.
_INHERITED = (*_RECEIVED, "line")


def _first(kind: str) -> str:
    """What every first event of a type tells: the number, when the item came to be, and, exactly, how much was in it."""
    return f"""
    SELECT act.item_id AS id, record ->> 'item_number' AS number, recorded_at, details,
        (record #>> '{{standing,remaining_mg}}')::numeric
            + coalesce((record #>> '{{standing,uncertainty_mg}}')::numeric, 0) AS most
    FROM {acts(kind)} WHERE act.sequence = 1"""


_RECEIPTS = compare(
    "item",
    "(SELECT item.* FROM chain_of_custody.items AS item JOIN chain_of_custody.events AS event "
    "ON event.item_id = item.id AND event.sequence = 1 AND event.type = 'received')",
    f"""SELECT id, number, recorded_at, details ->> 'number' AS received_number,
        (details ->> 'gross_mass_g')::numeric * 1000 AS gross,
        details ? 'line' AS has_line, (details ->> 'line')::int AS line,
        {", ".join(f"details ->> '{name}' AS {name}" for name in _RECEIVED)}
    FROM ({_first("received")}) AS first""",
    {
        "number": "told.received_number",
        "id": "CASE WHEN told.number = told.received_number THEN told.id END",
        "parent_id": "NULL",
        "root_id": "told.id",
        "gross_mass_mg": "told.gross",
        "most_mg": "told.gross",
        "line": "CASE WHEN told.has_line THEN told.line ELSE seen.line END",
        "created_at": "told.recorded_at",
        **{name: f"told.{name}" for name in _RECEIVED},
    },
    says="its first event says",
    may_lack="true",  # A lost item is told by the foreign key of its events and by the histories.
)
_ALIQUOTS = compare(
    "item",
    "(SELECT * FROM chain_of_custody.items WHERE parent_id IS NOT NULL)",
    f"""SELECT first.id, first.number, recorded_at, details ->> 'parent_id' AS told_parent, most, parent.number AS parent_number,
        parent.root_id AS parent_root, {", ".join(f"parent.{name}" for name in _INHERITED)}
    FROM ({_first("aliquot_made")}) AS first LEFT JOIN chain_of_custody.items AS parent ON parent.id = details ->> 'parent_id'
    OFFSET 0""",
    {
        "number": "told.number",
        "parent_id": "told.told_parent",
        "root_id": "told.parent_root",
        "gross_mass_mg": "NULL",
        "most_mg": "coalesce(told.most, seen.most_mg)",
        "created_at": "told.recorded_at",
        **{name: f"told.{name}" for name in _INHERITED},
    },
    says="its first event says",
)
_COMPOSITES = compare(
    "item",
    "(SELECT item.* FROM chain_of_custody.items AS item JOIN chain_of_custody.events AS event "
    "ON event.item_id = item.id AND event.sequence = 1 AND event.type = 'composite_made')",
    f"""SELECT first.id, first.number, first.recorded_at, first.most, of.*
    FROM (SELECT * FROM ({_first("composite_made")}) AS made OFFSET 0) AS first
    CROSS JOIN LATERAL (
        SELECT array_agg(DISTINCT part.office) AS offices, array_agg(DISTINCT part.submission_id) AS submissions,
            array_agg(DISTINCT part.submission_number) AS submission_numbers, array_agg(DISTINCT part.kind) AS kinds,
            array_agg(DISTINCT part.programme) AS programmes, array_agg(DISTINCT part.seizure_id) AS seizures,
            string_agg(part.number, ', ' ORDER BY place) AS numbers,
            array_agg(part.receipt_number ORDER BY place) AS receipts, array_agg(part.physical_form ORDER BY place) AS forms
        FROM jsonb_array_elements(details -> 'parts') WITH ORDINALITY AS told_part (part, place)
        JOIN chain_of_custody.items AS part ON part.id = told_part.part ->> 'item_id') AS of""",
    {
        "number": "told.number",
        "parent_id": "NULL",
        "root_id": "told.id",
        "exhibit_id": "told.id",
        "line": "NULL",
        "gross_mass_mg": "NULL",
        "most_mg": "coalesce(told.most, seen.most_mg)",
        "created_at": "told.recorded_at",
        "office": "told.offices[1]",
        "submission_id": "told.submissions[1]",
        "submission_number": "told.submission_numbers[1]",
        "kind": "told.kinds[1]",
        "programme": "told.programmes[1]",
        "description": "'composite of ' || told.numbers",
        "receipt_number": "(SELECT string_agg(word, ', ' ORDER BY place) FROM (SELECT word, min(n) AS place "
        "FROM unnest(told.receipts) WITH ORDINALITY AS each (word, n) GROUP BY word) AS once)",
        "physical_form": "(SELECT string_agg(word, ', ' ORDER BY place) FROM (SELECT word, min(n) AS place "
        "FROM unnest(told.forms) WITH ORDINALITY AS each (word, n) GROUP BY word) AS once)",
        "seizure_id": "CASE WHEN cardinality(told.seizures) = 1 THEN told.seizures[1] END",
    },
    says="its first event says",
)
_ORIGINS = """
SELECT format('item %s: its first event is of no type that makes an item, or it has none', item.number)
FROM chain_of_custody.items AS item LEFT JOIN chain_of_custody.events AS event ON event.item_id = item.id AND event.sequence = 1
WHERE event.type IS NULL OR event.type NOT IN ('received', 'aliquot_made', 'composite_made')
    OR (event.type = 'aliquot_made') <> (item.parent_id IS NOT NULL)
ORDER BY item.number LIMIT :most
"""
_PARTS = compare(
    "portion",
    "(SELECT *, part_id || ' of composite ' || composite_id AS id FROM chain_of_custody.composite_parts)",
    f"""SELECT (part ->> 'item_id') || ' of composite ' || made AS id, (part ->> 'net_mass_mg')::numeric AS net,
        (part ->> 'uncertainty_mg')::numeric AS uncertainty
    FROM (SELECT act.item_id AS made, jsonb_array_elements(details -> 'parts') AS part FROM {acts("composite_made")}) AS parts""",
    {
        # The record has them as numbers of JSON, with 15 digits.
        "net_mass_mg": "CASE WHEN abs(seen.net_mass_mg - told.net) > 1e-6 THEN told.net ELSE seen.net_mass_mg END",
        "uncertainty_mg": "CASE WHEN abs(seen.uncertainty_mg - told.uncertainty) > 1e-6 THEN told.uncertainty "
        "ELSE seen.uncertainty_mg END",
    },
    says="the first event of the composite says",
)
#: Acts that give an item a holder. Older events name giver and receiver in other places; there the foreign keys alone hold.
_STEPS = (
    "received",
    "aliquot_made",
    "composite_made",
    "stored",
    "retrieved",
    "handed_over",
    "returned",
    "taken_over",
)
_TRANSFERS = compare(
    "transfer by event",
    "(SELECT *, event_id AS id FROM chain_of_custody.transfers)",
    f"""SELECT act.id, act.item_id, row_number() OVER (PARTITION BY act.item_id ORDER BY act.sequence) AS number,
        details ? 'receiver' AS told_so, details #>> '{{giver,kind}}' AS giver_kind, details #>> '{{giver,id}}' AS giver,
        details #>> '{{receiver,kind}}' AS receiver_kind, details #>> '{{receiver,id}}' AS receiver
    FROM {acts(*_STEPS)}""",
    {
        "item_id": "told.item_id",
        "number": "told.number",
        **{
            name: f"CASE WHEN told.told_so THEN told.{name} ELSE seen.{name} END"
            for name in ("giver_kind", "giver", "receiver_kind", "receiver")
        },
    },
    says="its event says",
)
_COUNTED = """
SELECT format('item %s: its row counts %s transfers, there are %s', item.number, item.transfers, coalesce(made.many, 0))
FROM chain_of_custody.items AS item
LEFT JOIN (SELECT item_id, count(*) AS many FROM chain_of_custody.transfers GROUP BY item_id) AS made ON made.item_id = item.id
WHERE item.transfers <> coalesce(made.many, 0) ORDER BY item.number LIMIT :most
"""

CHECKS = (_ITEMS, _RECEIPTS, _ALIQUOTS, _COMPOSITES, _ORIGINS, _PARTS, _TRANSFERS, _COUNTED)
