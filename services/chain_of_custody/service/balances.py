"""The register of balances: what is known of one, and whether it may be weighed on (ISO/IEC 17025, 6.4).

Balances are instruments, so administrators keep the register; calibrations are added and never changed. What a weighing used
is copied into its event, so that it stands whatever the register says later (E13).
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from services.chain_of_custody.domain.calibration import IN_DATE, NOT_STATED, OVERDUE, TOLD
from services.chain_of_custody.models_quantities import Balance, Calibration
from services.chain_of_custody.repository import balances as repository
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, Invalid
from shared.http.lists import paginate
from shared.identifiers import new_id

#: How the calibration stands that an event tells of: by the register, by who weighed, too old, or not known at all.
#: A calibration that nobody registered counts for a year.
LONGEST_DAYS = 366
#: A date of calibration fifty years back and more is a slip of the pen: nothing that is weighed on is so old.
OLDEST_DAYS = 18_262
READERS = (*LABORATORY, Role.AUDITOR, Role.ADMIN)


def list_balances(actor: Actor, uow: UnitOfWork, query: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """The register, each balance with its calibrations."""
    require(actor, *READERS)
    page = paginate(
        uow.session, repository.balances(), Balance.seq, limit=query["limit"], cursor=query["cursor"]
    )
    return {**page, "items": _describe(uow, page["items"], now.date())}


def add_balance(actor: Actor, uow: UnitOfWork, told: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """An administrator adds a balance with its first calibration; raises Conflict `exists` where the name is taken."""
    require(actor, Role.ADMIN)
    _check_dates(told, now)
    taken = repository.balance_by_name(uow.session, told["name"])
    if taken is not None:
        raise Conflict(f"There is a balance {taken.name!r} already; add a calibration to it.", code="exists")
    row = Balance(
        id=new_id(),
        name=told["name"],
        serial_number=told["serial_number"],
        readability_mg=Decimal(str(told["readability_mg"])),
        repeatability_mg=Decimal(str(told["repeatability_mg"])),
        added_by=actor.login,
        added_at=now,
    )
    uow.session.add(row)
    uow.session.flush()
    _calibrated(actor, uow, row, told, now)
    return _describe(uow, [row], now.date())[0]


def add_calibration(
    actor: Actor, uow: UnitOfWork, balance_id: str, told: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """An administrator adds a calibration."""
    require(actor, Role.ADMIN)
    _check_dates(told, now)
    row = repository.balance(uow.session, balance_id)
    _calibrated(actor, uow, row, told, now)
    return _describe(uow, [row], now.date())[0]


def balance_facts(
    uow: UnitOfWork, name: str, calibrated_on: date | None, moment: datetime, *, now: datetime, at: str = ""
) -> tuple[dict[str, Any], repository.KnownBalance | None]:
    """(what an event tells of the balance, what the register knows of it).

    The register's date of calibration counts; a date that was told and differs from it is refused, as is one that lies behind
    `moment`, the time of the weighing. `out_of_calibration` is None where the register does not know the balance.
    """
    day = moment.date()
    if calibrated_on is not None and calibrated_on > min(day, now.date()):
        _refuse(
            f"{at}/calibrated_on", "A balance is calibrated before the weighing, and never in the future."
        )
    if calibrated_on is not None:
        _check_age(calibrated_on, day, f"{at}/calibrated_on")
    known = repository.balance_on(uow.session, name, day)
    if known is None:
        told = None if calibrated_on is None else calibrated_on.isoformat()
        return {
            "balance": name,
            "calibrated_on": told,
            "calibration": _calibration_told(calibrated_on, day),
            "out_of_calibration": None,
        }, None
    if known.calibrated_on is not None and calibrated_on not in (None, known.calibrated_on):
        _refuse(
            f"{at}/calibrated_on",
            f"By the register {name} was calibrated on {known.calibrated_on}; leave the field out, or have the register mended.",
        )
    in_date = known.next_due is not None and known.next_due >= day
    return {
        "balance": known.name,
        "balance_serial_number": known.serial_number,
        "calibrated_on": None if known.calibrated_on is None else known.calibrated_on.isoformat(),
        "calibration_due": None if known.next_due is None else known.next_due.isoformat(),
        "calibration": IN_DATE if in_date else OVERDUE,
        "out_of_calibration": not in_date,
    }, known


def _calibration_told(calibrated_on: date | None, day: date) -> str:
    """What is known of the calibration of a balance that stands in no register: what the weigher said of it."""
    if calibrated_on is None:
        return NOT_STATED
    return OVERDUE if (day - calibrated_on).days > LONGEST_DAYS else TOLD


def _calibrated(actor: Actor, uow: UnitOfWork, row: Balance, told: dict[str, Any], now: datetime) -> None:
    uow.session.add(
        Calibration(
            id=new_id(),
            balance_id=row.id,
            calibrated_on=told["calibrated_on"],
            next_due=told["next_due"],
            certificate=told.get("certificate"),
            recorded_by=actor.login,
            recorded_at=now,
        )
    )
    uow.session.flush()


def refuse_out_of_calibration(facts: dict[str, Any]) -> None:
    """Raises Conflict `out_of_calibration` for a weighing on a balance that the register knows to be out of it."""
    if not facts["out_of_calibration"]:
        return
    due = facts["calibration_due"]
    words = "has no calibration that was done by then" if due is None else f"was to be calibrated by {due}"
    raise Conflict(
        f"{facts['balance']} {words}. Weigh on another balance, or have the calibration entered.",
        code="out_of_calibration",
    )


def _check_age(calibrated_on: date, day: date, pointer: str) -> None:
    if (day - calibrated_on).days > OLDEST_DAYS:
        _refuse(pointer, "A calibration of more than fifty years before is none: read the date again.")


def _check_dates(told: dict[str, Any], now: datetime) -> None:
    if told["calibrated_on"] > now.date():
        _refuse("/calibrated_on", "A calibration is entered when it is done, not before.")
    _check_age(told["calibrated_on"], now.date(), "/calibrated_on")
    if told["next_due"] <= told["calibrated_on"]:
        _refuse("/next_due", "The next calibration is due after this one.")


def _refuse(pointer: str, message: str) -> None:
    raise Invalid(message, errors=[{"pointer": pointer, "message": message}])


def _describe(uow: UnitOfWork, rows: list[Balance], day: date) -> list[dict[str, Any]]:
    known = repository.calibrations(uow.session, [row.id for row in rows])
    told = []
    for row in rows:
        mine = [calibration for calibration in known if calibration.balance_id == row.id]
        told.append(
            {
                "id": row.id,
                "name": row.name,
                "serial_number": row.serial_number,
                "readability_mg": row.readability_mg,
                "repeatability_mg": row.repeatability_mg,
                "calibrated_on": mine[0].calibrated_on,
                "next_due": mine[0].next_due,
                "in_calibration": mine[0].next_due >= day,
                "calibrations": mine,
            }
        )
    return told
