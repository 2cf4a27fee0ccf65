"""The self-check's comparisons of places and balances. Their changes are no entries of the log.

Places are laid beside their own insert-only history, balances beside what weighings copied from the register into their events:
who changes one alone is found; who owns the database, switches its triggers off and changes both is not.
"""

from services.chain_of_custody.repository.compare_rows import acts

#: The places of every laboratory; they were there before the first change.
_FIRST_PLACES = (
    "laboratory", "vault", "vault-a", "vault-a-1", "vault-a-2", "cold-room", "cold-room-1",
)  # fmt: skip
_LOCATIONS = f"""
WITH newest AS MATERIALIZED (
    SELECT location_id, max(version) AS version, count(*) AS many, min(version) AS oldest FROM chain_of_custody.location_changes
    GROUP BY location_id
), beside AS (
    SELECT place.*, newest.version AS told_version, newest.many, newest.oldest, change.after
    FROM chain_of_custody.locations AS place LEFT JOIN newest ON newest.location_id = place.id
    LEFT JOIN chain_of_custody.location_changes AS change
        ON change.location_id = newest.location_id AND change.version = newest.version
    OFFSET 0)
SELECT format('place %s: its row is not what its changes say', path) FROM beside
WHERE coalesce(told_version, 1) <> version
    OR (many IS NULL AND id NOT IN ({", ".join(f"'{name}'" for name in _FIRST_PLACES)}))
    OR (many IS NULL AND (capacity IS NOT NULL OR enter_roles IS NOT NULL OR enter_logins IS NOT NULL OR closed))
    OR many <> told_version - oldest + 1
    OR (after IS NOT NULL AND (
        name IS DISTINCT FROM after ->> 'name' OR kind IS DISTINCT FROM after ->> 'kind'
        OR capacity::text IS DISTINCT FROM after ->> 'capacity' OR closed::text <> after ->> 'closed'
        OR to_jsonb(coalesce(enter_roles, '{{}}')) <> coalesce(after #> '{{access,roles}}', '[]')
        OR to_jsonb(coalesce(enter_logins, '{{}}')) <> coalesce(after #> '{{access,logins}}', '[]')
        OR (enter_roles IS NULL AND enter_logins IS NULL) <> (coalesce(after -> 'access', 'null') = 'null')))
ORDER BY path LIMIT :most
"""
_STORED = """
SELECT format('place %s: its row counts %s items, there are %s', place.path, place.stored, coalesce(here.many, 0))
FROM chain_of_custody.locations AS place
LEFT JOIN (SELECT holder, count(*) AS many FROM chain_of_custody.items WHERE holder_kind = 'place' GROUP BY holder) AS here
    ON here.holder = place.id
WHERE place.stored <> coalesce(here.many, 0) ORDER BY place.path LIMIT :most
"""
_WEIGHED = ("weighed", "consumed", "lost", "aliquot_taken", "portion_taken")
_BALANCES = f"""
WITH told AS MATERIALIZED (
    SELECT DISTINCT details ->> 'balance' AS name, details ->> 'balance_serial_number' AS serial_number,
        details ->> 'calibrated_on' AS calibrated_on, details ->> 'calibration_due' AS due
    FROM {acts(*_WEIGHED)} WHERE details ? 'balance_serial_number')
SELECT format('balance %s: the register is not what weighings took from it (calibrated on %s)',
    name, coalesce(calibrated_on, 'no day'))
FROM told WHERE NOT EXISTS (
    SELECT FROM chain_of_custody.balances AS balance WHERE balance.name = told.name AND balance.serial_number = told.serial_number
    AND (told.calibrated_on IS NULL OR EXISTS (
        SELECT FROM chain_of_custody.balance_calibrations AS done WHERE done.balance_id = balance.id
        AND done.calibrated_on = told.calibrated_on::date AND done.next_due = coalesce(told.due::date, done.next_due))))
ORDER BY 1 LIMIT :most
"""

CHECKS = (_LOCATIONS, _STORED, _BALANCES)
