"""One look at a password: counted before, recorded after, and just as long for a name that does not exist (E18)."""

from dataclasses import dataclass
from datetime import datetime

from gateway import repository
from gateway.accounts.lockout import FORGOTTEN_AFTER, begin_attempt
from gateway.accounts.naming import is_login, subject_of
from gateway.accounts.passwords import Passwords
from gateway.models import Account, AuditEntry
from shared.runtime import Runtime


@dataclass(frozen=True)
class Origin:
    """Where an attempt comes from: who is signed in there (or "anyone"), the network address, the request."""

    actor: str = "anyone"
    address: str = ""
    request_id: str = ""


class Attempts:
    """Checks passwords against accounts and keeps the counts."""

    def __init__(self, runtime: Runtime, passwords: Passwords) -> None:
        self._runtime = runtime
        self._passwords = passwords

    def check(
        self,
        login: str,
        password: str,
        scope: str,
        origin: Origin,
        now: datetime,
        *,
        clears: tuple[str, ...] = (),
    ) -> Account | None:
        """The active account whose password this is, or None; raises TooMany while a wait lasts.

        A right password clears the count of `scope`, and of the scopes in `clears`.
        """
        person, attempts = self._begin(login, scope, origin, now)
        stored = person.password_hash if person is not None and person.active else None
        right = self._passwords.matches(stored, password)
        with self._runtime.unit_of_work() as uow:
            if right and person is not None and stored is not None:
                for cleared in (scope, *clears):
                    repository.clear_count(uow.session, login, cleared)
                if self._passwords.is_outdated(stored):
                    person = repository.get_account(uow.session, login)
                    person.password_hash = self._passwords.hash(password)
            else:
                detail = {"scope": scope, "attempts": attempts}
                repository.audit(uow.session, _entry("password:wrong", login, person, origin, now, detail))
            uow.commit()
        return person if right else None

    def _begin(self, login: str, scope: str, origin: Origin, now: datetime) -> tuple[Account | None, int]:
        """Counts the attempt, durably; so a hundred guesses at once are a hundred counted guesses."""
        with self._runtime.unit_of_work() as uow:
            repository.forget_counts(uow.session, now - FORGOTTEN_AFTER)
            person = repository.account(uow.session, login) if is_login(login) else None
            counted = begin_attempt(repository.count_for(uow.session, login, scope, now), now)
            repository.store_count(uow.session, login, scope, counted, now)
            if counted.locked_until is not None:
                detail = {
                    "scope": scope,
                    "attempts": counted.attempts,
                    "until": counted.locked_until.isoformat(),
                }
                repository.audit(uow.session, _entry("password:locked", login, person, origin, now, detail))
            uow.commit()
        return person, counted.attempts


def _entry(
    action: str, login: str, person: Account | None, origin: Origin, now: datetime, detail: dict[str, object]
) -> AuditEntry:
    return AuditEntry(
        at=now,
        actor=origin.actor,
        action=action,
        subject=subject_of(login, known=person is not None),
        client=origin.address,
        request_id=origin.request_id,
        detail=detail,
    )
