"""Tables that time limits are counted from: when parcels arrived, and which days are working days where."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.models import Base


class Arrival(Base):
    """A parcel came to the laboratory's door and somebody took it from the courier; the receipt, on opening it, follows (E2).

    `signature` is that of who took it; arrivals that were recorded before they were signed have none.
    """

    __tablename__ = "arrival"
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("intake.submission.id"), index=True)
    arrived_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    received_by: Mapped[str]
    received_by_name: Mapped[str]
    delivered_by: Mapped[str]
    seal_condition: Mapped[str]
    remarks: Mapped[str]
    signature: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class Calendar(Base):
    """One version of an office's or the laboratory's calendar; the newest holds, the earlier ones tell what held before."""

    __tablename__ = "calendar"
    code: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    time_zone: Mapped[str]
    weekend: Mapped[list[str]] = mapped_column(JSONB)
    holidays: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
