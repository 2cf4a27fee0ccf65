"""What revisions use: the two tables of every service, procrastinate's tables, and grants to the service's role."""

from alembic import context, op

from shared.jobs.tables import job_tables_sql

#: What a service may do to a table.
APPEND = "SELECT, INSERT"
CHANGE = "SELECT, INSERT, UPDATE"
ALL = "SELECT, INSERT, UPDATE, DELETE"


def grant(rights: str, *tables: str) -> None:
    """Grants the service's role `rights` on its tables; evidence gets APPEND and nothing more (E12)."""
    schema, role = _names()
    for table in tables:
        op.execute(f'GRANT {rights} ON {schema}.{table} TO "{role}"')
    op.execute(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO "{role}"')


def forbid_changes(*tables: str) -> None:
    """A trigger beside the grants: UPDATE, DELETE and TRUNCATE fail for everybody, the owner included (E12)."""
    schema, _ = _names()
    op.execute(
        f"CREATE OR REPLACE FUNCTION {schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$"
    )
    for table in tables:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.{table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change()"
        )


def create_kit_tables() -> None:
    """Idempotency records and the outbox, with their grants."""
    from shared.db.tables import declarative_base_for

    schema, _ = _names()
    metadata = declarative_base_for(schema).metadata
    metadata.create_all(op.get_bind())
    grant(ALL, "idempotency", "outbox")


def add_outbox_refusals() -> None:
    """The columns of refused messages, where the outbox is older than they are (a new one is made with them)."""
    schema, _ = _names()
    op.execute(
        f"ALTER TABLE {schema}.outbox ADD COLUMN IF NOT EXISTS refused_at timestamptz, "
        "ADD COLUMN IF NOT EXISTS answer jsonb"
    )
    op.execute(
        f"CREATE INDEX IF NOT EXISTS ix_outbox_refused ON {schema}.outbox (seq) WHERE refused_at IS NOT NULL"
    )


def create_job_tables() -> None:
    """procrastinate's tables and functions in the service's schema."""
    schema, role = _names()
    connection = op.get_bind().connection.driver_connection
    assert connection is not None
    connection.execute(job_tables_sql())
    tables = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename LIKE 'procrastinate%%'", [schema]
    ).fetchall()
    grant("ALL", *(name for (name,) in tables))
    op.execute(f'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO "{role}"')


def _names() -> tuple[str, str]:
    attributes = context.config.attributes
    return attributes["schema"], attributes["role"]
