"""What custody knows of accounts: told by the gateway, or met as a holder of evidence. Each change is an act in the log."""

import json
from datetime import datetime
from typing import Any

from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.repository import house as repository
from services.chain_of_custody.service.record_house_event import record_account
from shared.actor import Actor, require_service
from shared.db.unit_of_work import UnitOfWork

#: In a session's `info`: its transaction, and the logins that it has made sure of.
_KNOWN = "known_people"


def put_person(actor: Actor, uow: UnitOfWork, told: dict[str, Any], *, now: datetime) -> None:
    """Remembers who somebody is and whether they are still with us; told twice, nothing happens again."""
    require_service(actor, "gateway")
    login, facts = told["login"], {name: told[name] for name in ("name", "role", "office", "active")}
    before = None
    if not repository.add_person(uow.session, login, facts):
        row = repository.lock_person(uow.session, login)
        before = _told_before(uow, login)
        for name, value in facts.items():
            setattr(row, name, value)
    who, changed_at = told["changed_by"], told["changed_at"]
    author = Author.of(actor) if who is None else Author(who["login"], who["name"], who["role"])
    record_account(
        uow,
        login,
        before,
        facts,
        author=author,
        now=now,
        purpose="told by the accounts of the laboratory",
        occurred_at=None if changed_at is None else min(changed_at, now),
    )


def _told_before(uow: UnitOfWork, login: str) -> dict[str, Any] | None:
    """What the log says of an account, not its row: whatever somebody made of that, the act is one upon what was told."""
    record = repository.accounts_told(uow.session, [login]).get(login)
    return None if record is None else dict(json.loads(record)["details"])


def know_person(uow: UnitOfWork, login: str, name: str, role: str, *, author: Author, now: datetime) -> None:
    """Remembers somebody who holds evidence and of whom the gateway has not told yet; who is known stays as they are.

    Asked once a transaction for one login: an act upon many items names one receiver many times.
    """
    session = uow.session
    asked_in, known = session.info.get(_KNOWN, (None, frozenset()))
    if asked_in is None or asked_in is not session.get_transaction():
        known = frozenset()
    if login in known:
        return
    facts = {"name": name, "role": role, "office": None, "active": True}
    if repository.add_person(session, login, facts):
        purpose = "holds evidence before the accounts have told of them"
        record_account(uow, login, None, facts, author=author, now=now, purpose=purpose)
    session.info[_KNOWN] = (session.get_transaction(), known | {login})
