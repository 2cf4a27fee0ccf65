"""The few SVG elements that figures are made of, as text.

Colours and sizes stand in presentation attributes: the pages' content policy lets no style in, and typst reads them too.
"""

from collections.abc import Sequence
from html import escape

INK, QUIET, LINE, BAND, PAPER = "#0b0c0c", "#505a5f", "#b8c2cc", "#f1f4f7", "#ffffff"
ACCENT, AGAINST = "#1d5f8a", "#b8371f"
#: Colours of classes, each used with a mark of its own shape; all stand out from white by at least 3 : 1.
COLOURS = ("#0a5c8f", "#b8371f", "#0b7a55", "#8a3d8f", "#7a5c00", "#3b3b9e", "#4d4d4d", "#b0155f")
SHAPES = ("circle", "square", "triangle", "diamond", "cross", "plus", "ring", "box")
#: Height of letters in a figure that is drawn for a width of 400.
LETTER = 12.0
_LETTER_WIDTH = 0.56


def colour(place: int) -> str:
    """The colour of the class at this place."""
    return COLOURS[place % len(COLOURS)]


def shape(place: int) -> str:
    """The mark of the class at this place; colours and marks together repeat only after 56 classes."""
    return SHAPES[(place + place // len(COLOURS)) % len(SHAPES)]


def number(value: float) -> str:
    """A coordinate to a tenth."""
    return f"{value:.1f}".rstrip("0").rstrip(".") or "0"


def width_of(words: str, size: float = LETTER) -> float:
    """About how wide words are set."""
    return len(words) * size * _LETTER_WIDTH


def shortened(words: str, width: float, size: float = LETTER) -> str:
    """Words that fit into so much width, the rest left away."""
    most = max(3, int(width / (size * _LETTER_WIDTH)))
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    size: float = LETTER,
    fill: str = INK,
    bold: bool = False,
) -> str:
    """Words whose line stands at y."""
    weight = ' font-weight="700"' if bold else ""
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{fill}" text-anchor="{anchor}"{weight}>'
        f"{escape(words)}</text>"
    )


def line(
    x1: float, y1: float, x2: float, y2: float, *, stroke: str = LINE, width: float = 1.0, dashes: str = ""
) -> str:
    """A straight line."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}" stroke="{stroke}" '
        f'stroke-width="{number(width)}"{dashed}/>'
    )


def box(
    x: float, y: float, width: float, height: float, *, fill: str, opacity: float = 1.0, stroke: str = "none"
) -> str:
    """A rectangle."""
    clear = f' fill-opacity="{number(opacity)}"' if opacity < 1 else ""
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(max(width, 0.0))}" height="{number(max(height, 0.0))}" '
        f'fill="{fill}"{clear} stroke="{stroke}"/>'
    )


def path(points: Sequence[tuple[float, float]], *, stroke: str, width: float = 2.0, dashes: str = "") -> str:
    """A line through points."""
    drawn = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<polyline points="{drawn}" fill="none" stroke="{stroke}" stroke-width="{number(width)}"{dashed}/>'
    )


def mark(x: float, y: float, kind: str, *, fill: str, size: float = 4.0, opacity: float = 1.0) -> str:
    """One mark of the given shape, about `size` in radius."""
    clear = f' fill-opacity="{number(opacity)}" stroke-opacity="{number(opacity)}"' if opacity < 1 else ""
    if kind in ("circle", "ring"):
        paint = f'fill="{fill}"' if kind == "circle" else f'fill="none" stroke="{fill}" stroke-width="1.5"'
        return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(size)}" {paint}{clear}/>'
    if kind in ("cross", "plus"):
        a = size if kind == "plus" else size * 0.75
        moves = (
            f"M{number(x - a)} {number(y)}H{number(x + a)}M{number(x)} {number(y - a)}V{number(y + a)}"
            if kind == "plus"
            else f"M{number(x - a)} {number(y - a)}L{number(x + a)} {number(y + a)}"
            f"M{number(x - a)} {number(y + a)}L{number(x + a)} {number(y - a)}"
        )
        return f'<path d="{moves}" stroke="{fill}" stroke-width="2" fill="none"{clear}/>'
    outline = {
        "square": [(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
        "box": [(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)],
        "triangle": [(0, -1.15), (1.05, 0.8), (-1.05, 0.8)],
        "diamond": [(0, -1.25), (1.05, 0), (0, 1.25), (-1.05, 0)],
    }[kind]
    corners = " ".join(f"{number(x + size * a)},{number(y + size * b)}" for a, b in outline)
    paint = f'fill="none" stroke="{fill}" stroke-width="1.5"' if kind == "box" else f'fill="{fill}"'
    return f'<polygon points="{corners}" {paint}{clear}/>'


def figure(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    """A whole picture; `title` says in words what it shows, for whoever cannot see it."""
    size = f'width="{number(width)}" height="{number(height)}" viewBox="0 0 {number(width)} {number(height)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size} font-family="Noto Sans, sans-serif">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def legend(
    entries: Sequence[tuple[str, str, str]], x: float, y: float, width: float, size: float = LETTER
) -> tuple[list[str], float]:
    """(words, colour, shape) one beside the other, in as many lines as they need; the parts, and the height they take."""
    parts: list[str] = []
    across, down, step = x, y + size, size + 6
    for words, paint, kind in entries:
        said = shortened(words, width - 18, size)
        needed = 16 + width_of(said, size) + 12
        if across > x and across + needed - 12 > x + width:
            across, down = x, down + step
        parts.append(mark(across + 5, down - size * 0.35, kind, fill=paint, size=4))
        parts.append(text(across + 15, down, said, size=size))
        across += needed
    return parts, down - y + 6


def round_steps(low: float, high: float, wish: int = 5) -> list[float]:
    """Round numbers between low and high, about `wish` of them."""
    span = high - low
    if not span > 0:
        return [low]
    raw = span / max(wish, 1)
    power = 10.0 ** _floor_log10(raw)
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw)
    first = int(-(-low // step))
    found = []
    k = first
    while k * step <= high + 1e-9 * span:
        found.append(k * step)
        k += 1
    return found


def _floor_log10(value: float) -> int:
    return int(f"{value:e}".split("e")[1])
