"""A table of counts, truth against what was said, shaded by its share of the row."""

from collections.abc import Mapping, Sequence

from shared.figures import svg


def draw_matrix(
    counts: Mapping[str, Mapping[str, int]],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str,
    axes: tuple[str, str] = ("true class", "was said"),
    width: float = 400.0,
) -> str:
    """The picture; what lies on the diagonal is right (blue), everything else wrong (red)."""
    size = svg.LETTER if len(columns) <= 8 else 10.0
    label_width = min(width * 0.34, max(svg.width_of(name, size) for name in rows) + 10)
    cell = (width - label_width) / max(len(columns), 1)
    tall = min(max(cell, 22.0), 34.0)
    slanted = any(svg.width_of(name, size) > cell - 4 for name in columns)
    longest = max(svg.width_of(svg.shortened(name, 110, size), size) for name in columns)
    top = (longest * 0.72 + size + 14) if slanted else 2 * size + 12
    parts = [
        svg.text(0, top - 8, axes[0], size=size, fill=svg.QUIET),
        svg.text(0, size, axes[1], size=size, fill=svg.QUIET),
    ]
    for across, name in enumerate(columns):
        x = label_width + across * cell + cell / 2
        said = svg.shortened(name, 110, size)
        if slanted:
            turned = svg.text(0, 0, said, size=size, anchor="start")
            x = min(x, width - longest * 0.7)
            x = label_width + across * cell + cell * 0.35
            parts.append(
                f'<g transform="translate({svg.number(x)} {svg.number(top - 6)}) rotate(-46)">{turned}</g>'
            )
        else:
            parts.append(svg.text(x, top - 8, said, anchor="middle", size=size))
    for down, truth in enumerate(rows):
        y = top + down * tall
        own = counts.get(truth, {})
        whole = sum(own.values()) or 1
        parts.append(
            svg.text(0, y + tall / 2 + size * 0.35, svg.shortened(truth, label_width - 6, size), size=size)
        )
        for across, said in enumerate(columns):
            n = int(own.get(said, 0))
            share = n / whole
            x = label_width + across * cell
            right = truth == said
            parts.append(svg.box(x, y, cell - 1, tall - 1, fill=svg.BAND))
            if n:
                paint = svg.ACCENT if right else svg.AGAINST
                parts.append(svg.box(x, y, cell - 1, tall - 1, fill=paint, opacity=max(0.2, round(share, 1))))
            ink = svg.PAPER if n and share > 0.55 else svg.INK if n else "#9aa5ae"
            parts.append(
                svg.text(
                    x + cell / 2,
                    y + tall / 2 + size * 0.35,
                    str(n),
                    anchor="middle",
                    size=size,
                    fill=ink,
                    bold=right,
                )
            )
    spare = longest * 0.7 if slanted else 0.0
    over = max(0.0, label_width + (len(columns) - 1) * cell + cell * 0.35 + spare - width)
    return svg.figure(width + over, top + len(rows) * tall + 4, title, parts)
