"""Weighings: sealed package, gross mass and net mass are separate facts (E4); the books go on from a net mass (E15)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.chain_of_custody.domain.check_mass_balance import Quantity, quantity
from services.chain_of_custody.domain.compare_weights import compare_weight, most_net
from services.chain_of_custody.domain.judge_net import judge_net
from services.chain_of_custody.domain.measured_sum import MeasuredSum
from services.chain_of_custody.domain.replay_books import GROSS, NET, PACKAGE, Books
from services.chain_of_custody.models import Item
from services.chain_of_custody.repository import items as repository
from services.chain_of_custody.repository.balances import KnownBalance
from services.chain_of_custody.service.balances import balance_facts, refuse_out_of_calibration
from services.chain_of_custody.service.check_lineage import judge_weighing
from services.chain_of_custody.service.describe_items import describe_item
from services.chain_of_custody.service.discrepancies import (
    open_lineage_discrepancy,
    open_weight_discrepancy,
)
from services.chain_of_custody.service.known_books import known_books
from services.chain_of_custody.service.measure import measure_net, told_uncertainty
from services.chain_of_custody.service.stand_still import require_still
from services.chain_of_custody.service.substance import (
    HANDS,
    numbers,
    record_act,
    remaining,
    require_workable,
)
from shared.actor import Actor, require
from shared.db.unit_of_work import UnitOfWork
from shared.numbers import uncertainty_text

_KINDS = {"gross_mass_g": GROSS, "package_mass_g": PACKAGE}


def weigh_item(
    actor: Actor, uow: UnitOfWork, item_id: str, act: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The holder weighs what is there. What does not fit beyond its uncertainty opens a discrepancy, and work waits (E5).

    A balance that the register knows to be out of calibration is refused: another one can be weighed on.
    """
    require(actor, *HANDS)
    row, root = repository.lock_with_root(uow.session, actor, item_id)
    require_workable(row, actor)
    facts, balance = balance_facts(
        uow, act["balance"], act.get("calibrated_on"), act.get("occurred_at") or now, now=now
    )
    refuse_out_of_calibration(facts)
    books = known_books.of(uow.session, row)
    kind = next((_KINDS[name] for name in _KINDS if act.get(name) is not None), NET)
    missing = None
    if kind == NET:
        require_still(uow, [row])
        details, finding, would = _weigh_net(row, books, act, balance)
        if would is not None:
            missing = judge_weighing(uow, row, root, would, row.uncertainty_mg or Decimal(0))
    else:
        details, finding = _weigh_whole(row, books, kind, act, balance)
    record_act(uow, row, "weighed", actor, act, now, {"kind": kind, **details, **facts})
    if finding is not None:
        open_weight_discrepancy(uow, row, finding, actor, now=now)
    elif missing is not None:
        open_lineage_discrepancy(uow, root, missing, actor, now=now)
    return describe_item(row)


def _weigh_net(
    row: Item, books: Books, act: Mapping[str, Any], balance: KnownBalance | None
) -> tuple[dict[str, Any], str | None, MeasuredSum | None]:
    """(what the event tells, what a reviewer must look at, what then is unexplained of the item; None for a first weighing)."""
    found, how = measure_net(act, balance)
    before = remaining(row)
    judged = judge_net(books, found, most_net(books, row.gross_mass_mg))
    unexplained = judged.unexplained
    row.remaining_mg, row.uncertainty_mg = judged.remaining.mass, judged.remaining.uncertainty
    details = {
        **numbers(found),
        **how,
        "expected": None if before is None else numbers(before),
        "difference_mg": float(judged.difference),
        "unexplained": None if unexplained is None else numbers(unexplained),
        "beyond_uncertainty": judged.lost,
    }
    if books.received is None and row.gross_mass_mg and found.mass <= found.uncertainty:
        return (
            details,
            (
                f"{row.number} was received with {row.gross_mass_mg.normalize():f} mg gross, "
                f"and {found.mass.normalize():f} ± {uncertainty_text(found.uncertainty)} mg net were found: "
                "nothing, within the uncertainty"
            ),
            None,
        )
    if not judged.lost or before is None or unexplained is None:
        return details, None, judged.would
    words = f"{found.mass.normalize():f} mg net of {row.number} where the books hold {before.mass.normalize():f} mg"
    more = f"{unexplained.mass.normalize():f} mg are unexplained; {uncertainty_text(judged.tolerance)} mg would pass"
    return details, f"{words}: {more}", judged.would


def _weigh_whole(
    row: Item, books: Books, kind: str, act: Mapping[str, Any], balance: KnownBalance | None
) -> tuple[dict[str, Any], str | None]:
    grams = Decimal(str(act["gross_mass_g" if kind == GROSS else "package_mass_g"]))
    found = quantity(grams * 1000, told_uncertainty(act, balance, grams * 1000))
    compared = compare_weight(books, kind, found, row.gross_mass_mg)
    details = {
        "mass_mg": float(found.mass),
        "mass_g": float(grams),
        "uncertainty_mg": float(found.uncertainty),
        "expected": None if compared.expected is None else _whole(compared.expected),
        "difference_mg": float(compared.difference_mg),
        "beyond_uncertainty": compared.finding is not None,
    }
    return details, None if compared.finding is None else f"{row.number}: {compared.finding}"


def _whole(found: Quantity) -> dict[str, float]:
    return {"mass_mg": float(found.mass), "uncertainty_mg": float(found.uncertainty)}
