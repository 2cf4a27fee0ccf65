"""Declarative bases and the two tables that every service has in its own schema: idempotency records and the outbox."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def declarative_base_for(schema: str) -> type[DeclarativeBase]:
    """A declarative base of its own for one service's schema, with the two tables of every service in its metadata."""
    metadata = MetaData(schema=schema, naming_convention=_NAMES)
    idempotency_table(metadata)
    outbox_table(metadata)
    types = {
        datetime: DateTime(timezone=True),
        str: Text,
        dict: JSONB,
        dict[str, Any]: JSONB,
        list: JSONB,
        list[Any]: JSONB,
        list[str]: JSONB,
        bytes: LargeBinary,
    }
    return type(
        "Base", (DeclarativeBase,), {"metadata": metadata, "type_annotation_map": types, "__abstract__": True}
    )


def idempotency_table(metadata: MetaData) -> Table:
    """What was answered to (actor, key); written in the transaction of the effect."""
    return Table(
        "idempotency",
        metadata,
        Column("actor", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("request_sha256", LargeBinary, nullable=False),
        Column("status", Integer),
        Column("headers", JSONB),
        Column("body", LargeBinary),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
        Index("ix_idempotency_created_at", "created_at"),
    )


def outbox_table(metadata: MetaData) -> Table:
    """Messages for other services, written in the transaction of the change that they tell of."""
    return Table(
        "outbox",
        metadata,
        Column("seq", BigInteger, Identity(always=True), primary_key=True),
        Column("id", Text, nullable=False, unique=True),
        Column("target", Text, nullable=False),
        Column("path", Text, nullable=False),
        Column("body", JSONB, nullable=False),
        Column("ordering_key", Text, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column(
            "next_attempt_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()
        ),
        Column("delivered_at", DateTime(timezone=True)),
        Column("last_error", Text),
        Column("refused_at", DateTime(timezone=True)),
        Column("answer", JSONB(none_as_null=True)),
        Index("ix_outbox_undelivered", "ordering_key", "seq", postgresql_where=text("delivered_at IS NULL")),
        Index("ix_outbox_refused", "seq", postgresql_where=text("refused_at IS NOT NULL")),
    )
