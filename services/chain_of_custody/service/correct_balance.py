"""A balance, its calibration or the time of a weighing is corrected: held against the register as the act itself was.

What the register says of the right balance (number, calibration, whether in date) follows, and stands in the correction beside
what was written wrongly: a weighing is moved to no balance on which it would have been refused.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from services.chain_of_custody.domain.corrected_masses import MEASURED, mass_fields
from services.chain_of_custody.repository.balances import KnownBalance
from services.chain_of_custody.service.balances import balance_facts, refuse_out_of_calibration
from services.chain_of_custody.service.measure import measure_net, told_uncertainty
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Invalid
from shared.http.schemas import parse_time

_AT = "/corrected"
_OF_BALANCE = frozenset({"balance", "calibrated_on"})
_FOLLOWS = (
    "balance", "balance_serial_number", "calibrated_on", "calibration_due", "calibration", "out_of_calibration",
)  # fmt: skip


def follow_balance(
    uow: UnitOfWork, act: Mapping[str, Any], said: Mapping[str, Any], right: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what was said, what is right) of the balance of `act` after a correction to `right`; empty where nothing follows.

    `said` is what corrections have said before. Raises Invalid at the field that the register contradicts, Conflict
    `out_of_calibration` for a weighing on a balance that was out of it.
    """
    details = act["details"]
    before = {**details, "occurred_at": act["occurred_at"], **said}
    whole = {**before, **right}
    touched = _OF_BALANCE | MEASURED | {"occurred_at"}
    if "balance" not in details or touched.isdisjoint(right):
        _require_so_certain(act, whole, right, None)
        return {}, {}
    registered = before.get("balance_serial_number") is not None
    if not registered and _OF_BALANCE.isdisjoint(right):
        _require_calibrated_before(whole)
        _require_so_certain(act, whole, right, None)
        return {}, {}
    told = right.get("calibrated_on")
    if not registered and "balance" not in right:
        told = whole["calibrated_on"]
    moment = parse_time(whole["occurred_at"])
    facts, known = balance_facts(uow, whole["balance"], _day(told), moment, now=moment, at=_AT)
    if act["type"] == "weighed" and not _OF_BALANCE.isdisjoint(right):
        refuse_out_of_calibration(facts)
    _require_so_certain(act, whole, right, known)
    changed = {name: facts.get(name) for name in _FOLLOWS if facts.get(name) != before.get(name)}
    return {name: before.get(name) for name in changed}, changed


def _require_so_certain(
    act: Mapping[str, Any], whole: Mapping[str, Any], right: Mapping[str, Any], known: KnownBalance | None
) -> None:
    """Passes where a corrected mass, or that of a corrected balance, is neither more nor less certain than it can be."""
    if not mass_fields(act) or (MEASURED | {"balance"}).isdisjoint(right):
        return
    readings = whole.get("by_difference")
    if readings is not None and "balance" in right:
        measure_net({"by_difference": readings}, known, _AT)
    name = mass_fields(act)[0]
    mass = Decimal(str(whole[name])) * (1000 if name == "mass_g" else 1)
    told_uncertainty(whole, known, mass, _AT)


def _require_calibrated_before(whole: Mapping[str, Any]) -> None:
    told = _day(whole.get("calibrated_on"))
    if told is not None and told > parse_time(whole["occurred_at"]).date():
        message = f"The balance was calibrated on {told}, after that: correct the date of calibration too."
        raise Invalid(message, errors=[{"pointer": f"{_AT}/occurred_at", "message": message}])


def _day(told: Any) -> date | None:
    if told is None:
        return None
    try:
        return date.fromisoformat(told)
    except (TypeError, ValueError):
        message = "Not a day: write it as 2026-11-24."
        raise Invalid(message, errors=[{"pointer": f"{_AT}/calibrated_on", "message": message}]) from None
