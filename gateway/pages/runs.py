"""Runs as pictures: one with its peaks, or two over each other or mirrored, in the part of time that is asked for."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, render_template, request

from gateway.pages.codes import bare, find_item
from gateway.pages.session import ask, every, get
from gateway.plots.draw_traces import Curve, Peak, bounds, draw_traces, plot_area

blp = Blueprint("runs", __name__)

_POINTS = 1000
_TOTAL = "tic"
_STEP = 0.5
#: How much of the height is shown: the words, and the share of the greatest signal.
HEIGHTS = {
    "": ("whole", 1.0),
    "20": ("lowest 20 %", 0.2),
    "5": ("lowest 5 %", 0.05),
    "1": ("lowest 1 %", 0.01),
}


@dataclass
class Shown:
    """A picture of runs and how to get to another part of it; `why` says in words why there is none."""

    picture: Any = None
    why: str = ""
    choices: list[list[tuple[str, str]]] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    start: str = ""
    end: str = ""
    unit: str = ""
    height: str = ""
    heights: list[tuple[str, str]] = field(
        default_factory=lambda: [(key, words) for key, (words, _) in HEIGHTS.items()]
    )
    moves: list[tuple[str, str]] = field(default_factory=list)
    errors: list[dict[str, str]] = field(default_factory=list)
    peaks: list[dict[str, Any]] = field(default_factory=list)
    points: tuple[int, ...] = ()
    channel: str = ""
    channels: list[tuple[str, str]] = field(default_factory=list)

    def add_channels(self, told: dict[str, Any]) -> None:
        """Channels of one more run, each with the peaks that were integrated in it."""
        names: dict[str, list[str]] = {}
        for profile in told.get("profiles", []):
            for row in profile["peaks"]:
                names.setdefault(row["channel"] or "", []).append(row["name"])
        known = {key for key, _ in self.channels}
        for each in sorted(told.get("channels", []), key=lambda name: (len(name), name)):
            if each not in known and each != _TOTAL:
                inside = ", ".join(dict.fromkeys(names.get(each, [])))
                self.channels.append((each, f"{each}{inside and ': ' + inside}"))


@blp.get("/spectra/<spectrum_id>")
def show(spectrum_id: str) -> tuple[str, int]:
    """The viewer: one run, or one with another (`with`) mirrored or over it."""
    spectrum = get(f"/spectra/{quote(spectrum_id, safe='')}")
    others = [row for row in _runs_of(spectrum["item_id"]) if row["id"] != spectrum["id"]]
    wanted = request.args.get("with", "").strip()
    other, problem = _other(wanted)
    view = "overlay" if request.args.get("view") == "overlay" else "mirror"
    shown = draw(
        [spectrum] if other is None else [spectrum, other], [_name(spectrum), _name(other or {})], view=view
    )
    if problem:
        shown.errors.append({"field": "with", "message": problem})
    said = ask("GET", f"/items/{spectrum['item_id']}")
    page = render_template(
        "pages/spectrum.html",
        s=spectrum,
        item=said.json if said.ok else None,
        other=other,
        wanted=wanted,
        others=[(row["id"], _name(row)) for row in others],
        view=view,
        shown=shown,
        errors=shown.errors,
    )
    return page, 422 if shown.errors else 200


def shown_pair(own: tuple[str, str], other: tuple[str, str], *, view: str, caveat: str) -> Shown:
    """One run of each of two items (id, number), chosen by `trace` and `trace_with` in the address, else the first of each."""
    runs = [_runs_of(own[0]), _runs_of(other[0])]
    if not all(runs):
        lacking = " and ".join(name for found, (_, name) in zip(runs, (own, other), strict=True) if not found)
        return Shown(why=f"No run with a chromatogram that you may see is stored of {lacking}.")
    chosen = [
        next((row for row in found if row["id"] == request.args.get(key)), found[0])
        for found, key in zip(runs, ("trace", "trace_with"), strict=True)
    ]
    names = [f"{number}, {_name(row)}" for row, (_, number) in zip(chosen, (own, other), strict=True)]
    shown = draw(chosen, names, view=view, caveat=caveat)
    shown.choices = [[(row["id"], _name(row)) for row in found] for found in runs]
    shown.chosen = [row["id"] for row in chosen]
    return shown


def draw(spectra: list[dict[str, Any]], names: list[str], *, view: str, caveat: str = "") -> Shown:
    """One or two runs in the part of the address's `from` and `to`."""
    height = request.args.get("height", "")
    shown = Shown(
        height=height if height in HEIGHTS else "", channel=request.args.get("channel", "").strip()[:80]
    )
    if shown.channel == _TOTAL:
        shown.channel = ""
    start, end = _moment("from", shown), _moment("to", shown)
    if start is not None and end is not None and not start < end:
        shown.errors.append({"field": "to", "message": "The end must be later than the beginning."})
        start = end = None
    curves, peaks = [], []
    for spectrum, name in zip(spectra, names, strict=False):
        path = f"/spectra/{quote(spectrum['id'], safe='')}"
        said = ask(
            "GET", f"{path}/trace", points=_POINTS, channel=shown.channel, **{"from": start, "to": end}
        )
        found = ask("GET", f"{path}/peaks")
        shown.add_channels(found.json if found.ok else {})
        if not said.ok:
            shown.why = f"{name}: {said.detail or 'it cannot be shown now.'}"
            return shown
        told = said.json
        shown.points += (told["measured_points"],)
        curves.append(Curve(name, told["x"], told["y"], told["unit"], told["x_unit"]))
        profiles = found.json["profiles"] if found.ok and told["x_unit"] == "s" else []
        here = [
            (each, row) for each in profiles for row in each["peaks"] if shown.channel in ("", row["channel"])
        ]
        peaks.append(
            [Peak(row["name"], row["apex_s"], _base(row) if shown.channel else None) for _, row in here]
        )
        shown.peaks += [{**row, "run": name, "programme": each["programme"]} for each, row in here]
    if len({curve.x_unit for curve in curves}) > 1:
        shown.why = "The two have no common axis: " + " and ".join(f"{curve.x_unit}" for curve in curves)
        return shown
    if not any(len(curve.x) for curve in curves):
        shown.why = "Nothing was measured in this part."
        return shown
    low, high = bounds(curves, start, end)
    shown.unit, shown.start, shown.end = curves[0].x_unit, f"{low:.6g}", f"{high:.6g}"
    shown.moves = _moves(low, high, whole=start is None and end is None)
    left, right = plot_area()
    title = names[0] if len(curves) == 1 else f"{names[0]} and {names[1]}"
    title += f", {shown.channel}" if shown.channel else ""
    shown.picture = draw_traces(
        curves,
        view=view,
        title=title,
        caveat=caveat,
        peaks=peaks,
        start=low,
        end=high,
        share=HEIGHTS[shown.height][1],
    ).markup(data_from=low, data_to=high, data_left=left, data_right=right)
    return shown


