"""Chromatograms: one alone, two over each other, or the second mirrored below the first; peaks named at their apex.

Two runs are drawn as percent of their own greatest signal in the part that is shown: what differs between two injections is the
amount, and what is compared is the pattern.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.plots.svg import Picture, Scale, line, number, tag, text, ticks, width_of, wrapped
from shared.figures.svg import COLOURS, INK, QUIET

_WIDTH, _TALL = 1100.0, 380.0
_LEFT, _RIGHT = 70.0, 15.0
_DASHES = (None, "7 3")
_APART = 13.0


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
    """A peak that a profile names; `base` are the ends of its baseline (x, y), where it was integrated in this very curve."""

    label: str
    x: float
    base: tuple[tuple[float, float], tuple[float, float]] | None = None


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where curves lie: x, the line of no signal, the upper and lower ends, and where numbers stand beneath."""

    across: Scale
    middle: float
    top: float
    bottom: float
    foot: float
    mirrored: bool


def draw_traces(
    curves: Sequence[Curve],
    *,
    view: str,
    title: str,
    caveat: str = "",
    peaks: Sequence[Sequence[Peak]] = (),
    start: float | None = None,
    end: float | None = None,
    share: float = 1.0,
) -> Picture:
    """One or two runs from `start` to `end`, up to this share of the greatest signal: what is higher is cut off.

    Over each other, the first one's peaks are named. Raises ValueError where there is no point.
    """
    if not any(len(curve.x) for curve in curves):
        raise ValueError("there is no point in this part")
    low, high = bounds(curves, start, end)
    mirrored = len(curves) > 1 and view == "mirror"
    named = [[peak for peak in found if low <= peak.x <= high] for found in peaks[: 2 if mirrored else 1]]
    rooms = [18 + max((width_of(peak.label, 11) for peak in found), default=0.0) for found in named]
    top = 38.0 + 18 * len(curves) + (rooms[0] if rooms else 18)
    bottom = top + _TALL
    foot = bottom + (rooms[1] if mirrored and len(rooms) > 1 else 0)
    lines = wrapped(caveat, _WIDTH - _LEFT - 40, 12) if caveat else []
    told = ", ".join(dict.fromkeys(peak.label for found in named for peak in found))
    picture = Picture(
        _WIDTH,
        foot + 48 + 17 * len(lines),
        title,
        f"From {number(low)} to {number(high)} {curves[0].x_unit}{'; peaks: ' + told if told else ''}. {caveat}",
        name="trace",
    )
    middle = (top + bottom) / 2 if mirrored else bottom
    frame = _Frame(Scale(low, high, _LEFT, _WIDTH - _RIGHT), middle, top, bottom, foot, mirrored)
    picture.add(text(_LEFT, 24, title, size=16, font_weight=700))
    _name_curves(picture, curves)
    _number_x(picture, frame, curves[0].x_unit)
    if len(curves) == 1:
        _number_y(picture, frame, _height(curves[0], middle, top, share, alone=True))
    else:
        _number_percent(picture, frame, share)
    for place, found in enumerate(named):
        _name_peaks(picture, found, frame, below=place == 1)
    for place, curve in enumerate(curves):
        edge = bottom if mirrored and place else top
        up = _height(curve, middle, edge, share, alone=len(curves) == 1)
        _draw_curve(picture, curve, frame.across, up, place)
        for peak in named[place] if place < len(named) else ():
            _draw_base(picture, peak, frame.across, up)
    picture.words(lines, _LEFT, foot + 54, fill=QUIET)
    return picture


def bounds(curves: Sequence[Curve], start: float | None, end: float | None) -> tuple[float, float]:
    """The part of x that a picture of these shows."""
    low = min((curve.x[0] for curve in curves if len(curve.x)), default=0.0) if start is None else start
    high = max((curve.x[-1] for curve in curves if len(curve.x)), default=0.0) if end is None else end
    return low, high


def plot_area() -> tuple[float, float]:
    """Where x begins and ends in the picture, for scripts that take a part by dragging."""
    return _LEFT, _WIDTH - _RIGHT


def spread_out(places: Sequence[float], apart: float) -> list[float]:
    """Rising places moved as little as it takes for neighbours to be `apart`; each heap stays around its own middle."""
    heaps: list[list[float]] = []
    for place in places:
        heaps.append([place])
        while len(heaps) > 1 and _first(heaps[-1], apart) - _last(heaps[-2], apart) < apart:
            later = heaps.pop()
            heaps[-1] += later
    return [_first(heap, apart) + apart * n for heap in heaps for n in range(len(heap))]


def _first(heap: Sequence[float], apart: float) -> float:
    return sum(heap) / len(heap) - apart * (len(heap) - 1) / 2


def _last(heap: Sequence[float], apart: float) -> float:
    return sum(heap) / len(heap) + apart * (len(heap) - 1) / 2


