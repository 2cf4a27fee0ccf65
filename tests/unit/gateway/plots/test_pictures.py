"""Pictures: well-formed, complete, the same for the same numbers, and safe with hostile words."""

import itertools
import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from gateway.plots.draw_network import Node, draw_network, group_name, on_ring
from gateway.plots.draw_profiles import Pair, draw_profiles
from gateway.plots.draw_shares import draw_shares, periods_between
from gateway.plots.draw_tippett import draw_tippett
from gateway.plots.draw_traces import Curve, Peak, draw_traces, spread_out
from gateway.plots.svg import SHAPES, Picture, Scale, mark, number, ticks, wrapped
from shared.figures.svg import COLOURS

SVG = "{http://www.w3.org/2000/svg}"
CAVEAT = "Never alone."
HOSTILE = '"><script>alert(1)</script>&'


def read(picture: Picture) -> Element:
    return ElementTree.fromstring(str(picture.markup()))


def words(root: Element) -> list[str]:
    return ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]


def nodes(count: int, groups: int = 3) -> list[Node]:
    return [Node(f"id{n}", f"S26-{n:06d} BOG", n % groups, f"/links/id{n}") for n in range(count)]


def share(n: int, of: int) -> dict[str, float]:
    return {"n": n, "share": n / of, "low": max(0, n / of - 0.1), "high": min(1, n / of + 0.1)}


def item(group: str, **counts: int) -> dict[str, object]:
    total = sum(counts.values())
    return {"group": group, "n": total, "shares": {name: share(n, total) for name, n in counts.items()}}


class TestScales:
    def test_ticks_are_round_and_lie_within(self) -> None:
        assert ticks(0, 1, 4) == [0, 0.5, 1]
        assert ticks(120, 1101.5, 10)[0] == 200
        assert ticks(-2.1, 2.3) == [-2, -1, 0, 1, 2]
        assert ticks(5, 5) == [5]
        assert ticks(0, float("inf")) == [0]

    def test_numbers_at_axes(self) -> None:
        assert number(0.1 + 0.2) == "0.3"
        assert number(-1e-17) == "0"

    def test_a_scale_without_size_answers_its_middle(self) -> None:
        assert Scale(3, 3, 0, 10)(3) == 5
        assert Scale(0, 10, 100, 0)(10) == 0

    def test_words_are_wrapped_and_none_is_lost(self) -> None:
        lines = wrapped("one two three four five", 60)
        assert len(lines) > 1
        assert " ".join(lines) == "one two three four five"
        assert wrapped("unbreakable" * 20, 10) == ["unbreakable" * 20]

    def test_marks_differ_by_shape_as_well_as_by_colour(self) -> None:
        drawn = [mark(0, 0, kind, fill="#000") for kind in range(len(SHAPES))]
        assert len(set(drawn)) == len(SHAPES)
        assert len(set(COLOURS)) == len(COLOURS)


