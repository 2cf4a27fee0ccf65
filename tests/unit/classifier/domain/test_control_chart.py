import numpy as np
import pytest

from services.classifier.domain.control_chart import BASELINE, LEAST, broken_rules, control_chart


@pytest.mark.parametrize(
    ("scores", "rules"),
    [
        ([0.2, 3.1], ("1-3s",)),
        ([0.2, -3.1], ("1-3s",)),
        ([0.2, 3.0], ()),
        ([2.1, 2.1], ("2-2s",)),
        ([2.1, -2.1], ("R-4s",)),
        ([-2.5, 0.0, 2.5], ()),
        ([1.1, 1.2, 1.1, 1.3], ("4-1s",)),
        ([1.1, 1.2, -1.1, 1.3], ()),
        ([0.1] * 10, ("10-x",)),
        ([0.1] * 9, ()),
        ([0.1] * 5 + [-0.1] + [0.1] * 4, ()),
        ([1.5] * 8 + [2.5, 3.5], ("1-3s", "2-2s", "4-1s", "10-x")),
    ],
)
def test_each_rule_and_its_limit(scores: list[float], rules: tuple[str, ...]) -> None:
    assert broken_rules(scores) == rules


def test_given_limits_judge_from_the_first_value_on() -> None:
    chart = control_chart([10.0, 14.0], (10.0, 1.0))
    assert chart.limits is not None
    assert (chart.limits.from_values, chart.limits.at(-3)) == (0, 7.0)
    assert [point.violations for point in chart.points] == [(), ("1-3s",)]
    assert [point.z for point in chart.points] == [0.0, 4.0]


def test_the_first_values_make_the_limits_where_none_are_given() -> None:
    values = np.random.default_rng(2).normal(5, 0.1, BASELINE).tolist()
    assert control_chart(values[: LEAST - 1]).limits is None
    chart = control_chart([*values, 5.9])
    assert chart.limits is not None
    assert chart.limits.from_values == BASELINE
    assert chart.limits.centre == pytest.approx(np.mean(values))
    assert chart.limits.sd == pytest.approx(np.std(values, ddof=1))
    assert [point.z for point in chart.points[:LEAST]] == [None] * LEAST
    assert chart.points[-1].violations == ("1-3s",)


def test_no_value_is_part_of_what_it_is_judged_by() -> None:
    values = np.random.default_rng(2).normal(5, 0.1, LEAST).tolist()
    chart = control_chart([*values, 7.0, values[0]])
    assert chart.points[LEAST].violations == ("1-3s",)
    assert chart.limits is not None
    assert (chart.limits.from_values, chart.limits.centre) == (LEAST + 1, pytest.approx(5, abs=0.1))


def test_values_that_are_all_alike_are_not_judged() -> None:
    assert control_chart([3.0] * 12).limits is None


def test_in_control_few_runs_are_refused() -> None:
    values = np.random.default_rng(4).normal(0, 1, 20_000).tolist()
    broken = [point for point in control_chart(values, (0.0, 1.0)).points if point.violations]
    # 1-3s alone refuses 0.27 %; all five together about one per cent.
    assert 0.006 < len(broken) / len(values) < 0.014
