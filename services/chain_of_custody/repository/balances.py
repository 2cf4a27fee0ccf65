"""Queries of the register of balances."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from services.chain_of_custody.models_quantities import Balance, Calibration
from shared.errors import NotFound

#: What tells no two balances apart in a name: spaces, hyphens and dashes, the line under.
_APART = " \t\u00a0-\u2010\u2011\u2012\u2013\u2014_"


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
    """The balance that people call so, however they write it: in large or small letters, with or without spaces and hyphens."""
    written = func.translate(func.lower(Balance.name), _APART, "")
    found = select(Balance).where(written == func.translate(func.lower(name), _APART, ""))
    return session.scalars(found.order_by((Balance.name == name).desc(), Balance.seq)).first()


@dataclass(frozen=True, slots=True)
class KnownBalance:
    """A balance of the register, with the calibration that counted on the day of a weighing, where there was one."""

    name: str
    serial_number: str
    readability_mg: Decimal
    repeatability_mg: Decimal
    calibrated_on: date | None
    next_due: date | None


def balance_on(session: Session, name: str, day: date) -> KnownBalance | None:
    """The balance that people call so, as `balance_by_name`, and the calibration that counted on a day: the newest that had been
    done by then, and of two of one day the one told last."""
    asked = {"name": name, "day": day, "apart": _APART}
    row = session.connection().exec_driver_sql(_BALANCE_ON, asked).first()
    return None if row is None else KnownBalance(*row)


#: As it is: every weighing asks this, and a compiler of queries and objects would cost it a fifth of its time.
_BALANCE_ON = """
SELECT b.name, b.serial_number, b.readability_mg, b.repeatability_mg, c.calibrated_on, c.next_due
FROM chain_of_custody.balances b
LEFT JOIN chain_of_custody.balance_calibrations c ON c.balance_id = b.id AND c.calibrated_on <= %(day)s
WHERE translate(lower(b.name), %(apart)s, '') = translate(lower(%(name)s), %(apart)s, '')
ORDER BY b.name = %(name)s DESC, b.seq, c.calibrated_on DESC NULLS LAST, c.seq DESC
LIMIT 1
"""


def calibrations(session: Session, balance_ids: Sequence[str]) -> list[Calibration]:
    """The calibrations of these balances, the newest first."""
    query = select(Calibration).where(Calibration.balance_id.in_(list(balance_ids)))
    return list(session.scalars(query.order_by(Calibration.calibrated_on.desc(), Calibration.seq.desc())))
