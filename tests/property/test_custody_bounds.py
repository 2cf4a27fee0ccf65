"""Whatever acts are accepted, what is missing without anybody else having looked stays below a bound that is stated (E15)."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chain_of_custody.domain.balance_lineage import (
    find_lineage_loss,
    refuse_lineage_gain,
    unexplained_over,
)
from services.chain_of_custody.domain.check_mass_balance import (
    FLOOR_MG,
    SHARE,
    Quantity,
    is_plausible,
    most_missing,
    take,
)
from services.chain_of_custody.domain.judge_net import judge_net
from services.chain_of_custody.domain.replay_books import Books
from shared.errors import Conflict

STEP = Decimal("0.001")


class Laboratory:
    """An exhibit and its aliquots under the rules for masses, without anything else; `looked` once somebody else must look."""

    def __init__(self, first: Quantity) -> None:
        self.items = {"root": Books()}
        self.acts = 0
        self.looked = False
        self._tell("root", "weighed", first)

    def take(self, name: str, taken: Quantity) -> None:
        """Some is used up; more than there is, is refused."""
        take(self.items[name].remaining, taken)
        self._tell(name, "consumed", taken)

    def divide(self, name: str, taken: Quantity) -> None:
        """An aliquot is taken."""
        take(self.items[name].remaining, taken)
        child = f"{name}.{len(self.items)}"
        self._tell(name, "aliquot_taken", taken, aliquot_id=child)
        self.items[child] = Books()
        self._tell(child, "aliquot_made", taken)

    def weigh(self, name: str, found: Quantity) -> None:
        """What is there is weighed, by itself and as a part of the whole."""
        books, root = self.items[name], self.items["root"]
        judged = judge_net(books, found, None)
        assert judged.would is not None
        rest = [(of.unexplained, of.first_mass()) for other, of in self.items.items() if other != name]
        whole = unexplained_over([(judged.would, books.first_mass()), *rest])
        refuse_lineage_gain("root", whole, root.first_mass(), found.uncertainty)
        self.looked = judged.lost or find_lineage_loss("root", whole, root.first_mass()) is not None
        self._tell(name, "weighed", found)

    def missing(self) -> Decimal:
        """What the books cannot tell where it went."""
        return sum((books.unexplained.mass for books in self.items.values()), Decimal(0))

    def _tell(self, name: str, kind: str, measured: Quantity, **more: Any) -> None:
        self.acts += 1
        told = {"net_mass_mg": measured.mass, "uncertainty_mg": measured.uncertainty, **more}
        self.items[name].apply({"id": f"e{self.acts}", "item_id": name, "type": kind, "details": told})


def least_certain(mass: Decimal) -> Quantity:
    """A mass with the largest uncertainty that is taken from anybody."""
    found = Quantity(mass, max(mass / 10, FLOOR_MG))
    assert is_plausible(found) and not is_plausible(Quantity(mass, found.uncertainty + STEP))
    return found


masses = st.integers(1, 10**6).map(lambda n: n * STEP)
acts = st.tuples(
    st.sampled_from(["take", "divide", "weigh", "weigh", "short"]), st.integers(0, 40), st.integers(0, 1000)
)


@pytest.mark.rule("E15")
@given(first=masses, story=st.lists(acts, max_size=40))
def test_what_is_missing_unseen_stays_below_the_bound(
    first: Decimal, story: list[tuple[str, int, int]]
) -> None:
    laboratory = Laboratory(least_certain(first))
    bound = max(SHARE * first, FLOOR_MG)
    for kind, which, part in story:
        name = list(laboratory.items)[which % len(laboratory.items)]
        remaining = laboratory.items[name].remaining
        assert remaining is not None
        there = remaining.mass
        with suppress(Conflict):
            if kind == "weigh":
                laboratory.weigh(name, least_certain(there * (1000 - part) / 1000))
            elif kind == "short":
                laboratory.weigh(name, least_certain(max(there - bound * part / 1000, Decimal(0))))
            elif there > 0:
                amount = max((there * part / 4000).quantize(STEP), STEP)
                getattr(laboratory, kind)(name, least_certain(amount))
        if laboratory.looked:
            return
        assert laboratory.missing() <= bound


@pytest.mark.rule("E15")
@pytest.mark.parametrize("portions", [0, 60, 400])
def test_many_small_portions_open_no_hole(portions: int) -> None:
    """Each leaves a milligram in doubt and books nearly nothing: together they would pass sqrt(n) mg."""
    laboratory = Laboratory(Quantity(Decimal(500), Decimal("0.4")))
    for _ in range(portions):
        laboratory.take("root", Quantity(STEP, FLOOR_MG))
    there = laboratory.items["root"].remaining
    assert there is not None
    laboratory.weigh("root", Quantity(there.mass - Decimal("10.1"), Decimal("0.4")))
    assert laboratory.looked


@pytest.mark.rule("E15")
def test_many_aliquots_open_no_hole() -> None:
    """Each may miss a milligram; the whole may miss no more than the exhibit may."""
    laboratory = Laboratory(Quantity(Decimal(1000), Decimal("0.4")))
    for _ in range(60):
        laboratory.divide("root", Quantity(Decimal(10), FLOOR_MG))
    seen = 0
    for name in [name for name in laboratory.items if name != "root"]:
        laboratory.weigh(name, Quantity(Decimal(9), FLOOR_MG))
        if laboratory.looked:
            break
        seen += 1
    assert seen <= 20


def test_a_coarse_first_weighing_hides_no_more_than_a_fine_one() -> None:
    laboratory = Laboratory(Quantity(Decimal(9000), Decimal(900)))
    laboratory.weigh("root", Quantity(Decimal(8821), Decimal("0.4")))
    assert not laboratory.looked
    laboratory.weigh("root", Quantity(Decimal(8819), Decimal("0.4")))
    assert laboratory.looked


def test_the_uncertainty_passes_where_it_is_less_than_the_bound() -> None:
    received = Quantity(Decimal(500), Decimal("0.4"))
    assert most_missing(Decimal("0.5"), received) == Decimal("0.5")
    assert most_missing(Decimal(80), received) == 10
    assert most_missing(Decimal(80), Quantity(Decimal(5), Decimal("0.1"))) == 1
