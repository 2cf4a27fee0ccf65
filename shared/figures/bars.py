"""Horizontal bars: from nought to one side (shares, distances), or to both (what speaks for and against)."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.figures import svg


@dataclass(frozen=True)
class Bar:
    """One bar; `said` stands behind it; `fill` None colours it by its sign."""

    label: str
    value: float
    said: str = ""
    fill: str | None = None


def draw_bars(
    bars: Sequence[Bar],
    *,
    title: str,
    sides: tuple[str, str] | None = None,
    most: float | None = None,
    width: float = 400.0,
    size: float = svg.LETTER,
) -> str:
    """The picture; `sides` are words over the left and the right half of bars that go both ways; `most` fixes the scale."""
    both = sides is not None
    label_width = min(width * 0.38, max((svg.width_of(b.label, size) for b in bars), default=0) + 8)
    said_width = min(width * 0.25, max((svg.width_of(b.said, size) for b in bars), default=0) + 8)
    left, right = label_width, width - said_width
    zero = (left + right) / 2 if both else left
    reach = most or max((abs(b.value) for b in bars), default=0.0) or 1.0
    half = (right - left) / 2 if both else right - left
    parts: list[str] = []
    y = 4.0
    if sides is not None:
        parts.append(
            svg.text(
                zero - 6,
                y + size,
                svg.shortened(sides[0], zero - 6, size),
                anchor="end",
                size=size,
                fill=svg.AGAINST,
            )
        )
        parts.append(
            svg.text(
                zero + 6,
                y + size,
                svg.shortened(sides[1], width - zero - 6, size),
                size=size,
                fill=svg.ACCENT,
            )
        )
        y += size + 10
    step = size + 10
    top = y
    for bar in bars:
        length = min(abs(bar.value) / reach, 1.0) * half
        fill = bar.fill or (svg.ACCENT if bar.value >= 0 else svg.AGAINST)
        parts.append(svg.box(zero if bar.value >= 0 else zero - length, y + 3, length, step - 6, fill=fill))
        base = y + step / 2 + size * 0.35
        parts.append(svg.text(0, base, svg.shortened(bar.label, label_width - 4, size), size=size))
        parts.append(
            svg.text(width, base, svg.shortened(bar.said, said_width - 2, size), anchor="end", size=size)
        )
        y += step
    parts.append(svg.line(zero, top, zero, y, stroke=svg.INK))
    return svg.figure(width, y + 4, title, parts)
