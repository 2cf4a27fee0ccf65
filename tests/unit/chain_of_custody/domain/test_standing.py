"""An item's state and what it forbids."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from services.chain_of_custody.domain.standing import (
    require_holder,
    require_not_blocked,
    require_not_ended,
    require_not_on_hold,
    standing_of,
    state_of,
)
from shared.errors import Conflict


@dataclass
class Thing:
    """An item as far as its standing goes."""

    number: str = "S26-000001"
    holder_kind: str = "person"
    holder: str = "custodian"
    holder_name: str = "Clara"
    blocked: bool = False
    open_holds: int = 0
    ending: str | None = None
    remaining_mg: Decimal | None = None
    uncertainty_mg: Decimal | None = None
    aliquots: int = 0
    seal_number: str | None = "S-1"
    seal_condition: str | None = "intact"


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, "in_custody"),
        ({"remaining_mg": Decimal("0.5")}, "in_custody"),
        ({"remaining_mg": Decimal(0)}, "depleted"),
        ({"remaining_mg": Decimal(0), "blocked": True}, "blocked"),
        ({"blocked": True, "open_holds": 2}, "on_hold"),
        ({"open_holds": 1, "ending": "disposed"}, "disposed"),
        ({"ending": "returned"}, "returned"),
    ],
)
def test_the_strongest_fact_is_the_state(facts: dict[str, Any], state: str) -> None:
    assert state_of(Thing(**facts)) == state


@pytest.mark.rule("E8")
@pytest.mark.parametrize("facts", [{"holder": "technician"}, {"holder_kind": "place"}])
def test_only_who_has_it_in_hand_is_its_holder(facts: dict[str, Any]) -> None:
    require_holder(Thing(), "custodian")
    with pytest.raises(Conflict, match="is with Clara") as refused:
        require_holder(Thing(**facts), "custodian")
    assert refused.value.code == "not_holder"


def test_refusals_have_their_own_codes() -> None:
    for check, facts, code in (
        (require_not_ended, {"ending": "disposed"}, "ended"),
        (require_not_blocked, {"blocked": True}, "blocked"),
        (require_not_on_hold, {"open_holds": 1}, "on_hold"),
    ):
        check(Thing())
        with pytest.raises(Conflict) as refused:
            check(Thing(**facts))
        assert refused.value.code == code


@pytest.mark.rule("E13")
def test_the_standing_tells_masses_exactly() -> None:
    told = standing_of(
        Thing(remaining_mg=Decimal("0.000000001"), uncertainty_mg=Decimal("12.500"), aliquots=2)
    )
    assert (told["remaining_mg"], told["uncertainty_mg"], told["aliquots"]) == ("0.000000001", "12.500", 2)
    assert standing_of(Thing(open_holds=1))["state"] == "on_hold"
    assert standing_of(Thing())["remaining_mg"] is None
