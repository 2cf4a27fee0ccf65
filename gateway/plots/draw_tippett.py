"""The Tippett plot: for each likelihood ratio, what share of the linked and of the unlinked pairs got a greater one."""

from collections.abc import Sequence

from gateway.plots.svg import Picture, Scale, line, tag, text, wrapped
from shared.figures.svg import COLOURS, INK, LINE, QUIET

_WIDTH, _TALL, _LEFT = 720.0, 280.0, 64.0


def draw_tippett(
    at: Sequence[float], linked: Sequence[float], unlinked: Sequence[float], *, title: str, note: str
) -> Picture:
    """The three have one length, `at` rises (log10 of the ratio); raises ValueError where they are empty."""
    if not at:
        raise ValueError("there is nothing to draw")
    lines = wrapped(note, _WIDTH - 40, 12)
    top = 84.0
    foot = top + _TALL
    picture = Picture(_WIDTH, foot + 62 + 17 * len(lines), title, f"Tippett plot. {note}", name="tippett")
    picture.add(text(20, 24, title, size=16, font_weight=700))
    across, up = Scale(at[0], at[-1], _LEFT, _WIDTH - 20), Scale(0, 1, foot, top)
    for percent in (0, 25, 50, 75, 100):
        y = up(percent / 100)
        picture.add(
            line(_LEFT, y, across.end, y),
            text(_LEFT - 8, y + 4, f"{percent} %", size=11, anchor="end", fill=QUIET),
        )
    for power in range(int(at[0]), int(at[-1]) + 1):
        words = "1" if power == 0 else f"10^{power}" if abs(power) > 2 else f"{10.0**power:g}"
        picture.add(line(across(power), foot, across(power), foot + 5, INK))
        picture.add(text(across(power), foot + 19, words, size=11, anchor="middle", fill=QUIET))
    picture.add(line(across(0), top, across(0), foot, INK, stroke_dasharray="4 3"))
    for place, (name, shares, dash) in enumerate(
        (("linked pairs", linked, None), ("unlinked pairs", unlinked, "7 4"))
    ):
        path = "".join(
            f"{'L' if k else 'M'}{across(x):.1f} {up(y):.1f}"
            for k, (x, y) in enumerate(zip(at, shares, strict=True))
        )
        picture.add(
            tag("path", d=path, fill="none", stroke=COLOURS[place], stroke_width=2.5, stroke_dasharray=dash)
        )
        x = 20 + 200 * place
        picture.add(
            line(x, 46, x + 34, 46, COLOURS[place], stroke_width=2.5, stroke_dasharray=dash),
            text(x + 42, 50, name),
        )
    picture.add(text(20, 72, "share of the pairs with a greater ratio", size=12, fill=QUIET))
    picture.add(
        text(across.end, foot + 38, "likelihood ratio", size=12, anchor="end", fill=QUIET),
        line(_LEFT, foot, across.end, foot, LINE),
    )
    picture.words(lines, 20, foot + 58, fill=QUIET)
    return picture
