"""Password hashes: argon2id with the parameters of OWASP's first recommendation (19 MiB, two passes, one lane)."""

import secrets
import threading

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from shared.errors import FieldError, Invalid, Unavailable

MEMORY_KIB = 19 * 1024
SHORTEST = 12
#: Longer input is not a password; argon2 would hash it at our cost.
LONGEST = 256
_LONGEST_QUEUE_SECONDS = 5.0


class Passwords:
    """Makes and checks hashes; at most `parallel` at once, since each takes 19 MiB and a core."""

    def __init__(self, parallel: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=MEMORY_KIB, parallelism=1, type=Type.ID)
        self._room = threading.BoundedSemaphore(parallel)
        self._nobody = self._hasher.hash(secrets.token_urlsafe(32))

    def hash(self, password: str) -> str:
        """The hash to store; raises Invalid for a password that is too short or too long."""
        if not SHORTEST <= len(password) <= LONGEST:
            message = f"A password has {SHORTEST} to {LONGEST} characters."
            raise Invalid(message, errors=[FieldError(pointer="/password", message=message)])
        with self._room:
            return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """True where the password is the one. Where nothing is stored it works just as long, and says no.

        Raises Unavailable where too many others wait to be checked.
        """
        if not self._room.acquire(timeout=_LONGEST_QUEUE_SECONDS):
            raise Unavailable("Many people sign in at this moment; try again.", retry_after=2)
        try:
            return (
                self._hasher.verify(stored or self._nobody, password[:LONGEST])
                and bool(stored)
                and len(password) <= LONGEST
            )
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False
        finally:
            self._room.release()

    def is_outdated(self, stored: str) -> bool:
        """True where a hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored)
