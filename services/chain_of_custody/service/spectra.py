"""Spectra: listed, read in ranges, never changed."""

from collections.abc import Iterator
from typing import Any

from services.chain_of_custody.models_spectra import Spectrum
from services.chain_of_custody.repository import spectra as repository
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import NotFound
from shared.http.lists import paginate
from shared.storage import ObjectStore

READERS = (*LABORATORY, Role.AUDITOR, Role.INSTRUMENT, Role.SERVICE)


def list_spectra(
    actor: Actor, uow: UnitOfWork, *, item_id: str | None, limit: int, cursor: int | None
) -> dict[str, Any]:
    """Spectra, oldest first."""
    _require_reader(actor)
    query = repository.spectra(actor, item_id)
    return paginate(uow.session, query, Spectrum.seq, limit=limit, cursor=cursor, dump=describe)


def get_spectrum(actor: Actor, uow: UnitOfWork, spectrum_id: str) -> dict[str, Any]:
    """One spectrum."""
    _require_reader(actor)
    return describe(repository.spectrum(uow.session, actor, spectrum_id))


def find_spectrum(actor: Actor, uow: UnitOfWork, spectrum_id: str) -> Spectrum:
    """The record behind a download."""
    _require_reader(actor)
    return repository.spectrum(uow.session, actor, spectrum_id)


def read_content(store: ObjectStore, spectrum: Spectrum, start: int, length: int) -> Iterator[bytes]:
    """The stored bytes, by version, in chunks of at most 1 MiB."""
    return store.read(spectrum.object_key, spectrum.version_id, start, length)


def _require_reader(actor: Actor) -> None:
    """An office does not learn that a spectrum exists."""
    if actor.role is Role.OFFICE:
        raise NotFound("There is no such spectrum.")
    require(actor, *READERS)


def describe(row: Spectrum) -> dict[str, Any]:
    """A spectrum as it is answered; `sha256` is ours, over what was read back from the store."""
    names = (
        "id", "item_id", "state", "reason", "size", "filename", "technique", "instrument", "method", "run_role", "acquired_at",
        "summary", "uploaded_by", "stored_at", "sha256_declared",
    )  # fmt: skip
    told = {name: getattr(row, name) for name in names}
    told["sha256"] = row.sha256 or row.sha256_declared
    told["format"] = row.format or "unknown"
    told["object"] = {
        "key": row.object_key,
        "version_id": row.version_id,
        "retain_until": row.retain_until,
        "legal_hold": row.legal_hold,
    }
    return told
