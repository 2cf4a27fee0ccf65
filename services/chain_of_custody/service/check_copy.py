"""Looks at one copy of an object: all its bytes, its locks, and whether its key holds versions that nobody has recorded (E24)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.chain_of_custody.domain.object_standing import (
    MISSING,
    OF_BYTES,
    RETENTION,
    UNREADABLE,
    Problem,
    Wanted,
    compare_bytes,
    compare_locks,
    compare_versions,
)
from services.chain_of_custody.service.copies import Copy
from shared.errors import Unavailable
from shared.storage import ObjectStore
from shared.storage.canary import CANARY_KEY
from shared.storage.errors import LockNotHeld, ObjectDamaged, ObjectNotFound, StoreUnavailable

#: A read that breaks off is tried so often before it is called damage.
_ATTEMPTS = 3


@dataclass(frozen=True)
class Checked:
    """One copy as it was found; `size` is how many bytes were read."""

    copy: Copy
    problems: tuple[Problem, ...]
    size: int

    @property
    def bytes_right(self) -> bool:
        """The bytes are those of the record."""
        return not any(problem.kind in OF_BYTES for problem in self.problems)

    def of(self, kinds: frozenset[str]) -> list[Problem]:
        """The problems of these kinds."""
        return [problem for problem in self.problems if problem.kind in kinds]


def check_copy(
    copy: Copy,
    *,
    size: int,
    sha256: str,
    retain_until: datetime,
    legal_hold: bool,
    spend: Callable[[int], None],
) -> Checked:
    """Checks one copy, `spend` being told of every chunk; raises StoreUnavailable where the store itself does not answer."""
    wanted = Wanted(copy.version_id, size, sha256, retain_until, legal_hold, copy.versions)
    problems: list[Problem] = []
    read = 0
    try:
        problems += compare_versions(wanted, copy.store.versions(copy.key))
        facts = copy.store.stat(copy.key, copy.version_id)
        problems += compare_locks(wanted, facts.retain_until, facts.legal_hold, facts.compliance)
    except ObjectNotFound:
        problems.append(Problem(MISSING, f"Version {copy.version_id} is gone from the store."))
        return Checked(copy, tuple(problems), 0)
    except LockNotHeld as error:
        problems.append(Problem(RETENTION, error.detail))
    except StoreUnavailable as error:
        require_answer(copy.store, error)
        problems.append(Problem(UNREADABLE, error.detail))
        return Checked(copy, tuple(problems), 0)
    try:
        read, digest = _hash(copy, spend)
        problems += compare_bytes(wanted, read, digest)
    except ObjectNotFound:
        problems.append(Problem(MISSING, f"Version {copy.version_id} is gone from the store."))
    except StoreUnavailable as error:
        require_answer(copy.store, error)
        problems.append(Problem(UNREADABLE, error.detail))
    return Checked(copy, tuple(problems), read)


def _hash(copy: Copy, spend: Callable[[int], None]) -> tuple[int, str]:
    for attempt in range(_ATTEMPTS):
        read, digest = 0, hashlib.sha256()
        try:
            for chunk in copy.store.read(copy.key, copy.version_id):
                read += len(chunk)
                digest.update(chunk)
                spend(len(chunk))
        except StoreUnavailable as error:
            if isinstance(error, ObjectDamaged) or attempt == _ATTEMPTS - 1:
                raise
            continue
        return read, digest.hexdigest()
    raise AssertionError("the last attempt has returned or raised")


def require_answer(store: ObjectStore, error: Unavailable) -> None:
    """Raises `error` where the store gives nothing else either: it is away then, and nothing is known of the object."""
    try:
        for version_id in store.versions(CANARY_KEY):
            b"".join(store.read(CANARY_KEY, version_id))
            return
    except (StoreUnavailable, ObjectNotFound):
        raise error from None
    raise error
