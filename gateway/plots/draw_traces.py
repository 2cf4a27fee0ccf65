"""Chromatograms: one alone, two over each other, or the second mirrored below the first; peaks named at their apex.

Two runs are drawn as percent of their own greatest signal in the part that is shown: what differs between two injections is the
amount, and what is compared is the pattern.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.plots.svg import (
    COLOURS,
    INK,
    LINE,
    QUIET,
    Picture,
    Scale,
    line,
    number,
    tag,
    text,
    ticks,
    width_of,
    wrapped,
)

VIEWS = ("mirror", "overlay")
_WIDTH, _TALL = 1100.0, 380.0
_LEFT, _RIGHT = 70.0, 15.0
_DASHES = (None, "7 3")


@dataclass(frozen=True, slots=True)
class Curve:
    """A run: x rising, y of the same length, and what it is called."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    unit: str
    x_unit: str


@dataclass(frozen=True, slots=True)
class Peak:
    """A peak that a profile names."""

    label: str
    x: float


def draw_traces(
    curves: Sequence[Curve],
    *,
    view: str,
    title: str,
    caveat: str = "",
    peaks: Sequence[Sequence[Peak]] = (),
    start: float | None = None,
    end: float | None = None,
) -> Picture:
    """One or two runs from `start` to `end`; raises ValueError where none has a point there."""
    ends = (
        [value for curve in curves for value in curve.x[:1]],
        [value for curve in curves for value in curve.x[-1:]],
    )
    if not ends[0]:
        raise ValueError("there is no point in this part")
    low = min(ends[0]) if start is None else start
    high = max(ends[1]) if end is None else end
    alone = len(curves) == 1
    mirrored = not alone and view == "mirror"
    lines = wrapped(caveat, _WIDTH - 40, 12) if caveat else []
    marked = [peak for found in peaks for peak in found if low <= peak.x <= high]
    room = 16 + max((width_of(peak.label, 11) for peak in marked), default=0.0)
    top = 40.0 + 18 * len(curves) + room
    foot = top + _TALL + (room if mirrored else 0)
    picture = Picture(
        _WIDTH,
        foot + 48 + 17 * len(lines),
        title,
        f"{title}, from {number(low)} to {number(high)} {curves[0].x_unit}"
        + (f"; peaks: {', '.join(peak.label for peak in marked)}" if marked else "")
        + f". {caveat}",
        name="trace",
    )
    across = Scale(low, high, _LEFT, _WIDTH - _RIGHT)
    picture.add(text(_LEFT, 24, title, size=16, font_weight=700))
    _legend(picture, curves, alone)
    middle = top + _TALL / 2 if mirrored else top + _TALL
    _axes(picture, across, middle, top, foot if not mirrored else top + _TALL, curves, alone, mirrored)
    for place, curve in enumerate(curves):
        tallest = max(curve.y, default=0.0)
        floor = min(0.0, min(curve.y, default=0.0))
        edge = top + _TALL if mirrored and place else top
        up = Scale(floor if alone else 0.0, tallest if tallest > floor else floor + 1, middle, edge)
        _curve(picture, curve, across, up, place)
        below = mirrored and place == 1
        for peak in peaks[place] if place < len(peaks) else ():
            if low <= peak.x <= high:
                _peak(picture, peak, across(peak.x), top + _TALL if below else top, middle, below=below)
    label_y = (top + _TALL if not mirrored else foot) + 36
    picture.add(
        text(
            _WIDTH - _RIGHT,
            label_y,
            f"time, {curves[0].x_unit}" if curves[0].x_unit == "s" else curves[0].x_unit,
            anchor="end",
            size=12,
            fill=QUIET,
        )
    )
    picture.words(lines, _LEFT, label_y + 18, fill=QUIET)
    return picture


def bounds(picture_of: Sequence[Curve], start: float | None, end: float | None) -> tuple[float, float]:
    """The part of x that a picture of these shows."""
    low = min((curve.x[0] for curve in picture_of if len(curve.x)), default=0.0) if start is None else start
    high = max((curve.x[-1] for curve in picture_of if len(curve.x)), default=0.0) if end is None else end
    return low, high


def plot_area() -> tuple[float, float]:
    """Where x begins and ends in the picture, for scripts that take a part by dragging."""
    return _LEFT, _WIDTH - _RIGHT


def _legend(picture: Picture, curves: Sequence[Curve], alone: bool) -> None:
    for place, curve in enumerate(curves):
        y = 44.0 + 18 * place
        picture.add(
            line(
                _LEFT,
                y - 4,
                _LEFT + 34,
                y - 4,
                COLOURS[place],
                stroke_width=2.5,
                stroke_dasharray=_DASHES[place],
            ),
            text(
                _LEFT + 42,
                y,
                curve.label
                if alone
                else f"{curve.label}; 100 % is {number(max(curve.y, default=0.0))} {curve.unit}",
                size=13,
            ),
        )


def _axes(
    picture: Picture,
    across: Scale,
    middle: float,
    top: float,
    foot: float,
    curves: Sequence[Curve],
    alone: bool,
    mirrored: bool,
) -> None:
    for at in ticks(across.low, across.high, 10):
        x = across(at)
        picture.add(
            line(x, top, x, foot, "#e4e9ee"),
            text(x, foot + 16, number(at), size=11, anchor="middle", fill=QUIET),
        )
    if alone:
        tallest, floor = max(curves[0].y, default=1.0), min(0.0, min(curves[0].y, default=0.0))
        up = Scale(floor, tallest if tallest > floor else floor + 1, middle, top)
        for at in ticks(floor, tallest, 5):
            picture.add(line(across.start - 5, up(at), across.start, up(at), INK))
            picture.add(text(across.start - 8, up(at) + 4, f"{at:.3g}", size=11, anchor="end", fill=QUIET))
        picture.add(text(across.start - 8, top - 8, curves[0].unit, size=11, anchor="end", fill=QUIET))
    else:
        for percent in (0, 50, 100):
            for side in (1, -1) if mirrored and percent else (1,):
                y = middle - side * (middle - top) * percent / 100
                picture.add(line(across.start - 5, y, across.start, y, INK))
                picture.add(text(across.start - 8, y + 4, f"{percent} %", size=11, anchor="end", fill=QUIET))
    picture.add(
        line(across.start, top, across.start, foot, INK), line(across.start, middle, across.end, middle, INK)
    )


def _curve(picture: Picture, curve: Curve, across: Scale, up: Scale, place: int) -> None:
    if not len(curve.x):
        return
    points = "".join(
        f"{'L' if at else 'M'}{across(x):.1f} {up(y):.1f}"
        for at, (x, y) in enumerate(zip(curve.x, curve.y, strict=True))
    )
    picture.add(
        tag(
            "path",
            d=points,
            fill="none",
            stroke=COLOURS[place],
            stroke_width=1.4,
            stroke_linejoin="round",
            stroke_dasharray=_DASHES[place],
        )
    )


def _peak(picture: Picture, peak: Peak, x: float, edge: float, middle: float, *, below: bool) -> None:
    y = edge + (6 if below else -6)
    picture.add(
        line(x, edge, x, middle, LINE, stroke_dasharray="2 3"),
        text(
            x,
            y,
            peak.label,
            size=11,
            anchor="end" if below else "start",
            transform=f"rotate(-90 {x:.1f} {y:.1f})",
            dominant_baseline="central",
        ),
    )
