"""The copies of a spectrum's object, and reading from whichever of them can be read.

The second copy is read only where the first cannot be, and only after all of it was hashed and found right: what is shown is then
proved, which costs one reading of it. What is read as a whole is hashed while it is sent, and its end is kept back until the
digest is that which was verified.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from services.chain_of_custody.models_spectra import Spectrum
from services.chain_of_custody.models_store import FIRST, ObjectCopy
from services.chain_of_custody.store_metrics import FAILOVERS
from shared.errors import NotFound, Unavailable
from shared.storage import ObjectStore
from shared.storage.errors import ObjectDamaged

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


def read_copies(
    copies: Sequence[Copy],
    sha256: str | None,
    start: int,
    length: int,
    *,
    size: int,
    damaged: Callable[[str], None],
) -> Iterator[bytes]:
    """`length` bytes from `start` on, at least one, of an object of `size` bytes; raises, before any, what the first copy raised
    if no other is right.

    Where all bytes are asked for they are hashed on their way, and the last of them go out only when the digest is `sha256`:
    otherwise `damaged` is told, and ObjectDamaged ends the transfer before its announced length is reached. A part of an object
    has no digest that it could be held against.
    """
    if sha256 is not None and (start, length) == (0, size):
        chunks = _hashed(copies, sha256, length, damaged)
    else:
        chunks = _read(copies, sha256, start, length)
    # The first is fetched at once: what cannot be read is then refused, and not broken off.
    first = next(chunks)

    def rest() -> Iterator[bytes]:
        yield first
        yield from chunks

    return rest()


def _hashed(
    copies: Sequence[Copy], sha256: str, length: int, damaged: Callable[[str], None]
) -> Iterator[bytes]:
    digest, held, sent = hashlib.sha256(), b"", False
    try:
        for chunk in _read(copies, sha256, 0, length):
            digest.update(chunk)
            if held:
                sent = True
                yield held
            held = chunk
    except ObjectDamaged as error:
        damaged(error.detail)
        raise
    if digest.hexdigest() == sha256:
        yield held
        return
    key, version_id = copies[0].key, copies[0].version_id
    words = f"Version {version_id} has SHA-256 {digest.hexdigest()}, where {sha256} was verified."
    damaged(words)
    other = None if sent else _right_one(copies[1:], sha256)
    if other is None:
        raise ObjectDamaged(f"What is stored is not what was verified, and is not handed out. {words}")
    log.error("read_from_second_copy", key=key, version_id=version_id, error=words)
    FAILOVERS.inc()
    yield from other.store.read(other.key, other.version_id, 0, length)


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
