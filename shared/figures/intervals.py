"""Estimates with their intervals, one under the other, on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.figures import svg


@dataclass(frozen=True)
class Estimate:
    """One estimate; `chosen` is drawn strongly."""

    label: str
    value: float
    low: float
    high: float
    said: str = ""
    chosen: bool = False


def draw_intervals(
    estimates: Sequence[Estimate],
    *,
    title: str,
    line_at: tuple[float, str] | None = None,
    percent: bool = True,
    width: float = 400.0,
    size: float = svg.LETTER,
) -> str:
    """The picture; `line_at` draws a line with its words, for example a nominal coverage."""
    label_width = min(
        width * 0.36, max((svg.width_of(e.label, size) * 1.05 for e in estimates), default=0) + 8
    )
    said_width = min(width * 0.22, max((svg.width_of(e.said, size) for e in estimates), default=0) + 8)
    left, right = label_width + 4, width - said_width - 4
    ends = [each for e in estimates for each in (e.low, e.high)] + ([line_at[0]] if line_at else [])
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    low, high = low - 0.03 * ((high - low) or 1.0), high + 0.03 * ((high - low) or 1.0)

    def at(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    step = size + 11
    top = size + 10 if line_at else 4.0
    bottom = top + step * len(estimates)
    parts: list[str] = []
    for value in svg.round_steps(low, high, 4):
        said = f"{100 * value:.0f}" if percent else f"{value:g}"
        parts.append(svg.line(at(value), top, at(value), bottom, stroke="#e3e8ec"))
        parts.append(svg.text(at(value), bottom + size + 4, said, anchor="middle", size=size, fill=svg.QUIET))
    if line_at:
        parts.append(
            svg.line(
                at(line_at[0]), top - 2, at(line_at[0]), bottom, stroke=svg.AGAINST, dashes="5 3", width=1.5
            )
        )
        parts.append(svg.text(at(line_at[0]), size, line_at[1], anchor="middle", size=size, fill=svg.AGAINST))
    for place, each in enumerate(estimates):
        y = top + step * place + step / 2
        paint = svg.ACCENT if each.chosen else "#7b8a97"
        parts.append(svg.line(at(each.low), y, at(each.high), y, stroke=paint, width=4 if each.chosen else 2))
        parts.append(svg.mark(at(each.value), y, "circle", fill=paint, size=5.5 if each.chosen else 4))
        words = svg.shortened(each.label, label_width, size)
        parts.append(svg.text(0, y + size * 0.35, words, size=size, bold=each.chosen))
        parts.append(svg.text(width, y + size * 0.35, each.said, anchor="end", size=size, bold=each.chosen))
    unit = "%" if percent else ""
    parts.append(svg.text(width, bottom + size + 4, unit, anchor="end", size=size, fill=svg.QUIET))
    return svg.figure(width, bottom + size + 8, title, parts)
