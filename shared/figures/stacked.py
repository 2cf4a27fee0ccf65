"""Shares of classes, one bar a row: what each of several witnesses says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.figures import svg


@dataclass(frozen=True)
class Shares:
    """One row: shares that sum to one at most, and words behind the label."""

    label: str
    shares: Mapping[str, float]


def draw_stacked(
    rows: Sequence[Shares],
    classes: Sequence[tuple[str, int]],
    *,
    title: str,
    width: float = 400.0,
    size: float = svg.LETTER,
) -> str:
    """The picture; `classes` are (name, place), the place decides the colour as in all figures."""
    parts, top = svg.legend(
        [(name, svg.colour(place), "square") for name, place in classes], 0, 0, width, size
    )
    y = top + 4
    for row in rows:
        parts.append(svg.text(0, y + size, svg.shortened(row.label, width, size), size=size))
        y += size + 5
        x = 0.0
        for name, place in classes:
            share = min(max(row.shares.get(name, 0.0), 0.0), 1.0)
            across = share * width
            parts.append(svg.box(x, y, max(across - 1, 0), 16, fill=svg.colour(place)))
            said = f"{100 * share:.0f} %"
            if across > svg.width_of(said, size * 0.9) + 8:
                parts.append(svg.text(x + 5, y + 12, said, size=size * 0.9, fill=svg.PAPER, bold=True))
            x += across
        y += 16 + 8
    return svg.figure(width, y, title, parts)