def _base(row: dict[str, Any]) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Both ends of a peak's baseline, where they are known."""
    given = [row.get(name) for name in ("start_s", "baseline_start", "end_s", "baseline_end")]
    known = [float(value) for value in given if value is not None]
    return ((known[0], known[1]), (known[2], known[3])) if len(known) == len(given) else None


def _moment(name: str, shown: Shown) -> float | None:
    given = request.args.get(name, "").strip().replace(",", ".")
    if not given:
        return None
    try:
        value = float(given)
    except ValueError:
        value = float("nan")
    if value != value or abs(value) > 1e12:
        shown.errors.append({"field": name, "message": "A number, as 431.5."})
        return None
    return value


def _moves(low: float, high: float, *, whole: bool) -> list[tuple[str, str]]:
    """(words, address) of the parts around this one; each is a link, so keyboards and pages without scripts have them too."""
    size = high - low
    parts = [
        ("Closer", low + size / 4, high - size / 4),
        ("Farther", low - size / 2, high + size / 2),
        ("Earlier", low - size * _STEP, high - size * _STEP),
        ("Later", low + size * _STEP, high + size * _STEP),
    ]
    kept = [(name, value) for name, value in request.args.items() if name not in ("from", "to")]
    moves = [
        (words, f"{request.path}?{urlencode([*kept, ('from', f'{start:.6g}'), ('to', f'{end:.6g}')])}#run")
        for words, start, end in parts
        if not (whole and words == "Farther")
    ]
    return moves if whole else [*moves, ("Whole run", f"{request.path}?{urlencode(kept)}#run")]


def _runs_of(item_id: str) -> list[dict[str, Any]]:
    """The item's verified runs, the newest first; empty for those who may not see them."""
    rows = every("/spectra", item_id=item_id)
    return [row for row in rows if row["state"] == "verified" and row["format"] not in (None, "unknown")]


def _other(wanted: str) -> tuple[dict[str, Any] | None, str]:
    """The run that is meant: by its id, or the newest of the item of that number; else why there is none."""
    if not wanted:
        return None, ""
    said = ask("GET", f"/spectra/{quote(wanted, safe='')}")
    if said.ok:
        return said.json, ""
    item = find_item(bare(wanted))
    if item is None:
        return None, "No run and no item is called so."
    found = _runs_of(item["id"])
    return (found[0], "") if found else (None, f"No run of {item['number']} can be shown.")


def _name(spectrum: dict[str, Any]) -> str:
    return f"{spectrum.get('filename', '')} ({str(spectrum.get('acquired_at') or '')[:10]})"
