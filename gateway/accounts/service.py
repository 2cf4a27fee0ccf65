"""Accounts and sessions: made, signed in to, signed with, ended. Each act leaves a line in the audit trail.

Custody learns of people through the outbox, since it has to know who may hold evidence.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway import repository
from gateway.accounts.attempts import Attempts, Origin
from gateway.accounts.lockout import sign_in_scope, signing_scope
from gateway.accounts.naming import check_account
from gateway.accounts.passwords import Passwords
from gateway.accounts.tokens import Identity, RecentIdentities, digest_of, new_token
from gateway.models import Account, AuditEntry, Session
from shared.actor import Actor, Role, Signature, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from shared.http.schemas import format_time
from shared.identifiers import new_id
from shared.runtime import Runtime

SESSION_LIFETIME = timedelta(hours=12)
#: A browser that nobody has used for so long is signed out.
WEB_IDLE = timedelta(hours=1)
_SEEN_EVERY = timedelta(minutes=1)
_LONGEST_TOKEN_DAYS = 3660
#: Who acts on the command line: the operator of the machine.
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
        self._attempts = Attempts(runtime, self._passwords)
        self._recent = RecentIdentities()

    def put_account(
        self,
        actor: Actor,
        login: str,
        *,
        name: str,
        role: str,
        office: str | None,
        password: str | None,
        active: bool = True,
    ) -> None:
        """Makes an account or changes it; a new password, a new role or a closed account ends all its sessions.

        Administrators manage everybody but themselves (E31).
        """
        require(actor, Role.ADMIN)
        if actor.login == login:
            raise Forbidden("Your own account is changed by another administrator.", code="own_account")
        check_account(login, name, role, office)
        hashed = None if password is None else self._passwords.hash(password)
        now = self._runtime.clock()
        told: dict[str, Any] = {
            "login": login,
            "name": name,
            "role": role,
            "office": office,
            "active": active,
        }
        with self._runtime.unit_of_work() as uow:
            before = repository.account(uow.session, login, lock=True)
            if hashed is not None or not active or (before is not None and before.role != role):
                repository.revoke_all(uow.session, login, now)
            repository.put_account(uow.session, {**told, "changed_at": now}, hashed, created_at=now)
            by = {"login": actor.login, "name": actor.name, "role": actor.role.value}
            message = {**told, "changed_by": by, "changed_at": format_time(now)}
            uow.emit("chain_of_custody", "/internal/people", message, f"person:{login}")
            self._note(
                uow, Origin(actor.login), "account:put", login, now, {**told, "password": hashed is not None}
            )
            uow.commit()
        self._recent.forget(login)

    def close_account(self, actor: Actor, login: str) -> None:
        """Closes an account and ends its sessions; what it has done stays under its name."""
        require(actor, Role.ADMIN)
        with self._runtime.unit_of_work() as uow:
            found = _existing(repository.account(uow.session, login), login)
            name, role, office = found.name, found.role, found.office
        self.put_account(actor, login, name=name, role=role, office=office, password=None, active=False)

    def list_accounts(self, actor: Actor) -> list[dict[str, Any]]:
        """All accounts without their secrets."""
        require(actor, Role.ADMIN, Role.AUDITOR)
        with self._runtime.unit_of_work() as uow:
            rows = uow.session.scalars(repository.accounts().order_by(Account.login)).all()
            names = ("login", "name", "role", "office", "active")
            return [{name: getattr(row, name) for name in names} for row in rows]

    def issue_token(
        self, actor: Actor, login: str, *, days: float, label: str = "", token: str | None = None
    ) -> str:
        """A long-lived token for a client that cannot sign in each day; answers the secret, which is kept nowhere.

        `token` is a secret from `new_token()` that the caller has already written down where it belongs.
        """
        require(actor, Role.ADMIN)
        if not 0 < days <= _LONGEST_TOKEN_DAYS:
            raise Invalid(f"A token lasts more than 0 and at most {_LONGEST_TOKEN_DAYS} days.")
        secret = token or new_token()
        if digest_of(secret) is None:
            raise Invalid("A token has the form siglab_ and 43 characters.")
        now = self._runtime.clock()
        with self._runtime.unit_of_work() as uow:
            if not _existing(repository.account(uow.session, login), login).active:
                raise Conflict(f"The account {login} is closed.", code="account_closed")
            self._open(uow, login, secret, "token", now, now + timedelta(days=days), label)
            self._note(uow, Origin(actor.login), "token:issue", login, now, {"days": days, "label": label})
            uow.commit()
        return secret

    def sign_in(
        self, login: str, password: str, *, address: str, kind: str, request_id: str = ""
    ) -> SignedIn:
        """Opens a session of `kind` "session" or "web"; raises Unauthenticated, or TooMany after ten wrong passwords (E18)."""
        now = self._runtime.clock()
        login = login.strip().lower()
        origin = Origin(address=address, request_id=request_id)
        # Whoever knows the password may sign again too, even if a thief of their token has used up the attempts.
        clears = (signing_scope(login),)
        person = self._attempts.check(login, password, sign_in_scope(address), origin, now, clears=clears)
        if person is None:
            raise Unauthenticated("Name or password is wrong.")
        token, expires_at = new_token(), now + SESSION_LIFETIME
        with self._runtime.unit_of_work() as uow:
            session = self._open(uow, login, token, kind, now, expires_at, "")
            self._note(uow, Origin(login, address, request_id), "session:open", login, now, {"kind": kind})
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
        identity = None if digest is None else self._look_up(digest, now)
        if digest is None or identity is None:
            raise Unauthenticated("The token is not known or has ended; sign in again.")
        self._recent.put(digest, identity)
        return identity

    def _look_up(self, digest: bytes, now: datetime) -> Identity | None:
        with self._runtime.unit_of_work() as uow:
            found = repository.session_with_account(uow.session, digest, now)
            if found is None:
                return None
            session, person = found
            if session.kind == "web" and now - session.last_seen_at > WEB_IDLE:
                return None
            identity = Identity(_actor(person), session.id, session.kind, session.expires_at)
            if now - session.last_seen_at > _SEEN_EVERY:
                session.last_seen_at = now
                uow.commit()
            return identity

    def sign_out(self, identity: Identity) -> None:
        """Ends the session; raises Conflict for a token that was issued for long, which only an administrator ends."""
        if identity.kind == "token":
            raise Conflict("This token was issued for long; an administrator ends it.", code="not_a_session")
        now = self._runtime.clock()
        login = identity.actor.login
        with self._runtime.unit_of_work() as uow:
            repository.revoke(uow.session, identity.session_id, now)
            self._note(uow, Origin(login), "session:close", login, now, {})
            uow.commit()
        self._recent.forget(login)

    def sign(
        self, actor: Actor, login: str, password: str, *, address: str, request_id: str = ""
    ) -> Signature:
        """The signature of `login` on a request of `actor`'s (E16); raises Forbidden `wrong_password`, or TooMany."""
        now = self._runtime.clock()
        origin = Origin(actor.login, address, request_id)
        person = self._attempts.check(login, password, signing_scope(actor.login), origin, now)
        if person is None:
            whose = "The password" if login == actor.login else "The other person's name or password"
            raise Forbidden(f"{whose} is wrong; nothing was changed.", code="wrong_password")
        return Signature(person.login, person.name, Role(person.role), "password", now)

    def _open(
        self,
        uow: UnitOfWork,
        login: str,
        token: str,
        kind: str,
        now: datetime,
        expires_at: datetime,
        label: str,
    ) -> Session:
        digest = digest_of(token)
        assert digest is not None, "new_token() makes what digest_of() takes"
        session = Session(
            id=new_id(), token_sha256=digest, login=login, kind=kind, label=label, created_at=now, expires_at=expires_at,
            last_seen_at=now,
        )  # fmt: skip
        uow.session.add(session)
        uow.session.flush()
        return session

    @staticmethod
    def _note(
        uow: UnitOfWork, origin: Origin, action: str, subject: str, now: datetime, detail: dict[str, Any]
    ) -> None:
        entry = AuditEntry(
            at=now, actor=origin.actor, action=action, subject=subject, client=origin.address,
            request_id=origin.request_id, detail=detail,
        )  # fmt: skip
        repository.audit(uow.session, entry)


def _existing(found: Account | None, login: str) -> Account:
    if found is None:
        raise NotFound(f"There is no account {login!r}.")
    return found


def _actor(person: Account) -> Actor:
    kind = "instrument" if person.role == Role.INSTRUMENT else "person"
    return Actor(person.login, person.name, Role(person.role), person.office, kind)
