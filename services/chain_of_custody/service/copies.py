"""The copies of a spectrum's object, and reading from whichever of them can be read.

The second copy is read only where the first cannot be, and only after all of it was hashed and found right: what is shown is then
proved, which costs one reading of it.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from services.chain_of_custody.models_spectra import Spectrum
from services.chain_of_custody.models_store import FIRST, ObjectCopy
from services.chain_of_custody.store_metrics import FAILOVERS
from shared.errors import NotFound, Unavailable
from shared.storage import ObjectStore

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Copy:
    """One copy: the version that is read, and every version that was ever recorded of it."""

    place: str
    store: ObjectStore
    key: str
    version_id: str
    versions: tuple[str, ...]
    legal_hold: bool


def copies_of(row: Spectrum, made: Sequence[ObjectCopy], stores: Mapping[str, ObjectStore]) -> list[Copy]:
    """The copies in the stores that there are, the first one first; `made` are the versions since, in their order."""
    found = []
    for place, store in stores.items():
        versions = [(row.version_id, row.legal_hold)] if place == FIRST else []
        versions += [(copy.version_id, copy.legal_hold) for copy in made if copy.store == place]
        if versions:
            names = tuple(version for version, _ in versions)
            found.append(Copy(place, store, row.object_key, names[-1], names, versions[-1][1]))
    return found


def hash_copy(copy: Copy) -> str:
    """The SHA-256 of a copy as it lies in its store now."""
    digest = hashlib.sha256()
    for chunk in copy.store.read(copy.key, copy.version_id):
        digest.update(chunk)
    return digest.hexdigest()


def read_copies(copies: Sequence[Copy], sha256: str | None, start: int, length: int) -> Iterator[bytes]:
    """`length` bytes from `start` on, at least one; raises, before any, what the first copy raised if no other is right."""
    chunks = _read(copies, sha256, start, length)
    # The first is fetched at once: what cannot be read is then refused, and not broken off.
    first = next(chunks)

    def rest() -> Iterator[bytes]:
        yield first
        yield from chunks

    return rest()


def _read(copies: Sequence[Copy], sha256: str | None, start: int, length: int) -> Iterator[bytes]:
    first, *others = copies
    sent = 0
    try:
        for chunk in first.store.read(first.key, first.version_id, start, length):
            sent += len(chunk)
            yield chunk
        if sent == length:
            return
        failure: NotFound | Unavailable = Unavailable("The object store gave less than the object holds.")
    except (NotFound, Unavailable) as error:
        failure = error
    other = _right_one(others, sha256)
    if other is None:
        raise failure
    log.error("read_from_second_copy", key=first.key, version_id=first.version_id, error=failure.detail)
    FAILOVERS.inc()
    yield from other.store.read(other.key, other.version_id, start + sent, length - sent)


def _right_one(copies: Sequence[Copy], sha256: str | None) -> Copy | None:
    for copy in copies:
        try:
            if hash_copy(copy) == sha256:
                return copy
        except (NotFound, Unavailable) as error:
            log.warning("second_copy_cannot_be_read", key=copy.key, error=error.detail)
    return None
