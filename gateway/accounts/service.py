"""Accounts and sessions: made, signed in to, signed with, ended. Each act leaves a line in the audit trail.

Custody learns of people through the outbox, since it has to know who may hold evidence.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from gateway import repository
from gateway.accounts.lockout import FORGOTTEN_AFTER, begin_attempt, sign_in_scope, signing_scope
from gateway.accounts.passwords import Passwords
from gateway.accounts.tokens import Identity, RecentIdentities, digest_of, new_token
from gateway.models import Account, AuditEntry, Session
from shared.actor import Actor, Role, Signature, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from shared.identifiers import new_id
from shared.runtime import Runtime

SESSION_LIFETIME = timedelta(hours=12)
SYSTEM = Actor("siglab", "Siglab's operator", Role.ADMIN, kind="service")


@dataclass(frozen=True)
class SignedIn:
    """A new session: the secret token is shown once."""

    token: str
    expires_at: datetime
    identity: Identity


class Accounts:
    """The use cases on one runtime; one instance a process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._passwords = Passwords()
        self._recent = RecentIdentities()

    def put_account(
        self, actor: Actor, login: str, *, name: str, role: str, office: str | None, password: str | None, active: bool = True
    ) -> None:
        """Makes an account or changes it; a new password or a closed account ends all its sessions."""
        require(actor, Role.ADMIN)
        _check_account(login, role, office)
        hashed = None if password is None else self._passwords.hash(password)
        now = self._runtime.clock()
        with self._runtime.unit_of_work() as uow:
            facts: dict[str, Any] = {"name": name, "role": role, "office": office, "active": active, "changed_at": now}
            if hashed is not None:
                facts["password_hash"] = hashed
            statement = insert(Account).values(login=login, created_at=now, **facts)
            uow.session.execute(statement.on_conflict_do_update(index_elements=["login"], set_=facts))
            if hashed is not None or not active:
                repository.revoke_all(uow.session, login, now)
            told = {"login": login, "name": name, "role": role, "office": office, "active": active}
            uow.emit("chain_of_custody", "/internal/people", told, f"person:{login}")
            self._note(uow, actor.login, "account:put", login, now, told)
            uow.commit()
        self._recent.forget(login)

    def issue_token(self, actor: Actor, login: str, *, days: float, label: str = "", token: str | None = None) -> str:
        """A long-lived token for a client that cannot sign in each day; answers the secret, which is kept nowhere."""
        require(actor, Role.ADMIN)
        secret = token or new_token()
        now = self._runtime.clock()
        with self._runtime.unit_of_work() as uow:
            if repository.account(uow.session, login) is None:
                raise NotFound(f"There is no account {login!r}.")
            self._open(uow, login, secret, "token", now, now + timedelta(days=days), label)
            self._note(uow, actor.login, "token:issue", login, now, {"days": days, "label": label})
            uow.commit()
        return secret

    def sign_in(self, login: str, password: str, *, address: str, kind: str, request_id: str = "") -> SignedIn:
        """Opens a session; raises Unauthenticated, or TooMany after ten wrong passwords in a row (E18)."""
        now = self._runtime.clock()
        scope = sign_in_scope(address)
        person = self._checked(login, password, scope, now, address, request_id)
        if person is None:
            raise Unauthenticated("Name or password is wrong.")
        token, expires_at = new_token(), now + SESSION_LIFETIME
        with self._runtime.unit_of_work() as uow:
            session = self._open(uow, login, token, kind, now, expires_at, "")
            self._note(uow, login, "session:open", login, now, {"kind": kind}, address, request_id)
            uow.commit()
            identity = Identity(_actor(person), session.id, kind, expires_at)
        return SignedIn(token, expires_at, identity)

    def identify(self, token: str) -> Identity:
        """Whom a token speaks for; raises Unauthenticated."""
        digest = digest_of(token)
        now = self._runtime.clock()
        known = None if digest is None else self._recent.get(digest, now)
        if known is not None:
            return known
        if digest is not None:
            with self._runtime.unit_of_work() as uow:
                found = repository.session_with_account(uow.session, digest, now)
                if found is not None:
                    session, person = found
                    identity = Identity(_actor(person), session.id, session.kind, session.expires_at)
                    self._recent.put(digest, identity)
                    return identity
        raise Unauthenticated("The token is not known or has ended; sign in again.")

    def sign_out(self, identity: Identity) -> None:
        """Ends the session."""
        now = self._runtime.clock()
        with self._runtime.unit_of_work() as uow:
            repository.revoke(uow.session, identity.session_id, now)
            self._note(uow, identity.actor.login, "session:close", identity.actor.login, now, {})
            uow.commit()
        self._recent.forget(identity.actor.login)

    def sign(self, actor: Actor, login: str, password: str, *, address: str, request_id: str = "") -> Signature:
        """The signature of `login` on a request of `actor`'s (E16); raises Forbidden `wrong_password`, or TooMany."""
        now = self._runtime.clock()
        person = self._checked(login, password, signing_scope(actor.login), now, address, request_id)
        if person is None:
            whose = "The password" if login == actor.login else f"The password of {login}"
            raise Forbidden(f"{whose} is wrong; nothing was changed.", code="wrong_password")
        return Signature(person.login, person.name, Role(person.role), "password", now)

    def list_accounts(self, actor: Actor) -> list[dict[str, Any]]:
        """All accounts without their secrets."""
        require(actor, Role.ADMIN, Role.AUDITOR)
        with self._runtime.unit_of_work() as uow:
            rows = uow.session.scalars(repository.accounts().order_by(Account.login)).all()
            names = ("login", "name", "role", "office", "active")
            return [{name: getattr(row, name) for name in names} for row in rows]

    def _checked(
        self, login: str, password: str, scope: str, now: datetime, address: str, request_id: str
    ) -> Account | None:
        """The account where the password is right; the attempt is counted, and durable, before the password is looked at."""
        if "\x00" in login or not login.isprintable():
            return None
        with self._runtime.unit_of_work() as uow:
            repository.forget_counts(uow.session, now - FORGOTTEN_AFTER)
            person = repository.account(uow.session, login)
            count = repository.count_for(uow.session, login, scope, now)
            try:
                counted = begin_attempt(count, now)
            except TooMany:
                detail = {"scope": scope, "known": person is not None}
                self._note(uow, login, "password:locked", login, now, detail, address, request_id)
                uow.commit()
                raise
            repository.store_count(uow.session, login, scope, counted, now)
            uow.commit()
        stored = person.password_hash if person is not None and person.active else None
        right = self._passwords.matches(stored, password)
        with self._runtime.unit_of_work() as uow:
            if right:
                repository.clear_count(uow.session, login, scope)
            else:
                detail = {"scope": scope, "attempts": counted.attempts, "known": person is not None}
                self._note(uow, login, "password:wrong", login, now, detail, address, request_id)
            uow.commit()
        return person if right else None

    def _open(
        self, uow: UnitOfWork, login: str, token: str, kind: str, now: datetime, expires_at: datetime, label: str
    ) -> Session:
        digest = digest_of(token)
        if digest is None:
            raise Invalid("A token has the form siglab_ and 43 characters.")
        session = Session(
            id=new_id(), token_sha256=digest, login=login, kind=kind, label=label, created_at=now, expires_at=expires_at,
            last_seen_at=now,
        )  # fmt: skip
        uow.session.add(session)
        uow.session.flush()
        return session

    def _note(
        self,
        uow: UnitOfWork,
        actor: str,
        action: str,
        subject: str,
        now: datetime,
        detail: dict[str, Any],
        client: str = "",
        request_id: str = "",
    ) -> None:
        """A name that nobody has is not written down: people type passwords into the wrong field."""
        if action.startswith("password:") and not detail.get("known", False):
            actor = subject = "(unknown name)"
        entry = AuditEntry(
            at=now, actor=actor, action=action, subject=subject, client=client, request_id=request_id, detail=detail
        )
        repository.audit(uow.session, entry)


def _actor(person: Account) -> Actor:
    kind = "instrument" if person.role == Role.INSTRUMENT else "person"
    return Actor(person.login, person.name, Role(person.role), person.office, kind)


def _check_account(login: str, role: str, office: str | None) -> None:
    if not login.isascii() or not login.isidentifier() or len(login) > 40:
        raise Invalid("A login has letters, digits and underscores, at most 40, and begins with a letter.")
    if role not in set(Role) - {Role.SERVICE, Role.ANYONE}:
        raise Invalid(f"There is no role {role!r}.")
    if (role == Role.OFFICE) != (office is not None):
        raise Invalid("An account of the role office belongs to an office, and no other does.")
