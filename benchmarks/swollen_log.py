"""Makes custody's log large within the database itself: a million entries in a minute, for what depends on its size alone.

The tree and its signed head are true, so that appending and proving go on from there. The events are SYNTHETIC rows that hold no
records, so that the check of tables against each other would find them: that is measured on `full_tables`.
"""

from datetime import UTC, datetime

import psycopg
from sqlalchemy.engine import make_url

from services.chain_of_custody.repository import append_log
from services.chain_of_custody.repository.ledger import DatabaseLogStore
from services.chain_of_custody.service.ledger_keys import load_origin, load_signing_key
from shared.crypto import merkle
from shared.crypto.ledger import sign_checkpoint
from shared.runtime import Runtime

_EVENTS = """
INSERT INTO events (id, item_id, sequence, type, occurred_at, recorded_at, record, digest, salt)
SELECT 'synthetic-' || n, (SELECT id FROM items ORDER BY seq LIMIT 1), 1000 + n, 'synthetic', now(), now(),
    rpad('{}', 900, ' '), md5(n::text) || md5(n::text), sha256(n::text::bytea)
FROM generate_series(%(start)s::bigint, %(size)s::bigint - 1) AS n
"""
_ENTRIES = """
INSERT INTO log_entries (index, event_id, entry)
SELECT n, 'synthetic-' || n,
    convert_to('{"commitment":"' || encode(sha256(n::text::bytea), 'base64') || '","v":1}', 'UTF8')
FROM generate_series(%(start)s::bigint, %(size)s::bigint - 1) AS n
"""
_LEAVES = """
INSERT INTO log_hashes (level, index, hash)
SELECT 0, index, sha256('\\x00'::bytea || entry) FROM log_entries WHERE index >= %(start)s
"""
_NODES = """
INSERT INTO log_hashes (level, index, hash)
SELECT %(level)s, left_one.index / 2, sha256('\\x01'::bytea || left_one.hash || right_one.hash)
FROM log_hashes AS left_one JOIN log_hashes AS right_one
    ON right_one.level = left_one.level AND right_one.index = left_one.index + 1
WHERE left_one.level = %(level)s - 1 AND left_one.index %% 2 = 0 AND left_one.index >= %(from)s
ON CONFLICT DO NOTHING
"""


def swell(runtime: Runtime, start: int, size: int) -> None:
    """Makes the log of `start` entries one of `size`."""
    owner = make_url(runtime.settings.owner_database_url()).set(drivername="postgresql")
    with psycopg.connect(owner.render_as_string(hide_password=False)) as connection:
        connection.execute("SET session_replication_role = replica; SET search_path = chain_of_custody")
        for statement in (_EVENTS, _ENTRIES, _LEAVES):
            connection.execute(statement, {"start": start, "size": size})
        for level in range(1, size.bit_length()):
            first = max(0, (start >> (level - 1)) - 2) & ~1
            connection.execute(_NODES, {"level": level, "from": first})
    origin, key = load_origin(runtime.settings.keys_dir), load_signing_key(runtime.settings.keys_dir)
    with runtime.unit_of_work() as uow:
        root = merkle.root(DatabaseLogStore(uow.session), size)
        append_log.add_checkpoint(
            uow.session,
            grew_from=start,
            size=size,
            root=root,
            note=sign_checkpoint(origin, size, root, key),
            made_at=datetime.now(UTC),
        )
        uow.commit()
