"""How often the truth was what a probability promised: the plot of a calibration."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.figures import svg


@dataclass(frozen=True)
class Bin:
    """Promised and observed share of a group of n predictions, with the interval of the observed share."""

    promised: float
    observed: float
    low: float
    high: float
    n: int


def draw_reliability(
    bins: Sequence[Bin],
    *,
    title: str,
    axes: tuple[str, str] = ("promised", "came true"),
    width: float = 400.0,
) -> str:
    """A square with the diagonal of perfect calibration; the area of a mark grows with the number behind it."""
    size = svg.LETTER
    left, top = 58.0, 8.0
    side = width - left - 12
    bottom = top + side

    def x(value: float) -> float:
        return left + value * side

    def y(value: float) -> float:
        return bottom - value * side

    parts = [svg.box(left, top, side, side, fill=svg.PAPER, stroke=svg.LINE)]
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(svg.line(x(value), top, x(value), bottom, stroke="#e3e8ec"))
        parts.append(svg.line(left, y(value), left + side, y(value), stroke="#e3e8ec"))
        parts.append(
            svg.text(x(value), bottom + size + 4, f"{100 * value:.0f}", anchor="middle", fill=svg.QUIET)
        )
        parts.append(svg.text(left - 6, y(value) + 4, f"{100 * value:.0f}", anchor="end", fill=svg.QUIET))
    parts.append(svg.line(x(0), y(0), x(1), y(1), stroke=svg.QUIET, dashes="5 4", width=1.5))
    most = max((each.n for each in bins), default=1)
    for each in bins:
        parts.append(
            svg.line(
                x(each.promised), y(each.low), x(each.promised), y(each.high), stroke=svg.ACCENT, width=2
            )
        )
    for each in bins:
        radius = 3 + 6 * (each.n / most) ** 0.5
        parts.append(svg.mark(x(each.promised), y(each.observed), "circle", fill=svg.ACCENT, size=radius))
    parts.append(
        svg.text(left + side / 2, bottom + 2 * size + 10, f"{axes[0]}, %", anchor="middle", fill=svg.QUIET)
    )
    turned = svg.text(0, 0, f"{axes[1]}, %", anchor="middle", fill=svg.QUIET)
    parts.append(
        f'<g transform="translate({svg.number(size)} {svg.number(top + side / 2)}) rotate(-90)">{turned}</g>'
    )
    return svg.figure(width, bottom + 2 * size + 16, title, parts)
