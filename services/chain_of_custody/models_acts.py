"""Tables of what follows from acts: from whom to whom items went, what a hold covers, what was corrected, how places changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.chain_of_custody.models import Base


class Transfer(Base):
    """The steps of an item from holder to holder, insert-only.

    The database itself keeps E8: a step's giver is the receiver of the step before (a foreign key), nothing goes from place to
    place, and the holder in `items` is the receiver of the newest step.
    """

    __tablename__ = "transfers"
    __table_args__ = (
        UniqueConstraint("item_id", "number", "receiver_kind", "receiver"),
        ForeignKeyConstraint(
            ["item_id", "previous", "giver_kind", "giver"],
            [
                f"chain_of_custody.transfers.{name}"
                for name in ("item_id", "number", "receiver_kind", "receiver")
            ],
            name="fk_transfers_giver",
        ),
        CheckConstraint("previous = number - 1", name="previous"),
        CheckConstraint(
            "(number = 1) = (giver IS NULL) AND (giver IS NULL) = (giver_kind IS NULL)", name="first"
        ),
        CheckConstraint("NOT (giver_kind = 'place' AND receiver_kind = 'place')", name="person_between"),
    )
    item_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.items.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    previous: Mapped[int]
    giver_kind: Mapped[str | None]
    giver: Mapped[str | None]
    receiver_kind: Mapped[str]
    receiver: Mapped[str]
    event_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.events.id"), unique=True)


class LocationChange(Base):
    """How a place came to be and changed: who did it, when, why; insert-only (E31)."""

    __tablename__ = "location_changes"
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    location_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.locations.id"), index=True)
    version: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str]
    actor_name: Mapped[str]
    actor_role: Mapped[str]
    reason: Mapped[str]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Correction(Base):
    """Which event corrects which; insert-only, and told by the correction's own record too."""

    __tablename__ = "corrections"
    event_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.events.id"), primary_key=True)
    corrects: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.events.id"), index=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.items.id"))


class HoldItem(Base):
    """What a hold covers: the item on which it was placed and all that came from it; insert-only."""

    __tablename__ = "hold_items"
    hold_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.holds.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(
        ForeignKey("chain_of_custody.items.id"), primary_key=True, index=True
    )