class TestNetwork:
    def test_every_item_is_a_link_with_its_group_in_words(self) -> None:
        root = read(draw_network(nodes(7), [{"from": "id0", "to": "id3", "score": 0.9}], CAVEAT))
        links = list(root.iter(f"{SVG}a"))
        assert {link.get("href") for link in links} == {f"/links/id{n}" for n in range(7)}
        own = next(link for link in links if link.get("href") == "/links/id0")
        assert own.get("aria-label") == "S26-000000 BOG, group A, the item itself"
        assert root.get("role") == "group"
        assert CAVEAT in " ".join(words(root))

    def test_an_item_that_may_not_be_opened_is_no_link(self) -> None:
        root = read(draw_network([Node("a", "A", 0, None), Node("b", "B", 1, "/b")], [], CAVEAT))
        assert [link.get("href") for link in root.iter(f"{SVG}a")] == ["/b"]

    @pytest.mark.parametrize("count", [1, 2, 60, 200])
    def test_no_two_labels_come_nearer_than_a_line_of_words(self, count: int) -> None:
        placed, radius = on_ring(nodes(count, groups=min(count, 9)))
        angles = sorted(each.angle for each in placed)
        assert len(angles) == count
        gaps = [later - one for one, later in itertools.pairwise(angles)]
        assert all(gap * radius > 13 for gap in gaps)

    def test_groups_lie_together_and_the_own_one_first(self) -> None:
        placed, _ = on_ring(nodes(9))
        groups = [each.node.group for each in placed]
        assert groups == sorted(groups)
        assert placed[0].node.item_id == "id0"

    def test_the_same_answer_gives_the_same_picture(self) -> None:
        edges = [{"from": "id0", "to": f"id{n}", "score": n / 10} for n in range(1, 6)]
        assert str(draw_network(nodes(6), edges, CAVEAT).markup()) == str(
            draw_network(nodes(6), list(reversed(edges)), CAVEAT).markup()
        )

    def test_no_item_is_an_error_and_groups_have_letters(self) -> None:
        with pytest.raises(ValueError, match="the item itself"):
            draw_network([], [], CAVEAT)
        assert [group_name(n) for n in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


class TestShares:
    def test_every_class_has_a_panel_and_every_point_an_interval(self) -> None:
        picture = draw_shares(
            [item("2024", Mexico=3, Unknown=1), item("2026", Mexico=1, Unknown=1)],
            "year",
            title="HSP",
            caveat=CAVEAT,
            stamp="SYNTHETIC: all",
        )
        told = words(read(picture))
        assert {"HSP", "Mexico", "Unknown", "SYNTHETIC: all", CAVEAT, "2025", "3 of 4"} <= set(told)

    def test_a_year_without_seizures_breaks_the_line(self) -> None:
        def lines(*years: str) -> int:
            drawn = draw_shares([item(year, A=1, B=1) for year in years], "year", title="t", caveat=CAVEAT)
            return str(drawn.markup()).count('stroke-width="1.2"')

        assert lines("2024", "2025") == 2
        assert lines("2024", "2026") == 0

    def test_groups_without_time_stand_in_rows(self) -> None:
        told = words(
            read(draw_shares([item("BKK", A=2), item("BOG", A=1)], "office", title="t", caveat=CAVEAT))
        )
        assert {"BKK", "BOG", "2 of 2"} <= set(told)

    def test_nothing_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="nothing to draw"):
            draw_shares([], "year", title="t", caveat=CAVEAT)

    def test_periods_have_no_gaps(self) -> None:
        assert periods_between("2024", "2026", "year") == ["2024", "2025", "2026"]
        assert periods_between("2025-Q3", "2026-Q1", "quarter") == ["2025-Q3", "2025-Q4", "2026-Q1"]
        assert periods_between("2025-11", "2026-02", "month") == ["2025-11", "2025-12", "2026-01", "2026-02"]


class TestTraces:
    one = Curve("one", [100.0, 110.0, 120.0], [0.0, 50.0, 1.0], "counts", "s")
    two = Curve("two", [100.0, 110.0, 120.0], [0.0, 500.0, 1.0], "counts", "s")

    @staticmethod
    def heights(root: Element) -> list[list[float]]:
        """y of the curves, which alone have round joins."""
        paths = [each.get("d") or "" for each in root.iter(f"{SVG}path") if each.get("stroke-linejoin")]
        return [[float(y) for y in re.findall(r"[ML]\S+ ([\d.]+)", path)] for path in paths]

    def test_the_second_is_mirrored_and_each_fills_its_half(self) -> None:
        up, down = self.heights(read(draw_traces([self.one, self.two], view="mirror", title="t")))
        assert up[0] == down[0] and up[1] < up[0] < down[1]
        assert up[0] - up[1] == pytest.approx(down[1] - down[0])

    def test_over_each_other_both_rise_to_the_same_height(self) -> None:
        one, two = self.heights(read(draw_traces([self.one, self.two], view="overlay", title="t")))
        assert one[1] == two[1] < one[0]

    def test_only_peaks_in_the_part_are_named_and_no_names_collide(self) -> None:
        peaks = [Peak("early", 90), Peak("codeine", 109.9), Peak("morphine", 110.1)]
        root = read(draw_traces([self.one], view="mirror", title="t", peaks=[peaks]))
        assert "early" not in words(root)
        places = [
            float(t.get("x") or 0) for t in root.iter(f"{SVG}text") if t.text in ("codeine", "morphine")
        ]
        assert len(places) == 2 and abs(places[0] - places[1]) >= 12.9

    def test_what_is_higher_than_the_share_is_cut_off(self) -> None:
        (whole,) = self.heights(read(draw_traces([self.one], view="mirror", title="t")))
        (low,) = self.heights(read(draw_traces([self.one], view="mirror", title="t", share=0.05)))
        assert low[1] == whole[1]
        assert low[2] < whole[2], "the small signal is drawn higher"

    def test_an_empty_part_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="no point"):
            draw_traces([Curve("none", [], [], "counts", "s")], view="mirror", title="t")

    def test_one_empty_run_beside_another_and_a_flat_one(self) -> None:
        flat = Curve("flat", [1.0, 2.0], [0.0, 0.0], "counts", "s")
        assert (
            len(
                self.heights(
                    read(draw_traces([flat, Curve("n", [], [], "c", "s")], view="mirror", title="t"))
                )
            )
            == 1
        )

    def test_labels_are_spread_as_little_as_needed(self) -> None:
        assert spread_out([10, 100], 13) == [10, 100]
        assert spread_out([50, 50], 10) == [45, 55]
        assert spread_out([0, 1, 2, 100], 10) == [-9, 1, 11, 100]
        assert spread_out([], 10) == []


