"""The self-check's comparisons of accounts, places and balances.

Accounts and the history of places are laid beside the acts upon them in the log, a place beside its history. Balances are no
entries of the log: they are laid beside what weighings copied from the register into their events, so that who changes one alone
is found; who owns the database, switches its triggers off and changes what no weighing used is not.
"""

from services.chain_of_custody.repository.compare_rows import acts, compare

_ACCOUNTS = compare(
    "account",
    "(SELECT *, login AS id FROM chain_of_custody.people)",
    f"""SELECT DISTINCT ON (id) * FROM (
        SELECT substr(subject, length('account:') + 1) AS id, sequence, details ->> 'name' AS name, details ->> 'role' AS role,
            details ->> 'office' AS office, (details ->> 'active')::boolean AS active
        FROM {acts("account_opened", "account_changed", "account_closed")} OFFSET 0) AS each ORDER BY id, sequence DESC""",
    {name: f"told.{name}" for name in ("name", "role", "office", "active")},
)
_HISTORY = compare(
    "change of place",
    "(SELECT *, location_id || ', version ' || version AS id FROM chain_of_custody.location_changes)",
    f"""SELECT substr(subject, length('place:') + 1) || ', version ' || (details ->> 'version') AS id, occurred_at AS at, actor,
        record ->> 'actor_name' AS actor_name, record ->> 'actor_role' AS actor_role, purpose AS reason,
        nullif(details -> 'before', 'null') AS before, details -> 'after' AS after
    FROM {acts("place_changed")}""",
    {
        name: f"told.{name}"
        for name in ("at", "actor", "actor_name", "actor_role", "reason", "before", "after")
    },
)
#: The places of every laboratory, and in which they stand; they were there before the first change.
_FIRST_PLACES = {
    "laboratory": None, "vault": "laboratory", "vault-a": "vault", "vault-a-1": "vault-a", "vault-a-2": "vault-a",
    "cold-room": "laboratory", "cold-room-1": "cold-room",
}  # fmt: skip
_STAND_IN = ", ".join(
    f"('{place}', " + (f"'{parent}')" if parent else "NULL)") for place, parent in _FIRST_PLACES.items()
)
_PARENTS = f"""
WITH told AS MATERIALIZED (
    SELECT DISTINCT substr(subject, length('place:') + 1) AS id, details ->> 'parent_id' AS parent_id FROM {acts("place_changed")}
    UNION VALUES {_STAND_IN})
SELECT format('place %s stands elsewhere than its acts say, or is called so', place.path)
FROM chain_of_custody.locations AS place LEFT JOIN chain_of_custody.locations AS around ON around.id = place.parent_id
WHERE place.path IS DISTINCT FROM coalesce(around.path || ' / ', '') || place.name
    OR EXISTS (SELECT FROM told WHERE told.id = place.id AND told.parent_id IS DISTINCT FROM place.parent_id)
ORDER BY place.path LIMIT :most
"""
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

CHECKS = (_ACCOUNTS, _HISTORY, _PARENTS, _LOCATIONS, _STORED, _BALANCES)
