"""Reads a mass out of an act: as it was told, or as the difference of two readings of one balance."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.chain_of_custody.domain.check_mass_balance import Quantity, is_plausible, quantity
from services.chain_of_custody.domain.weigh_by_difference import Balance, weigh_by_difference
from services.chain_of_custody.models_quantities import Balance as Registered
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
    facts: dict[str, Any] = {}
    row = None
    if act.get("balance") is not None:
        moment = act.get("occurred_at") or now
        facts, row = balance_facts(uow, act["balance"], act.get("calibrated_on"), moment, now=now, at=at)
    measured, how = measure_net(act, row, at)
    return measured, {**numbers(measured), **how, **facts}


def measure_net(
    act: Mapping[str, Any], row: Registered | None, at: str = ""
) -> tuple[Quantity, dict[str, Any]]:
    """(net mass, how it was got); a balance that the register knows gives the doubts that were not told."""
    readings = act.get("by_difference")
    if readings is None:
        return quantity(act["net_mass_mg"], act["uncertainty_mg"]), {}
    repeatability = _doubt(readings, "repeatability_mg", row)
    readability = _doubt(readings, "readability_mg", row) or Decimal(0)
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
    if not is_plausible(found):
        _refuse(
            f"{at}/by_difference",
            "No balance is so uncertain: at most a tenth of the mass, or 10 mg, expanded (k = 2).",
        )
    told = {**readings, "repeatability_mg": float(repeatability or 0), "readability_mg": float(readability)}
    return found, {"by_difference": told}


def _doubt(readings: Mapping[str, Any], name: str, row: Registered | None) -> Decimal | None:
    if readings.get(name) is not None:
        return _decimal(readings[name])
    return None if row is None else getattr(row, name)


def _decimal(number: float) -> Decimal:
    return Decimal(str(number))


def _refuse(pointer: str, message: str) -> None:
    raise Invalid(message, errors=[{"pointer": pointer, "message": message}])
