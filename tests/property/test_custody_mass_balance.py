"""Whatever is weighed, taken and divided, the books close to the last digit (E15)."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chain_of_custody.domain.check_mass_balance import (
    STEP,
    Quantity,
    in_quadrature,
    is_loss,
    quantity,
    take,
    weigh,
)
from shared.errors import Conflict

masses = st.decimals(min_value=0, max_value=10**9, places=9)
doubts = st.decimals(min_value=0, max_value=1000, places=9)
quantities = st.builds(Quantity, masses, doubts)


@pytest.mark.rule("E15")
@given(
    start=quantities, acts=st.lists(st.tuples(st.sampled_from(["aliquot", "consume", "weigh"]), quantities))
)
def test_received_is_what_remains_and_what_left(start: Quantity, acts: list[tuple[str, Quantity]]) -> None:
    rest, gone, differences = start, Decimal(0), Decimal(0)
    for kind, amount in acts:
        with suppress(Conflict):
            if kind == "weigh":
                rest, difference = weigh(rest, amount, None, None)
                differences += difference
            else:
                rest = take(rest, amount)
                gone += amount.mass
        assert rest.mass >= 0
        assert start.mass == rest.mass + gone + differences


@given(rest=quantities, amount=quantities)
def test_no_more_is_taken_than_there_is_and_doubt_never_shrinks(rest: Quantity, amount: Quantity) -> None:
    if amount.mass > rest.mass:
        with pytest.raises(Conflict, match="remain"):
            take(rest, amount)
        return
    left = take(rest, amount)
    assert left.mass == rest.mass - amount.mass
    assert left.uncertainty >= max(rest.uncertainty, amount.uncertainty)
    assert left.uncertainty <= rest.uncertainty + amount.uncertainty + STEP


@given(first=doubts, second=doubts)
def test_quadrature_is_symmetric_and_never_rounded_down(first: Decimal, second: Decimal) -> None:
    found = in_quadrature(first, second)
    assert found == in_quadrature(second, first)
    assert found * found >= (first * first + second * second) * (1 - Decimal("1e-20"))


@given(rest=quantities, found=quantities)
def test_a_weighing_is_refused_or_a_loss_or_within_the_doubt_of_both(rest: Quantity, found: Quantity) -> None:
    tolerance = in_quadrature(rest.uncertainty, found.uncertainty)
    if found.mass - rest.mass > tolerance:
        with pytest.raises(Conflict, match="beyond the uncertainty"):
            weigh(rest, found, None, None)
    else:
        assert weigh(rest, found, None, None) == (found, rest.mass - found.mass)
        assert is_loss(rest, found, None) == (rest.mass - found.mass > tolerance)


@given(gross=masses, found=quantities)
def test_no_net_mass_above_the_gross_mass(gross: Decimal, found: Quantity) -> None:
    if found.mass > gross:
        with pytest.raises(Conflict, match="gross"):
            weigh(None, found, gross, None)
    else:
        assert weigh(None, found, gross, None) == (found, Decimal(0))


@given(mass=st.floats(0, 1e9), doubt=st.floats(0, 1e9))
def test_numbers_as_people_write_them(mass: Any, doubt: Any) -> None:
    found = quantity(mass, doubt)
    assert found.mass == round(Decimal(str(mass)), 9)
    assert Decimal(str(doubt)) <= found.uncertainty <= Decimal(str(doubt)) + STEP
