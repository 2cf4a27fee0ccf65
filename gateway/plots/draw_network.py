"""The network of an item's links: everybody on one ring, group beside group, and a line for every link beyond the threshold.

The ring is a layout without chance: no label covers another, and the same answer gives the same picture.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import escape

from gateway.plots.svg import Picture, mark, tag, text, width_of, wrapped
from shared.figures.svg import COLOURS, INK, LINE, QUIET

_SLOT = 21.0
_GAP = 1.2
_LEAST_RADIUS = 110.0
_FONT = 13
#: The item itself lies at the left, where its name is read without turning the head.
_START = 1.5 * math.pi


@dataclass(frozen=True, slots=True)
class Node:
    """One item of the picture; `href` None where this person may not open it; the first node is the item itself."""

    item_id: str
    label: str
    group: int
    href: str | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A node with its angle in radians (0 is at the top, clockwise)."""

    node: Node
    angle: float


def group_name(group: int) -> str:
    """A, B, ... Z, AA: how a group is called."""
    name = ""
    group += 1
    while group:
        group, rest = divmod(group - 1, 26)
        name = chr(65 + rest) + name
    return name


def on_ring(nodes: Sequence[Node]) -> tuple[list[Placed], float]:
    """Everybody's angle, the item itself first and its group after it, and the radius that leaves room for all labels."""
    own = nodes[0]
    groups: dict[int, list[Node]] = {}
    for node in nodes:
        groups.setdefault(node.group, []).append(node)
    others = [group for number, group in sorted(groups.items()) if number != own.group]
    slots = len(nodes) + (_GAP * (1 + len(others)) if others else 0)
    step = 2 * math.pi / slots
    placed = [Placed(node, _START + place * step) for place, node in enumerate(groups[own.group])]
    at = len(placed) + _GAP
    for group in others:
        placed += [Placed(node, _START + (at + place) * step) for place, node in enumerate(group)]
        at += len(group) + _GAP
    return placed, max(_LEAST_RADIUS, slots * _SLOT / (2 * math.pi))


def draw_network(nodes: Sequence[Node], edges: Sequence[Mapping[str, Any]], caveat: str) -> Picture:
    """The picture; `edges` have `from`, `to` and `score`. Raises ValueError where there is no node."""
    if not nodes:
        raise ValueError("a network has at least the item itself")
    placed, radius = on_ring(nodes)
    room = 30 + 1.15 * max(width_of(each.label, _FONT) for each in nodes)
    size = max(2 * (radius + room), 420.0)
    lines = wrapped(caveat, size - 40, 12)
    middle = size / 2
    picture = Picture(
        size,
        size + 20 + 17 * len(lines),
        f"Links of {nodes[0].label}",
        f"{len(nodes)} items in {len({n.group for n in nodes})} groups, {len(edges)} links beyond the threshold; "
        "the table beneath says the same.",
        name="network",
        holds_links=True,
    )
    points = {
        each.node.item_id: (
            middle + radius * math.sin(each.angle),
            middle - radius * math.cos(each.angle),
        )
        for each in placed
    }
    _draw_edges(picture, points, edges, nodes[0].item_id, middle)
    for each in placed:
        picture.add(_drawn(each, middle, radius, is_own=each.node is nodes[0]))
    _name_groups(picture, placed, middle, radius)
    picture.words(lines, 20, size + 12, fill=QUIET)
    return picture


def _draw_edges(
    picture: Picture,
    points: Mapping[str, tuple[float, float]],
    edges: Sequence[Mapping[str, Any]],
    own: str,
    middle: float,
) -> None:
    """The item's own links in front; the more alike, the thicker."""
    found = [float(edge["score"]) for edge in edges]
    low, high = min(found, default=0.0), max(found, default=1.0)
    for edge in sorted(edges, key=lambda each: (own in (each["from"], each["to"]), each["score"])):
        (x1, y1), (x2, y2) = points[edge["from"]], points[edge["to"]]
        is_own = own in (edge["from"], edge["to"])
        thick = 0.8 + 2.2 * ((float(edge["score"]) - low) / (high - low) if high > low else 0.5)
        bend = (0.35 * (x1 + x2) / 2 + 0.65 * middle, 0.35 * (y1 + y2) / 2 + 0.65 * middle)
        picture.add(
            tag(
                "path",
                d=f"M{x1:.1f} {y1:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {x2:.1f} {y2:.1f}",
                fill="none",
                stroke=INK if is_own else "#7d8a96",
                stroke_width=thick,
                stroke_opacity=0.85 if is_own else 0.45,
            )
        )


def _drawn(each: Placed, middle: float, radius: float, *, is_own: bool) -> str:
    """A node with its label outward, never upside down."""
    x, y = middle + radius * math.sin(each.angle), middle - radius * math.cos(each.angle)
    degrees = math.degrees(each.angle) - 90
    left = math.sin(each.angle) < -1e-9
    outward = radius + (18 if is_own else 13)
    lx, ly = middle + outward * math.sin(each.angle), middle - outward * math.cos(each.angle)
    turn = degrees + 180 if left else degrees
    words = text(
        lx,
        ly,
        each.node.label,
        size=_FONT,
        anchor="end" if left else "start",
        transform=f"rotate({turn:.1f} {lx:.1f} {ly:.1f})",
        dominant_baseline="central",
        font_weight=700 if is_own else None,
    )
    inside = mark(
        x, y, each.node.group, 10.0 if is_own else 6.5, stroke=INK if is_own else "#ffffff", stroke_width=2
    )
    inside += words
    group = group_name(each.node.group)
    label = f"{each.node.label}, group {group}{', the item itself' if is_own else ''}"
    if each.node.href is None:
        return tag("g", tag("title", str(escape(label))) + inside)
    return tag("a", tag("title", str(escape(label))) + inside, href=each.node.href, aria_label=label)


def _name_groups(picture: Picture, placed: Sequence[Placed], middle: float, radius: float) -> None:
    """An arc and a letter inside the ring for each group."""
    angles: dict[int, list[float]] = {}
    for each in placed:
        angles.setdefault(each.node.group, []).append(each.angle)
    inner = radius - 16
    for group, found in angles.items():
        first, last = min(found), max(found)
        centre = (first + last) / 2
        if last > first:
            x1, y1 = middle + inner * math.sin(first), middle - inner * math.cos(first)
            x2, y2 = middle + inner * math.sin(last), middle - inner * math.cos(last)
            far = 1 if last - first > math.pi else 0
            picture.add(
                tag(
                    "path",
                    d=f"M{x1:.1f} {y1:.1f}A{inner:.1f} {inner:.1f} 0 {far} 1 {x2:.1f} {y2:.1f}",
                    fill="none",
                    stroke=COLOURS[group % len(COLOURS)],
                    stroke_width=3,
                )
            )
        x, y = middle + (inner - 16) * math.sin(centre), middle - (inner - 16) * math.cos(centre)
        picture.add(
            tag("circle", cx=x, cy=y, r=11, fill="#ffffff", stroke=LINE),
            text(
                x,
                y,
                group_name(group),
                size=13,
                anchor="middle",
                dominant_baseline="central",
                font_weight=700,
            ),
        )
