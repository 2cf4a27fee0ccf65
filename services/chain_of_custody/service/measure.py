"""Reads a mass out of an act: as it was told, or as the difference of two readings of one balance."""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from services.chain_of_custody.domain.calibration import NOT_STATED
from services.chain_of_custody.domain.check_mass_balance import (
    STEP,
    Quantity,
    implausible,
    is_plausible,
    quantity,
)
from services.chain_of_custody.domain.weigh_by_difference import Balance, weigh_by_difference
from services.chain_of_custody.repository.balances import KnownBalance
from services.chain_of_custody.service.balances import balance_facts
from services.chain_of_custody.service.substance import numbers
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Invalid


def measure_taken(
    uow: UnitOfWork, act: Mapping[str, Any], now: datetime, *, at: str = ""
) -> tuple[Quantity, dict[str, Any]]:
    """(mass with its uncertainty, what the event tells of the measurement); `at` is the pointer of the act in the body.

    A taking cannot be undone, so one that was measured on a balance out of calibration is recorded and marked, not refused.
    """
    facts: dict[str, Any] = {"calibration": NOT_STATED}
    row = None
    if act.get("balance") is not None:
        moment = act.get("occurred_at") or now
        facts, row = balance_facts(uow, act["balance"], act.get("calibrated_on"), moment, now=now, at=at)
    measured, how = measure_net(act, row, at)
    return measured, {**numbers(measured), **how, **facts}


def measure_net(
    act: Mapping[str, Any], row: KnownBalance | None, at: str = ""
) -> tuple[Quantity, dict[str, Any]]:
    """(net mass, how it was got); a balance that the register knows gives the doubts that were not told."""
    readings = act.get("by_difference")
    if readings is None:
        mass = _decimal(act["net_mass_mg"])
        return quantity(mass, told_uncertainty(act, row, mass, at)), {}
    repeatability = _doubt(readings, "repeatability_mg", row, at)
    readability = _doubt(readings, "readability_mg", row, at) or Decimal(0)
    if repeatability is None:
        _refuse(
            f"{at}/by_difference/repeatability_mg",
            "The register does not know this balance: tell its repeatability.",
        )
    before, after = _decimal(readings["before_mg"]), _decimal(readings["after_mg"])
    found = weigh_by_difference(before, after, Balance(repeatability or Decimal(0), readability))
    if found.mass <= 0:
        _refuse(
            f"{at}/by_difference/after_mg",
            "Nothing was taken: the reading after is not less than the one before.",
        )
    if found.uncertainty <= 0:
        _refuse(
            f"{at}/by_difference/repeatability_mg",
            "No balance is without doubt: tell its repeatability or readability.",
        )
    if not is_plausible(found, _resolves(row)):
        _refuse(f"{at}/by_difference", implausible(_resolves(row)))
    told = {**readings, "repeatability_mg": float(repeatability or 0), "readability_mg": float(readability)}
    return found, {"by_difference": told}


def told_uncertainty(
    act: Mapping[str, Any], row: KnownBalance | None, mass_mg: Decimal, at: str = ""
) -> Decimal:
    """The expanded uncertainty (k = 2) of a mass in mg: as it was told, or that of two readings of a registered balance.

    Raises Invalid where neither is there, where less was told than one reading of the registered balance is worth, and where more
    was told than a balance can leave in doubt.
    """
    told = act.get("uncertainty_mg")
    if told is not None and not is_plausible(quantity(mass_mg, told), _resolves(row)):
        _refuse(f"{at}/uncertainty_mg", implausible(_resolves(row)))
    if row is None:
        if told is None:
            raise _wrong(
                f"{at}/uncertainty_mg",
                "The register does not know this balance: tell the uncertainty (k = 2).",
            )
        return _decimal(told)
    if told is None:
        found = _of_two_readings(row)
        if found <= 0:
            _refuse(
                f"{at}/uncertainty_mg",
                "The register does not tell what this balance is worth: tell the uncertainty.",
            )
        return found
    least = 2 * (row.repeatability_mg**2 + row.readability_mg**2 / 12).sqrt()
    if _decimal(told) < least.quantize(STEP, rounding=ROUND_DOWN):
        _refuse(
            f"{at}/uncertainty_mg",
            f"By the register one reading of {row.name} is uncertain by {least:.3g} mg (k = 2); no mass is known better.",
        )
    return _decimal(told)


def _resolves(row: KnownBalance | None) -> Decimal | None:
    """What a balance resolves by the register, in mg (k = 2); None where the register does not know it, or not that."""
    return None if row is None else _of_two_readings(row) or None


def _of_two_readings(row: KnownBalance) -> Decimal:
    readings = Balance(row.repeatability_mg, row.readability_mg)
    return weigh_by_difference(Decimal(0), Decimal(0), readings).uncertainty


def _doubt(readings: Mapping[str, Any], name: str, row: KnownBalance | None, at: str) -> Decimal | None:
    """A doubt of the balance: as told, or by the register, which nobody undercuts."""
    known = None if row is None else getattr(row, name)
    if readings.get(name) is None:
        return known
    told = _decimal(readings[name])
    if known is not None and told < known:
        _refuse(
            f"{at}/by_difference/{name}",
            f"By the register it is {known.normalize():f} mg; leave the field out, or have the register mended.",
        )
    return told


def _decimal(number: float) -> Decimal:
    return Decimal(str(number))


def _refuse(pointer: str, message: str) -> None:
    raise _wrong(pointer, message)


def _wrong(pointer: str, message: str) -> Invalid:
    return Invalid(message, errors=[{"pointer": pointer, "message": message}])
