"""Tables of a model's life: every act upon it, and what a challenger says beside the champion. Insert-only."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.classifier.models import Base, _seq


class ModelAct(Base):
    """A model was proposed, put into use, retired or put into use again; each act names the digest of the one before it.

    The acts of a programme are one chain (`previous`). Every result's entry in the log holds the digest of the act that put its
    model into use, and with it all earlier ones.
    """

    __tablename__ = "model_act"
    __table_args__ = (
        ForeignKeyConstraint(["model_id"], ["classifier.model.id"]),
        Index("ix_model_act_programme", "programme", "seq"),
        Index("uq_model_act_previous", "programme", "previous", unique=True),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = _seq()
    model_id: Mapped[str] = mapped_column(index=True)
    programme: Mapped[str]
    act: Mapped[str]
    reason: Mapped[str | None]
    replaced: Mapped[str | None]
    model_digest: Mapped[str]
    acted_by: Mapped[str]
    acted_by_name: Mapped[str]
    method: Mapped[str | None]
    previous: Mapped[str]
    digest: Mapped[str]
    acted_at: Mapped[datetime]


class ShadowConclusion(Base):
    """What a proposed model said of an item that the active one classified; nobody's result, and shown with no result."""

    __tablename__ = "shadow_conclusion"
    __table_args__ = (
        ForeignKeyConstraint(["model_id"], ["classifier.model.id"]),
        ForeignKeyConstraint(["result_id"], ["classifier.result.id"]),
    )
    model_id: Mapped[str] = mapped_column(primary_key=True)
    result_id: Mapped[str] = mapped_column(primary_key=True)
    champion_id: Mapped[str]
    item_id: Mapped[str]
    item_number: Mapped[str]
    conclusions: Mapped[dict[str, Any]] = mapped_column(JSONB)
    agrees: Mapped[bool]
    made_at: Mapped[datetime]
