"""Photographs of an item: uploads of the technique `photograph` (JPEG, PNG), verified as all files, shown in custody reports."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import structlog

from services.chain_of_custody.models_spectra import VERIFIED, Spectrum
from shared.documents.render import picture_problem
from shared.errors import DomainError
from shared.http.schemas import format_time
from shared.storage import ObjectStore

log = structlog.get_logger(__name__)

TECHNIQUES = frozenset({"photo", "photograph", "photography"})
#: What a report shows; more are listed with their digests as all files are.
MOST, LARGEST = 12, 8 << 20
_SIGNS = {b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png"}


@dataclass(frozen=True)
class Photograph:
    """What is said of a picture, and its bytes under a name with the right ending; or the reason why it cannot be shown."""

    spectrum_id: str
    caption: str
    sha256: str
    name: str = ""
    content: bytes = b""
    problem: str | None = None


def read_photographs(store: ObjectStore, spectra: Sequence[Spectrum]) -> tuple[list[Photograph], int]:
    """The first photographs among an item's files, read by version, and how many there are beyond those that are shown."""
    rows = [row for row in spectra if row.technique.lower() in TECHNIQUES]
    found = [_read(store, row, number) for number, row in enumerate(rows[:MOST], 1)]
    return found, len(rows) - len(found)


def without_broken(photographs: Sequence[Photograph]) -> list[Photograph]:
    """The photographs, those that the typesetter cannot read with its reason in the place of their bytes."""
    return [
        photograph if photograph.problem is not None else _tried(photograph) for photograph in photographs
    ]


def _tried(photograph: Photograph) -> Photograph:
    problem = picture_problem(photograph.name, photograph.content)
    if problem is None:
        return photograph
    log.warning("photograph_not_shown", spectrum_id=photograph.spectrum_id, error=problem)
    return replace(photograph, content=b"", problem=f"the picture cannot be read: {problem}")


def _read(store: ObjectStore, row: Spectrum, number: int) -> Photograph:
    caption = f"{row.filename}, {format_time(row.acquired_at)[:16].replace('T', ' ')} UTC, {row.instrument}"
    about = Photograph(row.id, caption, row.sha256 or row.declared_sha256)
    if row.state != VERIFIED:
        return replace(about, problem=f"it is {row.state}: {row.reason or 'its bytes are not verified yet'}")
    if row.size > LARGEST:
        return replace(about, problem=f"it has {row.size} bytes, and a report shows up to {LARGEST}")
    try:
        content = b"".join(store.read(row.object_key, row.version_id))
    except (DomainError, OSError) as error:
        log.warning("photograph_not_read", spectrum_id=row.id, error=str(error))
        return replace(about, problem="the object store does not give its bytes")
    digest = sha256(content).hexdigest()
    if digest != about.sha256:
        log.error("photograph_changed", spectrum_id=row.id, sha256=digest)
        return replace(about, problem=f"the stored bytes are others; their SHA-256 is {digest}")
    ending = next((ending for sign, ending in _SIGNS.items() if content.startswith(sign)), None)
    if ending is None:
        return replace(about, problem="it is neither JPEG nor PNG")
    return replace(about, name=f"photograph-{number}.{ending}", content=content)
