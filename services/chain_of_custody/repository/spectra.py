"""Queries of spectra. Who sees which is decided in the query: offices none, an instrument its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.orm import Session

from services.chain_of_custody.models_spectra import VERIFYING, Spectrum
from shared.actor import Actor, Role
from shared.errors import NotFound


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition on spectra that keeps an instrument to its own."""
    return Spectrum.uploaded_by == actor.login if actor.role is Role.INSTRUMENT else true()


def spectra(actor: Actor, query: dict[str, Any]) -> Select[Any]:
    """Spectra that the actor may see and that fit the filters."""
    found = select(Spectrum).where(visible_to(actor))
    for name in ("item_id", "state"):
        if query.get(name) is not None:
            found = found.where(getattr(Spectrum, name) == query[name])
    return found


def spectrum(session: Session, actor: Actor, spectrum_id: str) -> Spectrum:
    """One spectrum that the actor may see; raises NotFound."""
    row = session.scalars(select(Spectrum).where(Spectrum.id == spectrum_id, visible_to(actor))).first()
    if row is None:
        raise NotFound("There is no such spectrum.")
    return row


def spectrum_by_id(session: Session, spectrum_id: str) -> Spectrum:
    """One spectrum, for custody itself; raises NotFound."""
    row = session.get(Spectrum, spectrum_id)
    if row is None:
        raise NotFound("There is no such spectrum.")
    return row


def known_spectrum(session: Session, spectrum_id: str) -> Spectrum | None:
    """One spectrum, for custody itself, None where no row tells of it (any longer)."""
    return session.get(Spectrum, spectrum_id)


def lock_spectrum(session: Session, spectrum_id: str) -> Spectrum:
    """One spectrum, its row locked, as it is now; raises NotFound."""
    query = select(Spectrum).where(Spectrum.id == spectrum_id).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound("There is no such spectrum.")
    return row


def of_item(session: Session, item_id: str) -> Sequence[Spectrum]:
    """All spectra of an item, their rows locked."""
    query = select(Spectrum).where(Spectrum.item_id == item_id).order_by(Spectrum.seq).with_for_update()
    return session.scalars(query).all()


def unhashed(session: Session, before: datetime, most: int) -> Sequence[str]:
    """Ids of spectra that wait for their verification since before that moment."""
    query = select(Spectrum.id).where(
        Spectrum.state == VERIFYING, Spectrum.sha256.is_(None), Spectrum.uploaded_at < before
    )
    return session.scalars(query.order_by(Spectrum.uploaded_at).limit(most)).all()


def unread(session: Session, before: datetime, most: int) -> Sequence[str]:
    """Ids of spectra whose digest held before that moment, and of which no reading has come."""
    query = select(Spectrum.id).where(Spectrum.state == VERIFYING, Spectrum.checked_at < before)
    return session.scalars(query.order_by(Spectrum.checked_at).limit(most)).all()
