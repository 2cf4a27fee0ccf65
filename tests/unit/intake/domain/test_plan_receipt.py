"""Lines are decided once; the state says what is still to come."""

from decimal import Decimal

import pytest

from services.intake.domain.compare_receipt import Announced, Seen
from services.intake.domain.plan_receipt import History, plan_receipt, submission_state
from shared.errors import Conflict, Invalid

LINES = {number: Announced(number, Decimal(5), f"S-{number}") for number in (1, 2, 3)}


def seen(line: int | None, outcome: str = "received") -> Seen:
    return Seen(line, outcome, None if outcome == "missing" else Decimal(5), "intact")


def test_a_history_grows_by_what_was_seen() -> None:
    arrivals, history = plan_receipt(LINES, History(), [seen(1), seen(2, "missing"), seen(None)])
    assert [arrival.is_exhibit for arrival in arrivals] == [True, False, True]
    assert history == History(frozenset({1}), frozenset({2}))
    (late,), history = plan_receipt(LINES, history, [seen(2)])
    assert late.late and late.is_exhibit and late.findings == ()
    assert history == History(frozenset({1, 2}), frozenset({2}))


@pytest.mark.parametrize("again", [seen(1), seen(1, "missing"), seen(1, "damaged"), seen(2, "missing")])
def test_a_line_is_decided_once(again: Seen) -> None:
    history = History.of([(1, "received"), (2, "missing")])
    with pytest.raises(Conflict, match=r"line [12]") as refused:
        plan_receipt(LINES, history, [seen(3), again])
    assert refused.value.code == "already_received"


def test_many_decided_lines_make_a_short_sentence() -> None:
    lines = {number: Announced(number, Decimal(5), "S") for number in range(100)}
    history = History.of((number, "received") for number in lines)
    with pytest.raises(Conflict, match=r"18, 19 and 80 more\.$"):
        plan_receipt(lines, history, [seen(number) for number in lines])


def test_every_unknown_line_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        plan_receipt(LINES, History(), [seen(1), seen(8), seen(None), seen(9)])
    assert [error["pointer"] for error in refused.value.errors] == ["/lines/1/line", "/lines/3/line"]


@pytest.mark.parametrize(
    ("arrived", "given_up", "state"),
    [
        ({1, 2, 3}, set(), "received"),
        ({1, 2}, set(), "partially_received"),
        (set(), set(), "partially_received"),
        ({1, 2}, {3}, "received"),
        (set(), {1, 2, 3}, "received"),
    ],
)
def test_the_state_after_a_receipt(arrived: set[int], given_up: set[int], state: str) -> None:
    assert submission_state(LINES, arrived, given_up) == state
