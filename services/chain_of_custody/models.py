"""Tables of custody: items and where they are, acts upon them, and the log that proves the acts.

Masses are exact decimals in milligrams; uncertainties are expanded (k = 2). Events, the log's entries, hashes and checkpoints are
insert-only, for the database role too (E12).
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables import declarative_base_for

Base: Any = declarative_base_for("chain_of_custody")

MILLIGRAMS = Numeric(24, 9)


class Person(Base):
    """Who may hold evidence: a copy of the accounts, kept current by the gateway."""

    __tablename__ = "people"
    login: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[str]
    office: Mapped[str | None]
    active: Mapped[bool]


class Location(Base):
    """A place: a room, a safe, a shelf; `path` names it with all places around it.

    `stored` counts the items that lie directly in it; the database keeps the count, and keeps it within `capacity`. Who may enter
    is restricted where one of the two lists stands: to these roles and these people. Nothing more goes into a closed place, nor
    into what stands in it.
    """

    __tablename__ = "locations"
    __table_args__ = (
        UniqueConstraint("parent_id", "name", postgresql_nulls_not_distinct=True),
        CheckConstraint("stored >= 0 AND (capacity IS NULL OR stored <= capacity)", name="capacity"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("chain_of_custody.locations.id"))
    name: Mapped[str]
    path: Mapped[str]
    kind: Mapped[str]
    capacity: Mapped[int | None]
    stored: Mapped[int] = mapped_column(Integer, server_default="0")
    enter_roles: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    enter_logins: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    closed: Mapped[bool] = mapped_column(server_default="false")


class Item(Base):
    """One exhibit or aliquot as it stands now; how it came to be so is told by its events alone."""

    __tablename__ = "items"
    __table_args__ = (
        Index("ix_items_holder", "holder_kind", "holder"),
        Index("ix_items_seal_number", "seal_number"),
        Index(
            "uq_items_exhibit",
            "exhibit_id",
            unique=True,
            postgresql_where=text("parent_id IS NULL"),
        ),
        CheckConstraint("holder_kind IN ('person', 'place') AND holder <> ''", name="holder"),
        CheckConstraint("open_holds >= 0", name="open_holds"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    number: Mapped[str] = mapped_column(unique=True)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("chain_of_custody.items.id"), index=True)
    root_id: Mapped[str] = mapped_column(index=True)
    exhibit_id: Mapped[str] = mapped_column(index=True)
    office: Mapped[str] = mapped_column(index=True)
    submission_id: Mapped[str] = mapped_column(index=True)
    submission_number: Mapped[str]
    receipt_number: Mapped[str]
    line: Mapped[int | None]
    kind: Mapped[str]
    programme: Mapped[str | None]
    description: Mapped[str]
    physical_form: Mapped[str]
    gross_mass_mg: Mapped[Decimal | None] = mapped_column(MILLIGRAMS)
    most_mg: Mapped[Decimal | None] = mapped_column(MILLIGRAMS)
    seal_number: Mapped[str | None]
    seal_condition: Mapped[str | None]
    seizure_id: Mapped[str | None]
    holder_kind: Mapped[str]
    holder: Mapped[str]
    holder_name: Mapped[str]
    holder_person: Mapped[str | None] = mapped_column(
        ForeignKey("chain_of_custody.people.login", deferrable=True, initially="DEFERRED"),
        Computed("CASE WHEN holder_kind = 'person' THEN holder END", persisted=True),
    )
    holder_place: Mapped[str | None] = mapped_column(
        ForeignKey("chain_of_custody.locations.id", deferrable=True, initially="DEFERRED"),
        Computed("CASE WHEN holder_kind = 'place' THEN holder END", persisted=True),
    )
    transfers: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    blocked: Mapped[bool]
    open_holds: Mapped[int] = mapped_column(Integer, default=0)
    ending: Mapped[str | None]
    state: Mapped[str] = mapped_column(index=True)
    remaining_mg: Mapped[Decimal | None] = mapped_column(MILLIGRAMS)
    uncertainty_mg: Mapped[Decimal | None] = mapped_column(MILLIGRAMS)
    aliquots: Mapped[int] = mapped_column(Integer, default=0)
    events: Mapped[int] = mapped_column(Integer, default=0)
    last_digest: Mapped[str | None]
    created_at: Mapped[datetime]


class Handover(Base):
    """An offer of items from their holder to one person, and how it ended."""

    __tablename__ = "handovers"
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    giver: Mapped[str] = mapped_column(index=True)
    giver_name: Mapped[str]
    receiver: Mapped[str] = mapped_column(index=True)
    receiver_name: Mapped[str]
    purpose: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str | None]
    offered_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class HandoverItem(Base):
    """One item of an offer; `pending` lets an item stand in one open offer at a time."""

    __tablename__ = "handover_items"
    __table_args__ = (
        Index("uq_handover_items_pending", "item_id", unique=True, postgresql_where=text("pending")),
    )
    handover_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.handovers.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(
        ForeignKey("chain_of_custody.items.id"), primary_key=True, index=True
    )
    number: Mapped[str]
    pending: Mapped[bool]


class Hold(Base):
    """An order that an item be kept as it is."""

    __tablename__ = "holds"
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.items.id"), index=True)
    reason: Mapped[str]
    placed_by: Mapped[str]
    placed_at: Mapped[datetime]
    released_by: Mapped[str | None]
    released_at: Mapped[datetime | None]
    release_reason: Mapped[str | None]


class Disposal(Base):
    """A destruction on its way: requested, authorised, executed; or withdrawn before that."""

    __tablename__ = "disposals"
    __table_args__ = (
        Index(
            "uq_disposals_open",
            "item_id",
            unique=True,
            postgresql_where=text("state IN ('requested', 'authorised')"),
        ),
        CheckConstraint("authorised_by <> requested_by", name="authoriser"),
        CheckConstraint("executed_by <> authorised_by", name="executor"),
        CheckConstraint("witness <> executed_by AND witness <> authorised_by", name="witness"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.items.id"), index=True)
    method: Mapped[str]
    purpose: Mapped[str]
    state: Mapped[str]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    authorised_by: Mapped[str | None]
    authorised_at: Mapped[datetime | None]
    executed_by: Mapped[str | None]
    witness: Mapped[str | None]
    executed_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]
    withdraw_reason: Mapped[str | None]


class Event(Base):
    """One act: `record` is its RFC 8785 text, which is the evidence; the columns beside it are for finding it.

    It is upon an item, or upon another `subject` (an account, a place) that has no item.
    """

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("item_id", "sequence"),
        Index(
            "uq_events_subject_sequence",
            "subject",
            "sequence",
            unique=True,
            postgresql_where=text("subject IS NOT NULL"),
        ),
        CheckConstraint("(item_id IS NULL) <> (subject IS NULL)", name="of_one"),
        *(
            Index(
                f"ix_events_{name}",
                text(f"(record::jsonb #>> '{{details,{name}}}')"),
                postgresql_where=text("type = 'sealed'"),
            )
            for name in ("seal_number", "previous_seal_number")
        ),
        Index(
            "ix_events_released_result",
            text("(record::jsonb #>> '{details,result_id}')"),
            postgresql_where=text("type = 'result_released'"),
        ),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    item_id: Mapped[str | None] = mapped_column(ForeignKey("chain_of_custody.items.id"))
    subject: Mapped[str | None]
    sequence: Mapped[int]
    type: Mapped[str]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    record: Mapped[str]
    digest: Mapped[str]
    salt: Mapped[bytes] = mapped_column(LargeBinary)


class PendingEvent(Base):
    """Events that wait for their place in the log; the one table of the ledger from which rows go."""

    __tablename__ = "pending_events"
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[str]


class LogEntry(Base):
    """A leaf: which event has it, and the commitment that everybody may see."""

    __tablename__ = "log_entries"
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.events.id"), unique=True)
    entry: Mapped[bytes]


class LogHash(Base):
    """The hash of a complete subtree; level 0 are the leaves."""

    __tablename__ = "log_hashes"
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes]


class LogCheckpoint(Base):
    """A signed head of the log; one a batch. `grew_from` is the size of the head before: no two heads grow from one."""

    __tablename__ = "log_checkpoints"
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    grew_from: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    root: Mapped[bytes]
    note: Mapped[str]
    made_at: Mapped[datetime]


class Verification(Base):
    """What a full check of the ledger against itself found; `signature` by the log's key (rows of old have none)."""

    __tablename__ = "verifications"
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    size: Mapped[int] = mapped_column(BigInteger)
    ok: Mapped[bool]
    findings: Mapped[list[str]] = mapped_column(JSONB)
    signature: Mapped[bytes | None]
