"""Two profiles, analyte by analyte: mirrored, as places among all profiles; or over each other, as they are compared."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.plots.svg import Picture, Scale, line, mark, number, tag, text, ticks, width_of, wrapped
from shared.figures.svg import COLOURS, INK, LINE, QUIET

_SLOT, _LEAST_SLOT = 46.0, 24.0
_LEFT, _RIGHT, _TALL = 60.0, 20.0, 300.0
_ROOMY = 24


@dataclass(frozen=True, slots=True)
class Pair:
    """One analyte of two profiles: places among all profiles (0 to 1) and values as compared; None where not measured."""

    analyte: str
    own_rank: float | None
    other_rank: float | None
    own_compared: float
    other_compared: float


def draw_profiles(
    pairs: Sequence[Pair], names: tuple[str, str], *, view: str, title: str, caveat: str
) -> Picture:
    """The picture; raises ValueError where there is no analyte."""
    if not pairs:
        raise ValueError("there is no analyte to draw")
    slot = _SLOT if len(pairs) <= _ROOMY else _LEAST_SLOT
    lowest = 14 + max(width_of(pair.analyte, 12) for pair in pairs) * 0.82
    lead = 0.57 * width_of(pairs[0].analyte, 12)
    left = max(_LEFT, lead - slot / 2 + 6)
    width = max(720.0, left + slot * len(pairs) + _RIGHT)
    lines = wrapped(caveat, width - 40, 12)
    top = 92.0
    picture = Picture(
        width,
        top + _TALL + lowest + 20 + 17 * len(lines),
        title,
        f"{names[0]} and {names[1]} in {len(pairs)} analytes; the table beneath holds the same numbers. {caveat}",
        name="profile",
    )
    picture.add(text(20, 24, title, size=16, font_weight=700))
    for place, name in enumerate(names):
        side = ("up", "down")[place] if view == "mirror" else ""
        picture.add(
            mark(28, 42 + 20 * place, place, 6), text(42, 47 + 20 * place, f"{name}{side and ', ' + side}")
        )
    across = [left + slot * (place + 0.5) for place in range(len(pairs))]
    end = left + slot * len(pairs)
    (_mirror if view == "mirror" else _overlay)(picture, pairs, across, left, end, slot, top)
    for x, pair in zip(across, pairs, strict=True):
        y = top + _TALL + 14
        picture.add(
            text(x + 4, y, pair.analyte, size=12, anchor="end", transform=f"rotate(-55 {x + 4:.1f} {y:.1f})")
        )
    picture.words(lines, 20, top + _TALL + lowest + 20, fill=QUIET)
    return picture


def _mirror(
    picture: Picture,
    pairs: Sequence[Pair],
    across: Sequence[float],
    left: float,
    end: float,
    slot: float,
    top: float,
) -> None:
    middle = top + _TALL / 2
    for percent in (0, 50, 100):
        for side in (1, -1) if percent else (1,):
            y = middle - side * percent / 100 * _TALL / 2
            picture.add(
                line(left, y, end, y),
                text(left - 6, y + 4, f"{percent} %", size=11, anchor="end", fill=QUIET),
            )
    bar = slot * 0.6
    for x, pair in zip(across, pairs, strict=True):
        for place, rank in enumerate((pair.own_rank, pair.other_rank)):
            if rank is None:
                y = middle + (16 if place else -8)
                picture.add(text(x, y, "–", size=12, anchor="middle", fill=QUIET))
                continue
            tall = max(1.0, rank * _TALL / 2)
            picture.add(
                tag(
                    "rect",
                    x=x - bar / 2,
                    y=middle if place else middle - tall,
                    width=bar,
                    height=tall,
                    fill=COLOURS[place],
                )
            )
    picture.add(line(left, middle, end, middle, INK, stroke_width=1.5))


def _overlay(
    picture: Picture,
    pairs: Sequence[Pair],
    across: Sequence[float],
    left: float,
    end: float,
    slot: float,
    top: float,
) -> None:
    found = [value for pair in pairs for value in (pair.own_compared, pair.other_compared)]
    low, high = min(0.0, *found), max(0.0, *found)
    up = Scale(low, high if high > low else low + 1, top + _TALL, top)
    for at in ticks(up.low, up.high, 6):
        picture.add(line(left, up(at), end, up(at), INK if at == 0 else LINE))
        picture.add(text(left - 6, up(at) + 4, number(at), size=11, anchor="end", fill=QUIET))
    for x, pair in zip(across, pairs, strict=True):
        picture.add(line(x, up(pair.own_compared), x, up(pair.other_compared), QUIET, stroke_width=2))
        for place, (value, rank) in enumerate(
            ((pair.own_compared, pair.own_rank), (pair.other_compared, pair.other_rank))
        ):
            hollow = {"fill": "#ffffff", "stroke": COLOURS[place], "stroke_width": 2} if rank is None else {}
            picture.add(mark(x, up(value), place, 5.5, **hollow))
