"""Books replayed from events: whatever happens, what came in is what is there and what left, with honest doubt (E15)."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chain_of_custody.domain.balance_lineage import balance_lineage, books_of
from services.chain_of_custody.domain.check_mass_balance import STEP, Quantity
from services.chain_of_custody.domain.measured_sum import MeasuredSum
from services.chain_of_custody.domain.replay_books import Books, replay
from services.chain_of_custody.domain.weigh_by_difference import Balance, weigh_by_difference

masses = st.integers(1, 10**6).map(lambda n: n / 1000)
doubts = st.integers(0, 10**4).map(lambda n: n / 1000)
FLOWS = ("composites", "consumed", "lost", "differences", "returned", "disposed")


class Story:
    """Events of a lineage as the acts write them, without the rules that would refuse some."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.items = ["root"]

    def tell(self, item: str, what: str, /, **details: Any) -> None:
        number = len(self.records)
        self.records.append({"id": f"e{number}", "item_id": item, "type": what, "details": details})

    def measured(self, item: str, kind: str, mass: float, doubt: float, **more: Any) -> None:
        self.tell(item, kind, net_mass_mg=mass, uncertainty_mg=doubt, **more)

    def aliquot(self, parent: str, mass: float, doubt: float) -> str:
        child = f"{parent}.{len(self.items)}"
        self.items.append(child)
        self.measured(parent, "aliquot_taken", mass, doubt, aliquot_id=child)
        self.measured(child, "aliquot_made", mass, doubt)
        return child

    def books(self) -> dict[str, Books]:
        return books_of(self.records)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    story = Story()
    story.measured("root", "weighed", draw(masses), draw(doubts))
    kinds = [
        "weighed",
        "consumed",
        "lost",
        "aliquot",
        "portion_taken",
        "discrepancy_resolved",
        "disposed",
        "gross",
    ]
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=25)):
        item = draw(st.sampled_from(story.items))
        mass, doubt = draw(masses), draw(doubts)
        if kind == "aliquot":
            story.aliquot(item, mass, doubt)
        elif kind == "portion_taken":
            story.measured(item, kind, mass, doubt, composite_id="C1", composite_number="C1")
        elif kind == "gross":
            story.tell(item, "weighed", kind="gross", mass_mg=mass, uncertainty_mg=doubt)
        elif kind == "discrepancy_resolved":
            story.tell(item, kind, code="weight", found_on=item)
        elif kind == "disposed":
            story.tell(item, kind)
        else:
            story.measured(item, kind, mass, doubt)
    return story


@pytest.mark.rule("E15")
@given(story=stories())
def test_what_came_in_is_what_is_there_and_what_left(story: Story) -> None:
    books = story.books()
    for one in books.values():
        assert one.received is not None and one.remaining is not None
        flows = (one.aliquots, one.composites, one.consumed, one.lost, one.differences)
        assert one.received.mass == one.remaining.mass + sum(flow.mass for flow in flows)
        assert one.left.mass == one.remaining.mass
    whole = balance_lineage(books["root"], [books[item] for item in story.items[1:]])
    assert whole.received is not None and whole.remaining is not None
    assert whole.received.mass == whole.remaining.mass + sum(whole.flows[name].mass for name in FLOWS)


@pytest.mark.rule("E15")
@given(story=stories())
def test_doubts_follow_from_the_measurements_alone(story: Story) -> None:
    """The identity holds for the measurements too: nothing but the root's first weighing is left of all terms together."""
    books = story.books()
    total = MeasuredSum()
    for one in books.values():
        assert one.received is not None
        for part in (one.left, one.composites, one.consumed, one.lost, one.differences, one.aliquots):
            total.add_sum(part)
        total.add_sum(one.received, -1)
    assert total.quantity() == Quantity(Decimal(0), Decimal(0))


