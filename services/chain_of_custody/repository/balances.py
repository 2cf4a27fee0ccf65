"""Queries of the register of balances."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, bindparam, select
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


def balance_on(session: Session, name: str, day: date) -> tuple[Balance | None, Calibration | None]:
    """The balance that people call so, and the calibration that counted on a day: the newest that had been done by then, and of
    two of one day the one told last."""
    row = session.execute(_BALANCE_ON, {"name": name, "day": day}).first()
    return (None, None) if row is None else (row[0], row[1])


_BALANCE_ON = (
    select(Balance, Calibration)
    .outerjoin(
        Calibration,
        and_(Calibration.balance_id == Balance.id, Calibration.calibrated_on <= bindparam("day")),
    )
    .where(Balance.name == bindparam("name"))
    .order_by(Calibration.calibrated_on.desc().nulls_last(), Calibration.seq.desc())
    .limit(1)
)


def calibrations(session: Session, balance_ids: Sequence[str]) -> list[Calibration]:
    """The calibrations of these balances, the newest first."""
    query = select(Calibration).where(Calibration.balance_id.in_(list(balance_ids)))
    return list(session.scalars(query.order_by(Calibration.calibrated_on.desc(), Calibration.seq.desc())))
