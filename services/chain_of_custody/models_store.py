"""Tables about the object store itself: second copies, what the scrub found, and whether the locks hold.

What was found stays; a finding is only closed. The bytes that a spectrum began with are named by its own row for ever; versions
that were made since, as a second copy or in the place of a damaged one, stand in `ObjectCopy`.
"""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.chain_of_custody.models import Base

#: The stores by their place: where spectra are written first, and where their second copies are.
FIRST, SECOND = "first", "second"


class ObjectCopy(Base):
    """A version of a spectrum's object that was made after the first: of `seq` in a store the largest is the one that is read."""

    __tablename__ = "object_copies"
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    spectrum_id: Mapped[str] = mapped_column(ForeignKey("chain_of_custody.spectra.id"), index=True)
    store: Mapped[str]
    version_id: Mapped[str]
    #: The version whose bytes were found wrong or gone; None for a first copy.
    replaces: Mapped[str | None]
    made_at: Mapped[datetime]
    legal_hold: Mapped[bool]


class StoreCanary(Base):
    """One attempt upon the locks: what was refused."""

    __tablename__ = "store_canaries"
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    store: Mapped[str]
    at: Mapped[datetime]
    delete_refused: Mapped[bool]
    shortening_refused: Mapped[bool]
    detail: Mapped[str]


class ScrubRound(Base):
    """One walk over all spectra up to number `last`; those up to `cursor` are done. Then over the copies of heads."""

    __tablename__ = "scrub_rounds"
    __table_args__ = (
        Index(
            "uq_scrub_rounds_open",
            text("(ended_at IS NULL)"),
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    asked_by: Mapped[str | None]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    touched_at: Mapped[datetime]
    cursor: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
    objects_total: Mapped[int] = mapped_column(BigInteger)
    bytes_total: Mapped[int] = mapped_column(BigInteger)
    objects_done: Mapped[int] = mapped_column(BigInteger)
    bytes_done: Mapped[int] = mapped_column(BigInteger)
    mismatches: Mapped[int] = mapped_column(BigInteger)
    heads_done: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class StoreFinding(Base):
    """Something that is not as it was stored, of a spectrum or, without one, of a copied head.

    It is open until it was mended, or a person has said what became of it.
    """

    __tablename__ = "store_findings"
    __table_args__ = (
        Index(
            "uq_store_findings_open",
            "spectrum_id",
            "store",
            "kind",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "uq_store_findings_open_heads",
            "filename",
            "store",
            "kind",
            unique=True,
            postgresql_where=text("closed_at IS NULL AND spectrum_id IS NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    spectrum_id: Mapped[str | None] = mapped_column(ForeignKey("chain_of_custody.spectra.id"), index=True)
    item_id: Mapped[str | None]
    #: The spectrum's, or the key of a copied head.
    filename: Mapped[str]
    store: Mapped[str]
    version_id: Mapped[str]
    kind: Mapped[str]
    detail: Mapped[str]
    found_at: Mapped[datetime]
    outcome: Mapped[str]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    closing_words: Mapped[str | None]
