"""procrastinate's own tables and functions, as the SQL that makes them."""

from procrastinate.schema import SchemaManager


def job_tables_sql() -> str:
    """The statements; they make everything in the first schema of the search path."""
    return SchemaManager.get_schema()
