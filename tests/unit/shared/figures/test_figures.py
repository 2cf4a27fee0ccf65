"""Figures are well-formed, say what they show, and hold nothing that a strict content policy refuses."""

import re
from xml.etree import ElementTree

import pytest

from shared.figures.bars import Bar, draw_bars
from shared.figures.intervals import Estimate, draw_intervals
from shared.figures.matrix import draw_matrix
from shared.figures.reliability import Bin, draw_reliability
from shared.figures.scatter import Point, draw_scatter
from shared.figures.strips import Strip, draw_strips
from shared.figures.svg import round_steps, shortened

HOSTILE = '<script>alert("&")</script>'
CLASSES = [("North & South", 0), (HOSTILE, 9)]
STRIP = Strip("a", {"North & South": (0.0, 1.0, 2.0), HOSTILE: (1.0, 1.5, 2.0)}, 0.5, "0.5")

FIGURES = {
    "strips": draw_strips([STRIP, Strip(HOSTILE, {}, None)], CLASSES, title=HOSTILE, sample="S26"),
    "scatter": draw_scatter(
        [Point(0, 0, 0), Point(1, 2, 9)], CLASSES, title=HOSTILE, sample=(HOSTILE, 0.5, 1)
    ),
    "scatter of nothing": draw_scatter([], [], title=HOSTILE),
    "bars": draw_bars([Bar(HOSTILE, -2.0, "x"), Bar("b", 0.0)], title=HOSTILE, sides=("against", "for")),
    "reliability": draw_reliability([Bin(0.9, 1.0, 0.8, 1.0, 12)], title=HOSTILE),
    "intervals": draw_intervals([Estimate(HOSTILE, 0.9, 0.8, 1.0)], title=HOSTILE, line_at=(0.9, HOSTILE)),
    "matrix": draw_matrix({HOSTILE: {HOSTILE: 3}}, [HOSTILE], [HOSTILE, "Unknown"], title=HOSTILE),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_xml_with_a_title_and_neither_script_nor_style(name: str) -> None:
    root = ElementTree.fromstring(FIGURES[name])
    assert root.attrib["role"] == "img"
    assert root[0].tag.endswith("title") and root[0].text == HOSTILE
    for element in root.iter():
        assert element.tag.rpartition("}")[2] not in ("script", "style", "foreignObject")
        assert not {key for key in element.attrib if key == "style" or key.startswith("on")}
    assert "nan" not in re.sub(r">[^<]*<", "><", FIGURES[name])


def test_a_value_far_outside_is_drawn_at_the_edge_and_the_classes_keep_their_room() -> None:
    far = Strip("a", {"P": (0.0, 1.0, 2.0)}, 1e9)
    near = Strip("a", {"P": (0.0, 1.0, 2.0)}, 1.0)
    drawn = [ElementTree.fromstring(draw_strips([s], [("P", 0)], title="t", sample="S")) for s in (far, near)]
    widths = [
        max(float(e.attrib["width"]) for e in root.iter() if "fill-opacity" in e.attrib) for root in drawn
    ]
    assert widths[0] > widths[1] / 3


def test_round_steps_are_round_and_inside() -> None:
    assert round_steps(0.0, 1.0, 4) == [0.0, 0.5, 1.0]
    assert round_steps(83.0, 97.0, 4) == [85.0, 90.0, 95.0]
    assert round_steps(1.0, 1.0) == [1.0]


def test_long_words_end_with_an_ellipsis_within_the_width() -> None:
    said = shortened("O6-monoacetylmorphine", 60)
    assert said.endswith("…") and len(said) < 12
