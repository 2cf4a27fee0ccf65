"""Tokens: 256 random bits behind a prefix by which secret scanners know them; only their SHA-256 is kept."""

import hashlib
import re
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from shared.actor import Actor

PREFIX = "siglab_"
_SHAPE = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """A new secret."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> bytes | None:
    """What the database knows of a token; None for text that cannot be one of ours."""
    return hashlib.sha256(token.encode()).digest() if _SHAPE.fullmatch(token) else None


@dataclass(frozen=True)
class Identity:
    """Whom a token speaks for."""

    actor: Actor
    session_id: str
    kind: str
    expires_at: datetime


class RecentIdentities:
    """Remembers for two seconds whom a token speaks for, so that a busy client costs one look-up and not hundreds.

    A token revoked through this process is forgotten at once; one revoked elsewhere works for at most those two seconds.
    """

    def __init__(self, seconds: float = 2.0, most: int = 4096) -> None:
        self._seconds, self._most = seconds, most
        self._known: OrderedDict[bytes, tuple[Identity, float]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: bytes, now: datetime) -> Identity | None:
        """The identity where it is fresh and the token has not ended meanwhile."""
        found = self._known.get(digest)
        if found is None or found[1] < time.monotonic() or found[0].expires_at <= now:
            return None
        return found[0]

    def put(self, digest: bytes, identity: Identity) -> None:
        """Remembers; the oldest make room."""
        with self._lock:
            self._known[digest] = (identity, time.monotonic() + self._seconds)
            self._known.move_to_end(digest)
            while len(self._known) > self._most:
                self._known.popitem(last=False)

    def forget(self, login: str) -> None:
        """Forgets every token of an account."""
        with self._lock:
            for digest in [d for d, (identity, _) in self._known.items() if identity.actor.login == login]:
                del self._known[digest]
