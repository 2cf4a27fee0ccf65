"""Rows in bulk by COPY, within the caller's transaction: several times cheaper than INSERT."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

SCHEMA = "chain_of_custody"


def copy_rows(
    session: Session, table: str, columns: Mapping[str, str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Adds `rows` to a table; `columns` are names and their PostgreSQL types in the order of a row's values.

    A constraint that refuses raises the driver's own error, and the transaction has failed.
    """
    connection = session.connection().connection.driver_connection
    assert connection is not None
    names = ", ".join(f'"{name}"' for name in columns)
    statement = f"COPY {SCHEMA}.{table} ({names}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)
