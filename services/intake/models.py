"""Tables of intake: offices, what they submit, what was received, and what did not fit."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Identity, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db.tables import declarative_base_for

Base: Any = declarative_base_for("intake")

GRAMS = Numeric(18, 6)


def _seq() -> Mapped[int]:
    return mapped_column(BigInteger, Identity(), unique=True)


def _once(name: str, condition: str) -> Index:
    return Index(name, "submission_id", "line", unique=True, postgresql_where=text(condition))


class Office(Base):
    """A submitting office; `country` is ISO 3166-1 alpha-2."""

    __tablename__ = "office"
    code: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    name: Mapped[str]
    country: Mapped[str]


class OfficeTotal(Base):
    """How many seizures an office made in a period, by programme: the denominator of every share."""

    __tablename__ = "office_total"
    office: Mapped[str] = mapped_column(ForeignKey("intake.office.code"), primary_key=True)
    period_from: Mapped[date] = mapped_column(Date, primary_key=True)
    period_to: Mapped[date] = mapped_column(Date, primary_key=True)
    totals: Mapped[dict[str, Any]] = mapped_column(JSONB)
    told_by: Mapped[str]
    told_at: Mapped[datetime]


class KnownProgramme(Base):
    """A programme that the classifier has confirmed; programmes are never taken away."""

    __tablename__ = "known_programme"
    id: Mapped[str] = mapped_column(primary_key=True)


class Counter(Base):
    """The last number given out of a series, as exhibits of a year; the row's lock makes the series gapless."""

    __tablename__ = "counter"
    series: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class Submission(Base):
    """What an office sends; editable while a draft, frozen with its manifest at dispatch."""

    __tablename__ = "submission"
    __table_args__ = (Index("ix_submission_office_seq", "office", "seq"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    number: Mapped[str] = mapped_column(unique=True)
    office: Mapped[str] = mapped_column(ForeignKey("intake.office.code"))
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    courier: Mapped[str]
    tracking_number: Mapped[str]
    seal_numbers: Mapped[list[str]] = mapped_column(JSONB)
    version: Mapped[int]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    dispatched_by: Mapped[str | None]
    dispatched_at: Mapped[datetime | None]
    dispatch_recorded_at: Mapped[datetime | None]
    items: Mapped[list["Line"]] = relationship(
        order_by="Line.line", cascade="all, delete-orphan", lazy="select", passive_deletes=True
    )


class Line(Base):
    """One announced exhibit of a submission."""

    __tablename__ = "line"
    submission_id: Mapped[str] = mapped_column(
        ForeignKey("intake.submission.id", ondelete="CASCADE"), primary_key=True
    )
    line: Mapped[int] = mapped_column(primary_key=True)
    programme: Mapped[str | None]
    description: Mapped[str]
    physical_form: Mapped[str]
    gross_mass_g: Mapped[Decimal] = mapped_column(GRAMS)
    seal_number: Mapped[str]
    case_number: Mapped[str | None]
    seized_on: Mapped[date | None] = mapped_column(Date)
    seized_country: Mapped[str | None]
    authentic: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    seizure: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    handling: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class Manifest(Base):
    """The manifest as it was made at dispatch."""

    __tablename__ = "manifest"
    submission_id: Mapped[str] = mapped_column(ForeignKey("intake.submission.id"), primary_key=True)
    pdf: Mapped[bytes]
    sha256: Mapped[str]
    made_at: Mapped[datetime]


class Receipt(Base):
    """What came of a submission at one time, signed for by a custodian; both ends see it (E6)."""

    __tablename__ = "receipt"
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    number: Mapped[str] = mapped_column(unique=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("intake.submission.id"), index=True)
    received_by: Mapped[str]
    received_by_name: Mapped[str]
    received_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class ReceiptLine(Base):
    """What became of one line, or of a parcel that nobody announced (`line` null); a line comes once and is missing once."""

    __tablename__ = "receipt_line"
    __table_args__ = (
        _once("uq_receipt_line_arrived", "outcome <> 'missing'"),
        _once("uq_receipt_line_missing", "outcome = 'missing'"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    receipt_id: Mapped[str] = mapped_column(ForeignKey("intake.receipt.id"), index=True)
    submission_id: Mapped[str] = mapped_column(index=True)
    line: Mapped[int | None]
    outcome: Mapped[str]
    gross_mass_g: Mapped[Decimal | None] = mapped_column(GRAMS)
    seal_condition: Mapped[str]
    remarks: Mapped[str]


class Exhibit(Base):
    """A received exhibit with its number; `item_id` is null until custody has heard of it."""

    __tablename__ = "exhibit"
    __table_args__ = (
        UniqueConstraint("submission_id", "line"),
        Index("ix_exhibit_office_seq", "office", "seq"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    number: Mapped[str] = mapped_column(unique=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("intake.submission.id"), index=True)
    receipt_id: Mapped[str] = mapped_column(ForeignKey("intake.receipt.id"), index=True)
    line: Mapped[int | None]
    office: Mapped[str]
    kind: Mapped[str]
    programme: Mapped[str | None] = mapped_column(index=True)
    item_id: Mapped[str | None] = mapped_column(index=True)
    description: Mapped[str]
    physical_form: Mapped[str]
    gross_mass_g: Mapped[Decimal] = mapped_column(GRAMS)
    seal_number: Mapped[str | None]
    seal_condition: Mapped[str]
    case_number: Mapped[str | None]
    received_by: Mapped[str]
    received_at: Mapped[datetime]


class Discrepancy(Base):
    """Something that did not fit; work on its exhibit waits until a reviewer has resolved it (E5).

    Found at a receipt (`receipt_id`), or later on an item in custody (`item_id`), by whom is then told.
    """

    __tablename__ = "discrepancy"
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    code: Mapped[str]
    office: Mapped[str]
    submission_id: Mapped[str] = mapped_column(ForeignKey("intake.submission.id"), index=True)
    receipt_id: Mapped[str | None] = mapped_column(ForeignKey("intake.receipt.id"))
    item_id: Mapped[str | None]
    item_number: Mapped[str | None]
    opened_by: Mapped[str | None]
    opened_by_name: Mapped[str | None]
    exhibit_id: Mapped[str | None] = mapped_column(ForeignKey("intake.exhibit.id"), index=True)
    line: Mapped[int | None]
    detail: Mapped[str]
    opened_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(index=True)
    resolution: Mapped[str | None]
    resolved_by: Mapped[str | None]
    resolved_by_name: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    resolution_recorded_at: Mapped[datetime | None]
    signature: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
