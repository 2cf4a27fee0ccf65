"""Shares with their intervals: one small picture a class, all with the same scales, and the caveat on the picture itself."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.plots.svg import Picture, Scale, line, mark, number, text, ticks, width_of, wrapped
from shared.figures.svg import INK, LINE, QUIET

TIMES = ("year", "quarter", "month")
_PANEL = 360.0
_COLUMNS = 3
_ROW = 22.0
_MOST_LABELS = 7


@dataclass(frozen=True, slots=True)
class Point:
    """A value with its interval in one group, and in words how many it was computed from."""

    group: str
    value: float
    low: float
    high: float
    counted: str


@dataclass(frozen=True, slots=True)
class _Panel:
    """One panel: whose values, between which groups and up to what, where it lies and how tall it is."""

    points: Sequence[Point]
    groups: Sequence[str]
    place: int
    x: float
    y: float
    tall: float
    top: float
    percent: bool

    def told(self, value: float) -> str:
        """A value at an axis."""
        return f"{100 * value:.0f} %" if self.percent else number(value)


def periods_between(first: str, last: str, group_by: str) -> list[str]:
    """Every year (2026), quarter (2026-Q4) or month (2026-11) from the first to the last, so that gaps show."""
    if group_by == "year":
        return [f"{year:04d}" for year in range(int(first), int(last) + 1)]
    parts, sign = (4, "-Q") if group_by == "quarter" else (12, "-")
    places = [int(period.split(sign)[0]) * parts + int(period.split(sign)[1]) - 1 for period in (first, last)]
    width = 1 if group_by == "quarter" else 2
    return [f"{at // parts:04d}{sign}{at % parts + 1:0{width}d}" for at in range(places[0], places[1] + 1)]


def panels_of(items: Sequence[Mapping[str, Any]]) -> dict[str, list[Point]]:
    """Class -> its share in every group that has any result; a class that a group has none of is 0 there, as the API says."""
    classes = sorted({name for row in items for name in row["shares"]})
    return {
        name: [
            Point(row["group"], share["share"], share["low"], share["high"], f"{share['n']} of {row['n']}")
            for row in items
            if (share := row["shares"].get(name)) is not None
        ]
        for name in classes
    }


def draw_shares(
    items: Sequence[Mapping[str, Any]], group_by: str, *, title: str, caveat: str, stamp: str = ""
) -> Picture:
    """The shares of `GET /statistics/origins`; raises ValueError where there is no group."""
    if not items:
        raise ValueError("there is nothing to draw")
    is_time = group_by in TIMES
    names = [row["group"] for row in items]
    groups = periods_between(names[0], names[-1], group_by) if is_time else names
    panels = panels_of(items)
    return draw_panels(
        panels,
        groups,
        is_time=is_time,
        title=title,
        caveat=caveat,
        stamp=stamp,
        top=1.0,
        percent=True,
    )


def draw_panels(
    panels: Mapping[str, Sequence[Point]],
    groups: Sequence[str],
    *,
    is_time: bool,
    title: str,
    caveat: str,
    stamp: str = "",
    top: float,
    percent: bool,
    name: str = "shares",
) -> Picture:
    """One panel for each name, values from 0 to `top` against time, or in rows by group."""
    columns = min(_COLUMNS, len(panels))
    tall = 210.0 if is_time else 62.0 + _ROW * len(groups)
    width = max(columns * _PANEL, 720.0)
    rows = -(-len(panels) // columns)
    lines = wrapped(caveat, width - 30, 12)
    head = 44.0 + (20.0 if stamp else 0.0)
    picture = Picture(
        width,
        head + rows * tall + 14 + 17 * len(lines),
        title,
        f"{len(panels)} panels over {len(groups)} groups; the table beneath holds the same numbers. {caveat}",
        name=name,
    )
    picture.add(text(15, 24, title, size=16, font_weight=700))
    if stamp:
        picture.add(text(15, 46, stamp, size=13, font_weight=700, fill="#b8371f"))
    for place, (panel, points) in enumerate(panels.items()):
        x, y = (place % columns) * _PANEL, head + (place // columns) * tall
        draw = _over_time if is_time else _in_rows
        picture.add(mark(x + 22, y + 13, place, 5.5), text(x + 34, y + 18, panel, size=13, font_weight=700))
        draw(picture, _Panel(points, groups, place, x, y, tall, top, percent))
    picture.words(lines, 15, head + rows * tall + 14, fill=QUIET)
    return picture


def _whisker(picture: Picture, x1: float, y1: float, x2: float, y2: float) -> None:
    picture.add(line(x1, y1, x2, y2, INK, stroke_width=1.5))
    across = (0.0, 4.0) if y1 == y2 else (4.0, 0.0)
    for x, y in ((x1, y1), (x2, y2)):
        picture.add(line(x - across[0], y - across[1], x + across[0], y + across[1], INK, stroke_width=1.5))


def _over_time(picture: Picture, panel: _Panel) -> None:
    x, y = panel.x, panel.y
    across = Scale(-0.5, len(panel.groups) - 0.5, x + 50, x + _PANEL - 12)
    up = Scale(0, panel.top, y + panel.tall - 44, y + 30)
    for at in ticks(0, panel.top, 4):
        picture.add(line(across.start, up(at), across.end, up(at)))
        picture.add(text(across.start - 6, up(at) + 4, panel.told(at), size=11, anchor="end", fill=QUIET))
    widest = 12 + max(width_of(group, 11) for group in panel.groups)
    every = -(-len(panel.groups) * int(widest) // int(across.end - across.start))
    for at, group in enumerate(panel.groups):
        if at % every == 0:
            picture.add(text(across(at), up.start + 16, group, size=11, anchor="middle", fill=QUIET))
    where = {group: at for at, group in enumerate(panel.groups)}
    drawn = [(across(where[point.group]), point) for point in panel.points]
    for (x1, one), (x2, other) in itertools.pairwise(drawn):
        if where[other.group] == where[one.group] + 1:
            picture.add(line(x1, up(one.value), x2, up(other.value), QUIET, stroke_width=1.2))
    for at, point in drawn:
        _whisker(picture, at, up(max(point.low, 0.0)), at, up(min(point.high, panel.top)))
        picture.add(mark(at, up(point.value), panel.place, 5.0, stroke="#ffffff", stroke_width=1))
        if len(panel.groups) <= _MOST_LABELS:
            picture.add(text(at, up.start + 30, point.counted, size=11, anchor="middle", fill=QUIET))


def _in_rows(picture: Picture, panel: _Panel) -> None:
    x, y = panel.x, panel.y
    left = min(130.0, 24 + max(width_of(group, 12) for group in panel.groups))
    across = Scale(0, panel.top, x + left, x + _PANEL - 66)
    foot = y + 34 + _ROW * len(panel.groups)
    for at in ticks(0, panel.top, 4):
        picture.add(line(across(at), y + 28, across(at), foot, LINE))
        picture.add(text(across(at), foot + 14, panel.told(at), size=11, anchor="middle", fill=QUIET))
    by_group = {point.group: point for point in panel.points}
    for row, group in enumerate(panel.groups):
        middle = y + 34 + _ROW * (row + 0.5)
        picture.add(text(across.start - 8, middle + 4, group, size=12, anchor="end"))
        if (point := by_group.get(group)) is not None:
            _whisker(picture, across(max(point.low, 0.0)), middle, across(min(point.high, panel.top)), middle)
            picture.add(mark(across(point.value), middle, panel.place, 5.0, stroke="#ffffff", stroke_width=1))
            picture.add(text(across.end + 8, middle + 4, point.counted, size=11, fill=QUIET))
