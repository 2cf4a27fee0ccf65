"""Photographs of an item: uploads of the technique `photograph` (JPEG, PNG), verified as all files, shown in custody reports."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from services.chain_of_custody.models_spectra import VERIFIED, Spectrum
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
    """A picture's bytes under a name with the right ending, and what is said of it."""

    name: str
    caption: str
    content: bytes


def read_photographs(store: ObjectStore, spectra: Sequence[Spectrum]) -> list[Photograph]:
    """The verified photographs among an item's files, read by version; one that cannot be read now is left out."""
    found: list[Photograph] = []
    for row in spectra:
        if len(found) == MOST:
            break
        if row.technique.lower() not in TECHNIQUES or row.state != VERIFIED or row.size > LARGEST:
            continue
        try:
            content = b"".join(store.read(row.object_key, row.version_id))
        except (DomainError, OSError) as error:
            log.warning("photograph_not_read", spectrum_id=row.id, error=str(error))
            continue
        ending = next((ending for sign, ending in _SIGNS.items() if content.startswith(sign)), None)
        if ending is not None:
            caption = (
                f"{row.filename}, {format_time(row.acquired_at)[:16].replace('T', ' ')} UTC, {row.instrument}"
            )
            found.append(Photograph(f"photograph-{len(found) + 1}.{ending}", caption, content))
    return found