class TestProfiles:
    pairs = (Pair("morphine", 0.9, 0.2, 1.1, -0.4), Pair("Ba", None, 0.5, 0.0, 0.1))

    def test_own_values_go_up_and_the_others_down(self) -> None:
        root = read(draw_profiles(self.pairs, ("S1", "S2"), view="mirror", title="t", caveat=CAVEAT))
        bars = [
            each
            for each in root.iter(f"{SVG}rect")
            if each.get("fill") in COLOURS and float(each.get("width") or 0) > 15
        ]
        own = next(bar for bar in bars if bar.get("fill") == COLOURS[0])
        other = next(bar for bar in bars if bar.get("fill") == COLOURS[1])
        assert float(own.get("y") or 0) + float(own.get("height") or 0) == pytest.approx(
            float(other.get("y") or 0)
        )
        assert float(own.get("height") or 0) > float(other.get("height") or 0)
        assert len(bars) == 3, "what was not measured has no bar"
        assert {"morphine", "Ba", "–", CAVEAT} <= set(words(root))

    def test_what_was_not_measured_is_hollow(self) -> None:
        drawn = str(
            draw_profiles(self.pairs, ("S1", "S2"), view="overlay", title="t", caveat=CAVEAT).markup()
        )
        assert drawn.count('fill="#ffffff"') == 2, "the ground and one mark"

    def test_no_analyte_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="no analyte"):
            draw_profiles([], ("S1", "S2"), view="mirror", title="t", caveat=CAVEAT)


def test_tippett_has_two_curves_that_differ_without_colour() -> None:
    root = read(draw_tippett([-1, 0, 1], [1, 0.9, 0.5], [0.5, 0.1, 0], title="t", note="Cllr 0.04"))
    curves = [each for each in root.iter(f"{SVG}path") if each.get("fill") == "none"]
    assert [curve.get("stroke-dasharray") for curve in curves] == [None, "7 4"]
    assert {"linked pairs", "unlinked pairs", "Cllr 0.04"} <= set(words(root))
    with pytest.raises(ValueError, match="nothing to draw"):
        draw_tippett([], [], [], title="t", note="")


def test_hostile_words_stay_words_in_every_picture() -> None:
    drawn = [
        draw_network([Node("a", HOSTILE, 0, HOSTILE), Node("b", HOSTILE, 1, None)], [], HOSTILE),
        draw_shares([item("2026", **{HOSTILE: 1})], "year", title=HOSTILE, caveat=HOSTILE, stamp=HOSTILE),
        draw_shares([item(HOSTILE, A=1)], "office", title="t", caveat=CAVEAT),
        draw_traces(
            [Curve(HOSTILE, [1.0, 2.0], [1.0, 2.0], HOSTILE, HOSTILE)],
            view="mirror",
            title=HOSTILE,
            caveat=HOSTILE,
            peaks=[[Peak(HOSTILE, 1.5)]],
        ),
        draw_profiles(
            [Pair(HOSTILE, 0.1, 0.2, 0, 0)], (HOSTILE, HOSTILE), view="mirror", title=HOSTILE, caveat=HOSTILE
        ),
    ]
    for picture in drawn:
        assert list(read(picture).iter(f"{SVG}script")) == []


def test_the_baseline_of_a_peak_is_drawn_where_it_was_integrated_in_this_curve() -> None:
    curve = Curve("mz", [0.0, 10.0, 20.0], [10.0, 100.0, 20.0], "counts", "s")

    def bases(peak: Peak, start: float | None = None, end: float | None = None) -> int:
        picture = draw_traces([curve], view="mirror", title="t", peaks=[[peak]], start=start, end=end)
        return str(picture.markup()).count('stroke-width="1.5"')

    assert bases(Peak("codeine", 10.0)) == 0
    assert bases(Peak("codeine", 10.0, ((5.0, 10.0), (15.0, 20.0)))) == 3, "the line and its two ends"
    assert bases(Peak("codeine", 10.0, ((5.0, 10.0), (5.0, 10.0)))) == 3
    assert bases(Peak("codeine", 10.0, ((5.0, 10.0), (15.0, 20.0))), start=15.0, end=20.0) == 0
