"""What others have said about heads of the log, and where copies of heads lie. Insert-only but for `log_attempts` (E12)."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.chain_of_custody.models import Base

_HEAD = "chain_of_custody.log_checkpoints.size"


class LogCosignature(Base):
    """A witness's signature line (C2SP tlog-cosignature) under the head of this size; `witness` is its verifier key."""

    __tablename__ = "log_cosignatures"
    size: Mapped[int] = mapped_column(BigInteger, ForeignKey(_HEAD), primary_key=True, autoincrement=False)
    witness: Mapped[str] = mapped_column(primary_key=True)
    line: Mapped[str]
    cosigned_at: Mapped[datetime]


class LogTimestamp(Base):
    """A time stamp (RFC 3161) over the head's signed note; `token` is the authority's whole answer in DER."""

    __tablename__ = "log_timestamps"
    size: Mapped[int] = mapped_column(BigInteger, ForeignKey(_HEAD), primary_key=True, autoincrement=False)
    authority: Mapped[str] = mapped_column(primary_key=True)
    token: Mapped[bytes]
    stamped_at: Mapped[datetime]


class LogCopy(Base):
    """A head that was copied to the locked store: the `number`-th copy, under that number's key."""

    __tablename__ = "log_copies"
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger, ForeignKey(_HEAD))
    key: Mapped[str]
    version_id: Mapped[str]
    copied_at: Mapped[datetime]
    #: Until when it was locked; None of copies that were made before this was kept.
    retain_until: Mapped[datetime | None]


class LogAttempt(Base):
    """How the last attempt with a witness, an authority or the store ended: no evidence, so the row changes."""

    __tablename__ = "log_attempts"
    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    tried_at: Mapped[datetime]
    size: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None]
