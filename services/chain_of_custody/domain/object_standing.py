"""What a stored object should be, what it was found to be, and where the two differ."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

MISSING, UNREADABLE, SIZE, DIGEST = "missing", "unreadable", "size", "digest"
RETENTION, LEGAL_HOLD, FOREIGN_VERSION = "retention", "legal_hold", "foreign_version"
#: Of copies of the log's heads alone: not signed with the log's key, or of another log than the present one.
SIGNATURE, OFF_LOG = "signature", "off_log"
#: Kinds that say that the bytes are not to be had as they were stored.
OF_BYTES = frozenset({MISSING, UNREADABLE, SIZE, DIGEST})
#: Kinds that say that a lock is not as it should be.
OF_LOCKS = frozenset({RETENTION, LEGAL_HOLD})
KINDS = (MISSING, UNREADABLE, SIZE, DIGEST, RETENTION, LEGAL_HOLD, FOREIGN_VERSION, SIGNATURE, OFF_LOG)

#: What a person should do about an open finding.
WHAT_TO_DO = {
    MISSING: "Restore the object store from its backup, or bring a second copy; then ask for a round.",
    UNREADABLE: "Look at the store's disk and its log; restore it from its backup, then ask for a round.",
    SIZE: "Find out who could write to the store's disk; restore it from its backup, then ask for a round.",
    DIGEST: "Find out who could write to the store's disk; restore it from its backup, then ask for a round.",
    RETENTION: "Find out who may change locks in the store; the lock could not be set again.",
    LEGAL_HOLD: "Find out who may change locks in the store; the hold could not be set again.",
    FOREIGN_VERSION: "Find out who wrote this version. The evidence is read by its own version and is untouched; "
    "close the finding with what was found out.",
    SIGNATURE: "Find out who could write to the store's disk; restore it from its backup, then ask for a round.",
    OFF_LOG: "Stop work and keep everything as it is: the copy is locked, so the database was changed. Compare with the "
    "heads that witnesses and bundles hold.",
}


class Problem(NamedTuple):
    """One difference, in words."""

    kind: str
    detail: str


@dataclass(frozen=True)
class Wanted:
    """What the record says of one copy: `versions` are all that were ever made of it under this key."""

    version_id: str
    size: int
    sha256: str
    retain_until: datetime
    legal_hold: bool
    versions: Collection[str]


def compare_bytes(wanted: Wanted, size: int, sha256: str) -> list[Problem]:
    """Whether the bytes are those of the record."""
    if size != wanted.size:
        return [Problem(SIZE, f"It has {size} bytes instead of {wanted.size}.")]
    if sha256 != wanted.sha256:
        return [Problem(DIGEST, f"It has SHA-256 {sha256} instead of {wanted.sha256}.")]
    return []


def compare_locks(
    wanted: Wanted, retain_until: datetime | None, legal_hold: bool, compliance: bool
) -> list[Problem]:
    """Whether the locks are at least those of the record."""
    found = []
    if retain_until is None:
        found.append(
            Problem(RETENTION, f"It is not locked; it should be until {wanted.retain_until:%Y-%m-%d}.")
        )
    elif retain_until < wanted.retain_until:
        found.append(
            Problem(
                RETENTION,
                f"It is locked until {retain_until:%Y-%m-%d} only; it should be until {wanted.retain_until:%Y-%m-%d}.",
            )
        )
    elif not compliance:
        found.append(Problem(RETENTION, "Its lock is of a kind that an administrator may lift."))
    if wanted.legal_hold and not legal_hold:
        found.append(Problem(LEGAL_HOLD, "The legal hold is off, though the item is on hold."))
    return found


def compare_versions(wanted: Wanted, versions: Collection[str]) -> list[Problem]:
    """Whether the key holds versions that nobody has recorded."""
    foreign = sorted(set(versions) - set(wanted.versions))
    if not foreign:
        return []
    return [
        Problem(FOREIGN_VERSION, f"Its key holds versions that are in no record: {', '.join(foreign[:5])}.")
    ]
