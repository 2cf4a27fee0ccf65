"""Tables of spectra and of the uploads that bring them.

The bytes lie in the object store; here stands where, what was said of them and what was found. Rows of uploads and spectra are
never removed (E12); only the bytes that wait for their part (`UploadTail`) go when they have become one.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.chain_of_custody.models import Base

#: States of an upload: takes bytes; has all of them; became a spectrum; was given up.
OPEN, RECEIVED, FINISHED, ABANDONED = "open", "received", "finished", "abandoned"
#: States of a spectrum.
VERIFYING, VERIFIED, QUARANTINED = "verifying", "verified", "quarantined"


class Upload(Base):
    """A file on its way. `offset` bytes are safe here, the first `stored` of them as parts in the object store."""

    __tablename__ = "uploads"
    __table_args__ = (
        Index("ix_uploads_unfinished", "touched_at", postgresql_where=text("state IN ('open', 'received')")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    spectrum_id: Mapped[str] = mapped_column(unique=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.items.id"), index=True)
    actor: Mapped[str]
    actor_name: Mapped[str]
    actor_role: Mapped[str]
    filename: Mapped[str]
    technique: Mapped[str]
    instrument: Mapped[str]
    method: Mapped[str]
    run_role: Mapped[str]
    acquired_at: Mapped[datetime]
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    offset: Mapped[int] = mapped_column(BigInteger)
    stored: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    object_key: Mapped[str]
    store_upload_id: Mapped[str | None]
    created_at: Mapped[datetime]
    touched_at: Mapped[datetime]


class UploadPart(Base):
    """A part that the object store has; other bytes under the same number are told apart by the etag."""

    __tablename__ = "upload_parts"
    upload_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.uploads.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    etag: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)


class UploadTail(Base):
    """Bytes from `start` on that are too few for a part yet."""

    __tablename__ = "upload_tails"
    upload_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.uploads.id"), primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Spectrum(Base):
    """A stored file. `sha256` is what the stored bytes were found to have, `declared_sha256` what the source said (E22)."""

    __tablename__ = "spectra"
    __table_args__ = (
        Index("ix_spectra_verifying", "uploaded_at", postgresql_where=text("state = 'verifying'")),
        Index("ix_spectra_checked_at", "checked_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.items.id"), index=True)
    upload_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.uploads.id"), unique=True)
    state: Mapped[str]
    reason: Mapped[str | None]
    declared_sha256: Mapped[str]
    sha256: Mapped[str | None]
    size: Mapped[int] = mapped_column(BigInteger)
    filename: Mapped[str]
    technique: Mapped[str]
    instrument: Mapped[str]
    method: Mapped[str]
    run_role: Mapped[str]
    acquired_at: Mapped[datetime]
    format: Mapped[str]
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    object_key: Mapped[str]
    version_id: Mapped[str]
    retain_until: Mapped[datetime]
    legal_hold: Mapped[bool]
    uploaded_by: Mapped[str] = mapped_column(index=True)
    uploaded_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
