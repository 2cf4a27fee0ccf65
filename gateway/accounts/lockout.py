"""When wrong passwords end in a wait (E18).

Attempts are counted before the password is looked at, so that a hundred guesses at once are a hundred counted guesses. The count
belongs to a name *and* a scope: sign-ins from one network, or signatures asked for by one person. So a stranger who guesses at a
name can neither end nor hinder the sessions that its owner has, nor lock the owner out from another network.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import TooMany

#: So many attempts in a row are looked at without a wait.
FREE_ATTEMPTS = 10
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)
#: A count that nobody has touched for so long is forgotten.
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Count:
    """Attempts in a row that have not (yet) been right, and until when no other is looked at."""

    attempts: int = 0
    locked_until: datetime | None = None


def begin_attempt(count: Count, now: datetime) -> Count:
    """The count with this attempt in it; raises TooMany, and counts nothing, while the wait lasts."""
    if count.locked_until is not None and now < count.locked_until:
        left = (count.locked_until - now).total_seconds()
        raise TooMany(
            f"Too many wrong passwords in a row; try again in {max(1, round(left))} seconds.",
            retry_after=max(1.0, left),
        )
    attempts = count.attempts + 1
    return Count(attempts, now + wait_after(attempts) if attempts >= FREE_ATTEMPTS else None)


def wait_after(attempts: int) -> timedelta:
    """How long nothing is looked at after so many attempts: doubles with each one, to a quarter of an hour."""
    if attempts < FREE_ATTEMPTS:
        return timedelta()
    return min(FIRST_WAIT * 2 ** min(attempts - FREE_ATTEMPTS, 10), LONGEST_WAIT)


def sign_in_scope(address: str) -> str:
    """The scope of sign-ins from an address: its network (IPv4 /24, IPv6 /64), which one guesser can hold whole."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "sign-in:local"
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    network = ipaddress.ip_network((mapped, 24 if mapped.version == 4 else 64), strict=False)
    return f"sign-in:{network}"


def signing_scope(login: str) -> str:
    """The scope of signatures that one signed-in person asks for, their own and a witness's."""
    return f"signing:{login}"
