"""Queries of the register of balances."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.chain_of_custody.models_quantities import Balance, Calibration
from shared.errors import NotFound


def balances() -> Select[Any]:
    """All balances."""
    return select(Balance)


def balance(session: Session, balance_id: str) -> Balance:
    """One balance; raises NotFound."""
    row = session.get(Balance, balance_id)
    if row is None:
        raise NotFound("There is no such balance.")
    return row


def balance_by_name(session: Session, name: str) -> Balance | None:
    """The balance that people call so."""
    return session.scalars(select(Balance).where(Balance.name == name)).first()


def calibration_on(session: Session, balance_id: str, day: date) -> Calibration | None:
    """The calibration that counted on a day: the newest that had been done by then, and of two of one day the one told last."""
    query = select(Calibration).where(Calibration.balance_id == balance_id, Calibration.calibrated_on <= day)
    return session.scalars(query.order_by(Calibration.calibrated_on.desc(), Calibration.seq.desc())).first()


def calibrations(session: Session, balance_ids: Sequence[str]) -> list[Calibration]:
    """The calibrations of these balances, the newest first."""
    query = select(Calibration).where(Calibration.balance_id.in_(list(balance_ids)))
    return list(session.scalars(query.order_by(Calibration.calibrated_on.desc(), Calibration.seq.desc())))
