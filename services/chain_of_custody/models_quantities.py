"""Tables of custody about substance: balances and their calibrations, parts of composites, discrepancies that stop work.

What was weighed and taken stands in the events alone; nothing here repeats it but `composite_parts`, which makes the lineage a
graph that can be asked from both ends.
"""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Date, ForeignKey, Identity, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from services.chain_of_custody.models import MILLIGRAMS, Base


class Balance(Base):
    """A balance of the laboratory: who made it stands in its name; its doubts are those of one reading, in mg."""

    __tablename__ = "balances"
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    serial_number: Mapped[str]
    readability_mg: Mapped[Decimal] = mapped_column(MILLIGRAMS)
    repeatability_mg: Mapped[Decimal] = mapped_column(MILLIGRAMS)
    added_by: Mapped[str]
    added_at: Mapped[datetime]


class Calibration(Base):
    """One calibration of a balance; the newest that was done by the day of a weighing counts."""

    __tablename__ = "balance_calibrations"
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    balance_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.balances.id"), index=True)
    calibrated_on: Mapped[date] = mapped_column(Date)
    next_due: Mapped[date] = mapped_column(Date)
    certificate: Mapped[str | None]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]


class CompositePart(Base):
    """One portion of a composite: from which item, and how much."""

    __tablename__ = "composite_parts"
    composite_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.items.id"), primary_key=True)
    part_id: Mapped[str] = mapped_column(
        ForeignKey("chain_of_custody.items.id"), primary_key=True, index=True
    )
    net_mass_mg: Mapped[Decimal] = mapped_column(MILLIGRAMS)
    uncertainty_mg: Mapped[Decimal] = mapped_column(MILLIGRAMS)


class Discrepancy(Base):
    """What stops work on an item and on all that came from it, until a reviewer has explained it at intake (E5)."""

    __tablename__ = "discrepancies"
    __table_args__ = (
        Index("ix_discrepancies_open", "item_id", postgresql_where=text("resolved_at IS NULL")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.items.id"), index=True)
    code: Mapped[str]
    detail: Mapped[str]
    opened_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


class Series(Base):
    """The last number given out of a series, as composites of a submission; the row's lock makes it gapless (E7)."""

    __tablename__ = "series"
    name: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(Integer)
