"""Queries of what leaves the laboratory about one item; whether the actor may see it is decided before."""

from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.chain_of_custody.models_spectra import Spectrum


def one_snapshot(session: Session) -> None:
    """Everything that the transaction reads from now on is as at one moment; must be its first statement."""
    session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def spectra_of(session: Session, item_id: str) -> Sequence[Spectrum]:
    """An item's files, in the order in which they came."""
    return session.scalars(select(Spectrum).where(Spectrum.item_id == item_id).order_by(Spectrum.seq)).all()
