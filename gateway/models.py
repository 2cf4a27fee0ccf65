"""Tables of the door: accounts, sessions, counts of wrong passwords, and the audit trail of all three.

Secrets are never stored: of a password the argon2id hash, of a token its SHA-256, of a name somebody tried the SHA-256.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables import declarative_base_for

Base: Any = declarative_base_for("gateway")


class Account(Base):
    """A person or instrument that may sign in; never deleted, since evidence names its login for ever."""

    __tablename__ = "accounts"

    login: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    name: Mapped[str]
    role: Mapped[str]
    office: Mapped[str | None]
    password_hash: Mapped[str | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    changed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Session(Base):
    """A token in force. `kind`: "session" (sign-in by API), "web" (sign-in by page), "token" (issued for long)."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    token_sha256: Mapped[bytes] = mapped_column(unique=True)
    login: Mapped[str] = mapped_column(ForeignKey(Account.login), index=True)
    kind: Mapped[str]
    label: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    last_seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class WrongPasswords(Base):
    """Attempts in a row for one name from one scope, existing name or not (E18)."""

    __tablename__ = "wrong_passwords"

    name_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    attempts: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]
    last_at: Mapped[datetime] = mapped_column(index=True)


class AuditEntry(Base):
    """One act on accounts and sessions, or a refused one; insert-only (E12)."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject_seq", "subject", "seq"),)

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    client: Mapped[str] = mapped_column(server_default="")
    request_id: Mapped[str] = mapped_column(server_default="")
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
