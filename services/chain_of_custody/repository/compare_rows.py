"""Makes the queries of the self-check that lay rows beside what the events say of them.

`OFFSET 0` keeps a comparison out of the join below it: a hash join frees what its filter used only when a row passes, and here
none should, so that PostgreSQL would hold every record that was parsed, gigabytes at some hundred thousand events. For the same
reason what is told is plain columns (`MATERIALIZED`), never a record.
"""

from collections.abc import Mapping


def acts(*kinds: str) -> str:
    """A FROM item `act`: the events of these types, each record parsed once, with its `details` and `actor`."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return f"""(
        SELECT *, record -> 'details' AS details, record ->> 'actor' AS actor, record ->> 'purpose' AS purpose
        FROM (SELECT id, seq, item_id, subject, sequence, type, occurred_at, recorded_at, record::jsonb AS record
            FROM chain_of_custody.events WHERE type IN ({listed}) OFFSET 0) AS parsed OFFSET 0) AS act"""


def compare(
    word: str,
    rows: str,
    told: str,
    columns: Mapping[str, str],
    *,
    says: str = "its events say",
    may_lack: str = "false",
    may_be_untold: str = "false",
) -> str:
    """A query of findings: rows that are told otherwise, that nothing tells, and that are told but gone.

    `rows` is a FROM item with a column `id`, `told` a query with an `id` and what is told, `columns` maps a column of the rows to
    an expression upon `told` (and `seen`, the row). `may_be_untold` is a condition upon `seen` under which no event need tell it,
    `may_lack` one upon `told` under which no row need be there.
    """
    wrong = ", ".join(
        f"CASE WHEN seen.{name} IS DISTINCT FROM ({expression}) THEN '{name}' END"
        for name, expression in columns.items()
    )
    return f"""
WITH told AS MATERIALIZED ({told}), beside AS (
    SELECT seen.id AS seen_id, told.id AS told_id, array_to_string(ARRAY[{wrong or "NULL"}]::text[], ', ') AS wrong,
        CASE WHEN told.id IS NULL THEN {may_be_untold} END AS untold, CASE WHEN seen.id IS NULL THEN {may_lack} END AS lacks
    FROM {rows} AS seen FULL JOIN told ON told.id = seen.id
    OFFSET 0)
SELECT CASE
    WHEN told_id IS NULL THEN format('{word} %s stands in no event', seen_id)
    WHEN seen_id IS NULL THEN format('{word} %s stands in an event, but its row is gone', told_id)
    ELSE format('{word} %s: its row is not what {says}: %s', seen_id, wrong) END
FROM beside
WHERE (told_id IS NULL AND NOT untold) OR (seen_id IS NULL AND NOT lacks)
    OR (told_id IS NOT NULL AND seen_id IS NOT NULL AND wrong <> '')
ORDER BY 1 LIMIT :most
"""
