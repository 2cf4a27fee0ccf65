"""Rows in bulk by COPY, within the caller's transaction: several times cheaper than INSERT."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

import psycopg
from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Table,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

_Model = TypeVar("_Model")

SCHEMA = "chain_of_custody"
#: SQLAlchemy's types as PostgreSQL's; a smaller one stands before that which it is a kind of.
_TYPES: dict[type[Any], str] = {
    SmallInteger: "int2",
    BigInteger: "int8",
    Integer: "int4",
    Numeric: "numeric",
    Boolean: "bool",
    DateTime: "timestamptz",
    LargeBinary: "bytea",
    String: "text",
}


def copy_rows(
    session: Session, table: str, columns: Mapping[str, str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Adds `rows` to a table; `columns` are names and their PostgreSQL types in the order of a row's values.

    A constraint that refuses raises SQLAlchemy's IntegrityError as every statement does, and the transaction has failed.
    """
    connection = session.connection().connection.driver_connection
    assert connection is not None
    names = ", ".join(f'"{name}"' for name in columns)
    statement = f"COPY {SCHEMA}.{table} ({names}) FROM STDIN (FORMAT BINARY)"
    try:
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(list(columns.values()))
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error) from error


def unsaved(model: type[_Model], **values: Any) -> _Model:
    """An object for `copy_objects`, made without the session's bookkeeping: a fifth of the time where it has many columns."""
    made = model()
    vars(made).update(values)
    return made


def copy_objects(session: Session, objects: Sequence[Any]) -> None:
    """Adds objects of one table that the session does not know; what the database computes or counts is left to it.

    Every other column must have its value: defaults of the model are not applied.
    """
    if not objects:
        return
    table = type(objects[0]).__table__
    columns = _columns(table)
    copy_rows(session, table.name, columns, map(attrgetter(*columns), objects))


@cache
def _columns(table: Table) -> dict[str, str]:
    given = [column for column in table.columns if column.identity is None and column.computed is None]
    return {column.name: _type_of(column.type) for column in given}


def _type_of(kind: Any) -> str:
    return next(name for known, name in _TYPES.items() if isinstance(kind, known))
