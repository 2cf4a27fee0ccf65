"""Tables of work on a programme's whole archive: what was to be done, and what came of each part."""

from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.classifier.models import Base


class ArchiveChunk(Base):
    """A part of the archive as it was when the work began: `rows` are the `seq` of profile rows."""

    __tablename__ = "archive_chunk"
    job_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    rows: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class ArchiveChunkDone(Base):
    """A part that is done; written in one transaction with its conclusions, so that it is done once."""

    __tablename__ = "archive_chunk_done"
    job_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    profiles: Mapped[int]


class ArchiveConclusion(Base):
    """What the model concludes of one stored profile, beside the result that stood then; never a result itself.

    `row_seq` names the profile row.
    """

    __tablename__ = "archive_conclusion"
    __table_args__ = (
        Index("ix_archive_conclusion_differs", "job_id", "row_seq", postgresql_where=text("differs")),
    )
    job_id: Mapped[str] = mapped_column(primary_key=True)
    item_id: Mapped[str] = mapped_column(primary_key=True)
    row_seq: Mapped[int] = mapped_column(BigInteger)
    conclusions: Mapped[dict[str, str]] = mapped_column(JSONB)
    result_id: Mapped[str | None]
    former: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    differs: Mapped[bool]
