"""Reading spectra: what is known of them, and their bytes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from services.chain_of_custody.domain.byte_range import Span, read_range
from services.chain_of_custody.models_spectra import Spectrum
from services.chain_of_custody.repository import spectra as repository
from services.chain_of_custody.repository import store as store_repository
from services.chain_of_custody.service.check_read import report_damage
from services.chain_of_custody.service.copies import Copy, copies_of, read_copies
from services.chain_of_custody.store import stores_of
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import NotFound
from shared.http.lists import paginate
from shared.runtime import Runtime

READERS = (*LABORATORY, Role.AUDITOR, Role.INSTRUMENT, Role.SERVICE)

_COLUMNS = (
    "id", "item_id", "state", "reason", "size", "filename", "format", "technique", "instrument", "method", "run_role",
    "acquired_at", "declared_sha256", "summary", "uploaded_by", "uploaded_at", "checked_at", "read_at",
)  # fmt: skip


@dataclass(frozen=True)
class Content:
    """The bytes of a spectrum to send: all of them, or a `span`; `etag` is None until they have been hashed."""

    filename: str
    size: int
    span: Span | None
    etag: str | None
    copies: tuple[Copy, ...]
    damaged: Callable[[str], None]

    @property
    def length(self) -> int:
        """How many bytes are sent."""
        return self.size if self.span is None else self.span.length

    def read(self) -> Iterator[bytes]:
        """The bytes in chunks; raises before the first where no store has such an object, and before the last where the whole of
        it is not what was verified."""
        if self.length == 0:
            return iter(())
        start = self.span.first if self.span else 0
        return read_copies(self.copies, self.etag, start, self.length, size=self.size, damaged=self.damaged)


def list_spectra(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """Spectra that fit the filters, the newest first."""
    require(actor, *READERS)
    return paginate(
        uow.session,
        repository.spectra(actor, query),
        Spectrum.seq,
        limit=query["limit"],
        cursor=query["cursor"],
        falling=True,
        dump=describe_spectrum,
    )


def get_spectrum(actor: Actor, uow: UnitOfWork, spectrum_id: str) -> dict[str, Any]:
    """What is known of one spectrum."""
    _require_reader(actor)
    return describe_spectrum(repository.spectrum(uow.session, actor, spectrum_id))


def get_content(
    actor: Actor,
    uow: UnitOfWork,
    runtime: Runtime,
    spectrum_id: str,
    *,
    asked: str | None,
    if_range: str | None,
) -> Content:
    """What to send for a Range header; raises byte_range.Unsatisfiable.

    With If-Range the range holds only for the very same bytes; a date never fits, since what is stored does not change.
    """
    _require_reader(actor)
    row = repository.spectrum(uow.session, actor, spectrum_id)
    span = read_range(asked, row.size) if if_range is None or if_range == f'"{row.sha256}"' else None
    copies = copies_of(row, store_repository.copies(uow.session, row.id), stores_of(runtime))
    return Content(
        row.filename, row.size, span, row.sha256, tuple(copies), partial(report_damage, runtime, row.id)
    )


def describe_spectrum(row: Spectrum) -> dict[str, Any]:
    """A spectrum as it is answered; until its bytes were hashed, `sha256` is what the source said."""
    told = {name: getattr(row, name) for name in _COLUMNS}
    told["sha256"] = row.sha256 or row.declared_sha256
    told["object"] = {
        "key": row.object_key,
        "version_id": row.version_id,
        "retain_until": row.retain_until,
        "legal_hold": row.legal_hold,
    }
    return told


def _require_reader(actor: Actor) -> None:
    """Offices are not told that there are spectra at all; other roles without the right are told so."""
    if actor.role is Role.OFFICE:
        raise NotFound("There is no such spectrum.")
    require(actor, *READERS)
