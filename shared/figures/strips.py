"""One strip a quantity: where each class lies, and where this sample stands. Every strip has a scale of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.figures import svg


@dataclass(frozen=True)
class Strip:
    """`ranges` gives low, middle and high of each class; `value` is the sample's own place on the same scale, None: not measured.

    `said` stands behind the strip, for example the value with its unit; `censored` draws the mark open: it lies there or below.
    """

    label: str
    ranges: Mapping[str, tuple[float, float, float]]
    value: float | None
    said: str = ""
    censored: bool = False


def draw_strips(
    strips: Sequence[Strip],
    classes: Sequence[tuple[str, int]],
    *,
    title: str,
    sample: str,
    width: float = 400.0,
    size: float = svg.LETTER,
) -> str:
    """The picture; `classes` are (name, place), the place decides colour and mark and stays the same in all figures."""
    label_width = min(width * 0.3, max((svg.width_of(s.label, size) for s in strips), default=0) + 8)
    said_width = min(width * 0.27, max((svg.width_of(s.said, size * 0.92) for s in strips), default=0) + 8)
    left, right = label_width, width - said_width
    entries = [(name, svg.colour(place), "square") for name, place in classes]
    parts, top = svg.legend([(sample, svg.INK, "diamond"), *entries], 0, 0, width, size)
    bar = 6.0 if len(classes) <= 4 and len(strips) <= 14 else 4.5
    height = max(size + 8, len(classes) * bar + 8)
    y = top + 4
    for place, strip in enumerate(strips):
        if place % 2 == 0:
            parts.append(svg.box(0, y, width, height, fill=svg.BAND))
        parts += _strip(strip, classes, y, height, left + 6, right - 6, bar)
        middle = y + height / 2 + size * 0.35
        parts.append(svg.text(2, middle, svg.shortened(strip.label, label_width - 6, size), size=size))
        said = svg.shortened(strip.said, said_width - 4, size * 0.92)
        parts.append(
            svg.text(
                width - 2,
                middle,
                said,
                anchor="end",
                size=size * 0.92,
                fill=svg.INK if strip.value is not None else svg.QUIET,
            )
        )
        y += height
    return svg.figure(width, y + 2, title, parts)


def _strip(
    strip: Strip,
    classes: Sequence[tuple[str, int]],
    y: float,
    height: float,
    left: float,
    right: float,
    bar: float,
) -> list[str]:
    known = [strip.ranges[name] for name, _ in classes if name in strip.ranges]
    ends = [each for low, _, high in known for each in (low, high)]
    if strip.value is not None:
        ends.append(strip.value)
    if not ends:
        return []
    # A sample far outside is drawn at the edge with an arrow, lest the classes shrink to a point.
    inner = [each for low, _, high in known for each in (low, high)] or ends
    low, high = min(inner), max(inner)
    reach = (high - low) or abs(high) or 1.0
    low, high = max(min(ends), low - reach), min(max(ends), high + reach)
    margin = 0.04 * ((high - low) or 1.0)
    low, high = low - margin, high + margin

    def at(value: float) -> float:
        return left + (min(max(value, low), high) - low) / (high - low) * (right - left)

    parts = [svg.line(left, y + height / 2, right, y + height / 2, stroke="#d5dce2")]
    start = y + (height - len(classes) * bar) / 2
    for place, (name, number) in enumerate(classes):
        if name not in strip.ranges:
            continue
        a, b, c = strip.ranges[name]
        across = start + place * bar
        parts.append(
            svg.box(at(a), across + 1, max(at(c) - at(a), 1.5), bar - 2, fill=svg.colour(number), opacity=0.6)
        )
        parts.append(svg.box(at(b) - 1, across, 2, bar, fill=svg.colour(number)))
    if strip.value is not None:
        x, middle = at(strip.value), y + height / 2
        parts.append(svg.line(x, y + 2, x, y + height - 2, stroke=svg.INK, width=1.5))
        if strip.value < low or strip.value > high:
            side = -1 if strip.value < low else 1
            parts.append(
                f'<path d="M{svg.number(x - side * 9)} {svg.number(middle - 4)}L{svg.number(x)} {svg.number(middle)}'
                f'L{svg.number(x - side * 9)} {svg.number(middle + 4)}Z" fill="{svg.INK}"/>'
            )
        elif strip.censored:
            parts.append(svg.box(x - 4, middle - 4, 8, 8, fill=svg.PAPER, stroke=svg.INK))
        else:
            parts.append(svg.mark(x, middle, "diamond", fill=svg.INK, size=5))
    return parts