@pytest.mark.rule("E15")
@given(
    inputs=st.lists(st.tuples(masses, doubts), min_size=1, max_size=6),
    signs=st.lists(st.tuples(st.integers(0, 5), st.sampled_from([1, -1])), max_size=12),
)
def test_a_sum_has_the_doubt_that_the_law_of_propagation_gives(
    inputs: list[tuple[float, float]], signs: list[tuple[int, int]]
) -> None:
    total, times = MeasuredSum(), np.zeros(len(inputs))
    for place, sign in signs:
        place %= len(inputs)
        mass, doubt = inputs[place]
        total.add(str(place), Quantity(Decimal(str(mass)), Decimal(str(doubt))), sign)
        times[place] += sign
    covariance = np.diag([doubt**2 for _, doubt in inputs])
    assert float(total.quantity().uncertainty) == pytest.approx(
        float(times @ covariance @ times) ** 0.5, abs=2e-9
    )
    assert float(total.mass) == pytest.approx(
        sum(n * mass for n, (mass, _) in zip(times, inputs, strict=True))
    )


@pytest.mark.rule("E15")
@given(repeatability=doubts, readability=doubts, calibration=doubts, before=masses, taken=masses)
def test_by_difference_the_common_calibration_cancels(
    repeatability: float, readability: float, calibration: float, before: float, taken: float
) -> None:
    found = weigh_by_difference(
        Decimal(str(before + taken)),
        Decimal(str(before)),
        Balance(Decimal(str(repeatability)), Decimal(str(readability))),
    )
    own, common = repeatability**2 + readability**2 / 12, calibration**2
    covariance = np.array([[own + common, common], [common, own + common]])
    signs = np.array([1.0, -1.0])
    assert float(found.uncertainty) == pytest.approx(
        2 * float(signs @ covariance @ signs) ** 0.5, rel=1e-6, abs=1e-6
    )
    assert float(found.mass) == pytest.approx(taken, abs=1e-6)
    independent = 2 * (2 * (own + common)) ** 0.5
    assert float(found.uncertainty) <= independent + 1e-6


@pytest.mark.rule("E15")
@given(steps=st.lists(st.tuples(masses, doubts), min_size=1, max_size=8))
def test_differences_add_up_over_weighings_to_the_first_and_the_last(
    steps: list[tuple[float, float]],
) -> None:
    """Weighings in between cancel: ten small losses are as certain as one large one."""
    story = Story()
    story.measured("root", "weighed", 500.0, 0.4)
    for mass, doubt in steps:
        story.measured("root", "weighed", mass, doubt)
    one = story.books()["root"]
    last = steps[-1]
    assert float(one.unexplained.mass) == pytest.approx(500.0 - last[0])
    expected = (0.4**2 + last[1] ** 2) ** 0.5
    assert float(one.unexplained.quantity().uncertainty) == pytest.approx(expected, abs=2e-9)


@pytest.mark.rule("E15")
@given(found=masses, doubt=doubts, story=stories())
def test_a_weighing_is_judged_as_it_will_stand_in_the_books(found: float, doubt: float, story: Story) -> None:
    before = story.books()["root"]
    judged = before.reweighed(Quantity(Decimal(str(found)), Decimal(str(doubt)))).quantity()
    story.measured("root", "weighed", found, doubt)
    after = story.books()["root"].unexplained.quantity()
    assert after.mass == judged.mass and abs(after.uncertainty - judged.uncertainty) <= STEP


def test_what_a_reviewer_explained_is_not_held_against_the_next_weighing() -> None:
    story = Story()
    story.measured("root", "weighed", 500.0, 0.4)
    story.measured("root", "weighed", 480.0, 0.4)
    assert story.books()["root"].unexplained.mass == 20
    story.tell("root", "discrepancy_resolved", code="seal", found_on="root")
    story.tell("root", "discrepancy_resolved", code="weight", found_on="parent")
    assert story.books()["root"].unexplained.mass == 20
    story.tell("root", "discrepancy_resolved", code="weight", found_on="root")
    assert story.books()["root"].unexplained.mass == 0 and story.books()["root"].differences.mass == 20


def test_events_that_tell_of_no_mass_leave_the_books_alone() -> None:
    books = replay([{"id": "e", "item_id": "i", "type": "stored", "details": {"net_mass_mg": 3}}])
    assert (books.received, books.remaining, books.left.mass) == (None, None, 0)
