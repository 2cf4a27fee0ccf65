"""Tables of time limits: what is or was overdue, and when it was last looked at."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.chain_of_custody.models import Base


class OverdueEntry(Base):
    """A thing beyond its limit from `opened_at`, when that was noticed, to `closed_at`, when it was noticed that it ended.

    Kept for ever once closed: how long evidence lay about is what an audit asks.
    """

    __tablename__ = "overdue"
    __table_args__ = (
        Index(
            "uq_overdue_open", "kind", "subject_id", unique=True, postgresql_where=text("closed_at IS NULL")
        ),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    kind: Mapped[str]
    subject_id: Mapped[str]
    number: Mapped[str]
    office: Mapped[str]
    item_id: Mapped[str | None]
    submission_id: Mapped[str | None]
    responsible: Mapped[str | None]
    responsible_name: Mapped[str | None]
    detail: Mapped[str]
    since: Mapped[datetime]
    since_written: Mapped[datetime | None]
    due_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class LimitCheck(Base):
    """When all limits were last looked at, and by which calendar of the laboratory; one row."""

    __tablename__ = "limit_checks"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    checked_at: Mapped[datetime]
    calendar: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
