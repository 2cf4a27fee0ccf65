"""A score plot: known samples as marks by class, and one sample among them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.figures import svg


@dataclass(frozen=True)
class Point:
    """A known sample: where it lies, and the place of its class (colour and mark)."""

    x: float
    y: float
    place: int


def draw_scatter(
    points: Sequence[Point],
    classes: Sequence[tuple[str, int]],
    *,
    title: str,
    sample: tuple[str, float, float] | None = None,
    axes: tuple[str, str] = ("", ""),
    width: float = 400.0,
    height: float = 320.0,
    size: float = svg.LETTER,
) -> str:
    """The picture; `sample` is (words, x, y) and is drawn last, over all others."""
    shown = [*((p.x, p.y) for p in points), *([sample[1:]] if sample else [])]
    entries = [(name, svg.colour(place), svg.shape(place)) for name, place in classes]
    if sample:
        entries.insert(0, (sample[0], svg.INK, "diamond"))
    parts, top = svg.legend(entries, 0, 0, width, size)
    left, right, bottom = size + 8, width - 6, top + height - size - 12
    parts.append(svg.box(left, top, right - left, bottom - top, fill=svg.PAPER, stroke=svg.LINE))
    xs, ys = [x for x, _ in shown] or [0.0], [y for _, y in shown] or [0.0]
    across = _scale(min(xs), max(xs), left + 8, right - 8)
    down = _scale(min(ys), max(ys), bottom - 8, top + 8)
    for point in points:
        drawn = svg.mark(
            across(point.x),
            down(point.y),
            svg.shape(point.place),
            fill=svg.colour(point.place),
            size=3.4,
            opacity=0.75,
        )
        parts.append(drawn)
    if sample:
        x, y = across(sample[1]), down(sample[2])
        parts.append(svg.line(x, top, x, bottom, stroke=svg.QUIET, dashes="3 3"))
        parts.append(svg.line(left, y, right, y, stroke=svg.QUIET, dashes="3 3"))
        parts.append(svg.mark(x, y, "diamond", fill=svg.PAPER, size=9))
        parts.append(svg.mark(x, y, "diamond", fill=svg.INK, size=7))
    parts.append(
        svg.text((left + right) / 2, bottom + size + 5, axes[0], anchor="middle", size=size, fill=svg.QUIET)
    )
    middle = (top + bottom) / 2
    turned = svg.text(0, 0, axes[1], anchor="middle", size=size, fill=svg.QUIET)
    parts.append(
        f'<g transform="translate({svg.number(size)} {svg.number(middle)}) rotate(-90)">{turned}</g>'
    )
    return svg.figure(width, bottom + size + 12, title, parts)


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)
