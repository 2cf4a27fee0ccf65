"""Any sequence of partial receipts: a line gets at most one exhibit, numbers leave no gap, and nothing is lost."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.compare_receipt import OUTCOMES, SEALS, Announced, Seen
from services.intake.domain.numbers import exhibit_number
from services.intake.domain.plan_receipt import History, plan_receipt, submission_state
from shared.errors import Conflict, Invalid

LINES = {number: Announced(number, Decimal(5), f"S-{number}") for number in range(1, 7)}
KNOWN = st.sampled_from(sorted(LINES))


@st.composite
def receipts(draw: st.DrawFn) -> list[Seen]:
    """What one receipt says: lines once each, some of them perhaps not announced, and things that nobody announced."""
    numbers = draw(st.lists(st.one_of(KNOWN, KNOWN, st.just(99)), unique=True, max_size=6))
    things: list[int | None] = [*numbers, *[None] * draw(st.integers(0, 2))]
    found = []
    for line in things:
        outcome = "received" if line is None else draw(st.sampled_from(OUTCOMES))
        mass = None if outcome == "missing" else draw(st.sampled_from([Decimal(5), Decimal("4.2")]))
        found.append(Seen(line, outcome, mass, draw(st.sampled_from(SEALS))))
    return found


@pytest.mark.rule("E1", "E5")
@given(st.lists(receipts(), max_size=12))
def test_any_sequence_of_partial_receipts(sequence: list[list[Seen]]) -> None:
    history, exhibits = History(), Counter[int]()
    numbers: list[str] = []
    for seen in sequence:
        try:
            arrivals, after = plan_receipt(LINES, history, seen)
        except (Conflict, Invalid):
            decided = (
                history.arrived | {row.line for row in seen if row.outcome == "missing"} & history.missing
            )
            assert any(row.line in decided or row.line == 99 for row in seen)
            continue
        assert [arrival.seen for arrival in arrivals] == seen
        for arrival in arrivals:
            codes = [finding.code for finding in arrival.findings]
            assert len(codes) == len(set(codes))
            assert ("missing" in codes) != arrival.is_exhibit
            assert ("unexpected" in codes) == (arrival.seen.line is None)
            if arrival.is_exhibit:
                numbers.append(exhibit_number(2026, len(numbers) + 1))
                exhibits.update([arrival.seen.line] if arrival.seen.line is not None else [])
        assert history.arrived <= after.arrived and history.missing <= after.missing
        history = after
    assert all(count == 1 for count in exhibits.values())
    assert set(exhibits) == history.arrived
    assert [int(number[4:]) for number in numbers] == list(range(1, len(numbers) + 1))
    assert (submission_state(LINES, history.arrived, ()) == "received") == (history.arrived == set(LINES))


@given(receipts(), receipts())
def test_what_is_refused_stays_refused(first: list[Seen], second: list[Seen]) -> None:
    try:
        _, history = plan_receipt(LINES, History(), first)
        plan_receipt(LINES, history, first)
    except (Conflict, Invalid):
        return
    assert all(row.line is None for row in first), "only things without a line may be received twice"