def _height(curve: Curve, middle: float, edge: float, share: float, *, alone: bool) -> Scale:
    """From no signal (alone: from the least, where that is below) to this share of the greatest."""
    floor = min(0.0, min(curve.y, default=0.0)) if alone else 0.0
    greatest = share * max(curve.y, default=0.0)
    return Scale(floor, greatest if greatest > floor else floor + 1, middle, edge)


def _name_curves(picture: Picture, curves: Sequence[Curve]) -> None:
    for place, curve in enumerate(curves):
        y = 44.0 + 18 * place
        greatest = f"; 100 % is {max(curve.y, default=0.0):.4g} {curve.unit}"
        dash = _DASHES[place % 2]
        picture.add(
            line(_LEFT, y - 4, _LEFT + 34, y - 4, COLOURS[place], stroke_width=2.5, stroke_dasharray=dash),
            text(_LEFT + 42, y, curve.unit if len(curves) == 1 else curve.label + greatest, size=13),
        )


def _number_x(picture: Picture, frame: _Frame, unit: str) -> None:
    for at in ticks(frame.across.low, frame.across.high, 10):
        x = frame.across(at)
        picture.add(line(x, frame.top, x, frame.bottom, "#e4e9ee"))
        picture.add(text(x, frame.foot + 16, number(at), size=11, anchor="middle", fill=QUIET))
    words = "time, s" if unit == "s" else unit
    picture.add(text(frame.across.end, frame.foot + 34, words, anchor="end", size=12, fill=QUIET))
    picture.add(line(_LEFT, frame.top, _LEFT, frame.bottom, INK))
    picture.add(line(_LEFT, frame.middle, frame.across.end, frame.middle, INK))


def _number_y(picture: Picture, frame: _Frame, up: Scale) -> None:
    for at in ticks(up.low, up.high, 5):
        picture.add(line(_LEFT - 5, up(at), _LEFT, up(at), INK))
        picture.add(text(_LEFT - 8, up(at) + 4, f"{at:.3g}", size=11, anchor="end", fill=QUIET))


def _number_percent(picture: Picture, frame: _Frame, share: float) -> None:
    for part in (0.0, 0.5, 1.0):
        percent = number(100 * share * part)
        for side in (1, -1) if frame.mirrored and part else (1,):
            y = frame.middle - side * (frame.middle - frame.top) * part
            picture.add(line(_LEFT - 5, y, _LEFT, y, INK))
            picture.add(text(_LEFT - 8, y + 4, f"{percent} %", size=11, anchor="end", fill=QUIET))


def _draw_curve(picture: Picture, curve: Curve, across: Scale, up: Scale, place: int) -> None:
    points = "".join(
        f"{'L' if at else 'M'}{across(x):.1f} {up(min(y, up.high)):.1f}"
        for at, (x, y) in enumerate(zip(curve.x, curve.y, strict=True))
    )
    stroke, dash = COLOURS[place % len(COLOURS)], _DASHES[place % 2]
    if points:
        drawn = {"stroke_width": 1.4, "stroke_linejoin": "round", "stroke_dasharray": dash}
        picture.add(tag("path", d=points, fill="none", stroke=stroke, **drawn))


def _draw_base(picture: Picture, peak: Peak, across: Scale, up: Scale) -> None:
    """The line above which the peak was integrated, from its begin to its end, as far as the picture reaches."""
    if peak.base is None:
        return
    (x1, y1), (x2, y2) = peak.base
    ends = [min(max(x, across.low), across.high) for x in (x1, x2)]
    slope = (y2 - y1) / (x2 - x1) if x2 > x1 else 0.0
    (ax, ay), (bx, by) = ((across(x), up(min(max(y1 + slope * (x - x1), up.low), up.high))) for x in ends)
    picture.add(line(ax, ay, bx, by, INK, stroke_width=1.5))
    for x, y in ((ax, ay), (bx, by)):
        picture.add(line(x, y - 5, x, y + 5, INK, stroke_width=1.5))


def _name_peaks(picture: Picture, peaks: Sequence[Peak], frame: _Frame, *, below: bool) -> None:
    """Names upright outside of the frame, none over another, each with a line to its apex."""
    ordered = sorted(peaks, key=lambda peak: peak.x)
    edge, side = (frame.bottom, 1) if below else (frame.top, -1)
    for peak, at in zip(ordered, spread_out([frame.across(peak.x) for peak in ordered], _APART), strict=True):
        x, y = frame.across(peak.x), edge + 12 * side
        path = f"M{at:.1f} {y:.1f}L{x:.1f} {edge:.1f}V{frame.middle:.1f}"
        picture.add(
            tag("path", d=path, fill="none", stroke="#8b97a3", stroke_dasharray="2 3"),
            text(
                at,
                y + 2 * side,
                peak.label,
                size=11,
                anchor="end" if below else "start",
                transform=f"rotate(-90 {at:.1f} {y + 2 * side:.1f})",
                dominant_baseline="central",
            ),
        )
