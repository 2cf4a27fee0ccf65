"""The pieces that pictures are made of: elements, words, scales and marks.

Everything is said in presentation attributes, so that a picture needs no style sheet: the content policy allows none inline, and
the same picture can be saved as a file. What tells two things apart is a shape as well as a colour.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from shared.figures.svg import COLOURS, INK, LINE

FONT = "Noto Sans, Noto Sans Thai, system-ui, sans-serif"
SHAPES = ("circle", "square", "triangle", "diamond", "wedge", "pentagon", "cross", "hexagon")
_CORNERS = {
    "triangle": (3, -90),
    "diamond": (4, -90),
    "wedge": (3, 90),
    "pentagon": (5, -90),
    "hexagon": (6, 0),
}
_WIDTH_OF_A_LETTER = 0.56


def tag(name: str, content: str = "", /, **attributes: object) -> str:
    """One element; `_` in an attribute's name stands for `-`, a trailing one is dropped; what is None is left out."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{told}>{content}</{name}>" if content else f"<{name}{told}/>"


def _plain(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def text(x: float, y: float, words: object, *, size: int = 13, **more: object) -> str:
    """Words at a place; `anchor` start, middle or end."""
    anchor = more.pop("anchor", None)
    fill = more.pop("fill", INK)
    return tag("text", str(escape(words)), x=x, y=y, font_size=size, text_anchor=anchor, fill=fill, **more)


def line(x1: float, y1: float, x2: float, y2: float, stroke: str = LINE, **more: object) -> str:
    """A straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, **more)


def mark(x: float, y: float, kind: int, size: float = 6.0, **more: object) -> str:
    """The mark of the kind-th of several things: its shape and its colour."""
    shape, fill = SHAPES[kind % len(SHAPES)], more.pop("fill", COLOURS[kind % len(COLOURS)])
    if shape == "circle":
        return tag("circle", cx=x, cy=y, r=size, fill=fill, **more)
    if shape == "square":
        side = 1.8 * size
        return tag("rect", x=x - side / 2, y=y - side / 2, width=side, height=side, fill=fill, **more)
    if shape == "cross":
        bar, arm = size * 0.42, size * 1.1
        path = (
            f"M{x - bar:.1f} {y - arm:.1f}h{2 * bar:.1f}v{arm - bar:.1f}h{arm - bar:.1f}v{2 * bar:.1f}h{bar - arm:.1f}"
            f"v{arm - bar:.1f}h{-2 * bar:.1f}v{bar - arm:.1f}h{bar - arm:.1f}v{-2 * bar:.1f}h{arm - bar:.1f}z"
        )
        return tag("path", d=path, fill=fill, **more)
    count, first = _CORNERS[shape]
    corners = [math.radians(first + 360 * place / count) for place in range(count)]
    reach = 1.25 * size
    points = " ".join(f"{x + reach * math.cos(a):.1f},{y + reach * math.sin(a):.1f}" for a in corners)
    return tag("polygon", points=points, fill=fill, **more)


def width_of(words: str, size: int = 13) -> float:
    """About how wide words are, in the picture's units."""
    return len(words) * size * _WIDTH_OF_A_LETTER


def wrapped(words: str, width: float, size: int = 13) -> list[str]:
    """Words in lines that are no wider than this."""
    lines: list[str] = []
    for word in words.split():
        if lines and width_of(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from low to high, at most about so many; [low] where there is no room between the two."""
    if not high > low or not math.isfinite(high - low):
        return [low]
    rough = (high - low) / max(1, most)
    size = 10.0 ** math.floor(math.log10(rough))
    step = size * next((each for each in (1, 2, 5) if each * size >= rough * 0.999), 10)
    first = math.ceil(low / step - 1e-9)
    return [place * step for place in range(first, math.floor(high / step + 1e-9) + 1)]


def number(value: float) -> str:
    """A number at an axis: to six digits, without zeros that say nothing."""
    return "0" if abs(value) < 1e-12 else f"{value:.6g}"


@dataclass(frozen=True, slots=True)
class Scale:
    """From numbers to places of the picture; `low` lies at `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a number."""
        size = self.high - self.low
        return self.start + (self.end - self.start) * ((value - self.low) / size if size else 0.5)


@dataclass
class Picture:
    """A picture of `width` x `height` with a name and a description for those who cannot see it.

    `holds_links`: its parts can be reached one by one, so it is a group and not one image.
    """

    width: float
    height: float
    title: str
    description: str
    name: str = "picture"
    holds_links: bool = False
    parts: list[str] = field(default_factory=list)

    def add(self, *parts: str) -> None:
        """Adds parts, the later ones above."""
        self.parts.extend(parts)

    def words(self, lines: Sequence[str], x: float, y: float, *, size: int = 12, **more: object) -> float:
        """Adds lines of words from `y` on; answers where the next would stand."""
        for each in lines:
            self.add(text(x, y, each, size=size, **more))
            y += size * 1.4
        return y

    def markup(self, **data: object) -> Markup:
        """The whole; `data` become attributes that scripts read (`data_from` is data-from)."""
        about = tag("title", str(escape(self.title)), id=f"{self.name}-title")
        about += tag("desc", str(escape(self.description)), id=f"{self.name}-desc")
        ground = tag("rect", width=self.width, height=self.height, fill="#ffffff")
        # Every word and attribute was escaped when its element was made.
        return Markup(
            tag(
                "svg",
                about + ground + "".join(self.parts),
                xmlns="http://www.w3.org/2000/svg",
                viewBox=f"0 0 {_plain(float(self.width))} {_plain(float(self.height))}",
                width=self.width,
                height=self.height,
                role="group" if self.holds_links else "img",
                aria_labelledby=f"{self.name}-title {self.name}-desc",
                font_family=FONT,
                class_="sg-picture",
                **data,
            )
        )
