"""What every service's `migrations/env.py` does: one call, `run(metadata)`."""

from alembic import context
from sqlalchemy import MetaData, text


def run(metadata: MetaData) -> None:
    """Runs the revisions in the owner's transaction with the schema first in the search path."""
    config = context.config
    schema = config.attributes["schema"]
    connection = config.attributes["connection"]
    connection.execute(text(f"SET search_path = {schema}"))
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table="alembic_version",
        version_table_schema=schema,
        include_schemas=True,
        include_name=lambda name, kind, parents: kind != "schema" or name == schema,
        include_object=lambda thing, name, kind, reflected, other: not str(name).startswith("procrastinate"),
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
