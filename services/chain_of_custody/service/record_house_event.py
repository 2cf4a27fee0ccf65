"""Adds an act upon an account or a place to the log, beside the acts upon items: the self-check lays their rows beside it.

The row that the act is about must be locked by the caller, so that the acts upon it follow each other.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.domain.house_record import account_act, build_house_record, subject_of
from services.chain_of_custody.repository import house as repository
from services.chain_of_custody.repository.items import add_event
from services.chain_of_custody.service.write_down import write_down
from shared.db.unit_of_work import UnitOfWork
from shared.http.schemas import format_time
from shared.identifiers import new_id


def record_house_event(
    uow: UnitOfWork,
    subject: str,
    kind: str,
    *,
    author: Author,
    now: datetime,
    purpose: str,
    occurred_at: datetime | None = None,
    details: Mapping[str, Any],
) -> None:
    """Writes the event of one act upon `subject`; raises Invalid for texts that have no canonical form (RFC 8785)."""
    with uow.session.no_autoflush:
        before = repository.newest_act(uow.session, subject)
    record = build_house_record(
        event_id=new_id(),
        subject=subject,
        sequence=1 if before is None else before.sequence + 1,
        previous=None if before is None else before.digest,
        kind=kind,
        author=author,
        occurred_at=format_time(occurred_at or now),
        recorded_at=format_time(now),
        purpose=purpose,
        details=details,
    )
    add_event(uow.session, write_down(record, occurred_at=occurred_at or now, recorded_at=now))


def record_account(
    uow: UnitOfWork,
    login: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    *,
    author: Author,
    now: datetime,
    purpose: str,
    occurred_at: datetime | None = None,
) -> None:
    """Writes what became of an account, where anything did."""
    kind = account_act(before, after)
    if kind is not None:
        record_house_event(
            uow,
            subject_of("account", login),
            kind,
            author=author,
            now=now,
            purpose=purpose,
            occurred_at=occurred_at,
            details=after,
        )
