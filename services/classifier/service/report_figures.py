"""The figures of a report: the profile against its class, the place among the authentics, what moved the answer."""

from typing import Any

from services.classifier.service.report_words import fitting
from shared.figures.bars import Bar, draw_bars
from shared.figures.scatter import Point, draw_scatter
from shared.figures.stacked import Shares, draw_stacked
from shared.figures.strips import Strip, draw_strips
from shared.figures.svg import colour

Data = dict[str, Any]
_MOST_CLASSES = 3
_MOST_STRIPS = 26
_MOST_BARS = 12


def shown_classes(explained: Data, found: Data) -> list[tuple[str, int]]:
    """The classes to draw with their places: the prediction set, then the likeliest others; at most three."""
    chances = found["probabilities"]
    wanted = sorted(found["prediction_set"], key=lambda name: -chances.get(name, 0.0))
    nearest = (found.get("novelty") or {}).get("nearest_class")
    if not wanted and nearest:
        wanted = [nearest]
    others = sorted(
        (n for n in explained["classes"] if n not in wanted), key=lambda name: -chances.get(name, 0.0)
    )
    names = (wanted + others)[:_MOST_CLASSES]
    return [(name, explained["classes"].index(name)) for name in names]


def said_value(row: Data) -> str:
    """An analyte's value as figures and tables say it."""
    if row["censored"]:
        return "below LOQ"
    if row["value"] is None:
        return "not measured"
    return f"{row['value']:.4g}"


def profile_figure(explained: Data, found: Data, item_number: str, *, width: float, size: float) -> str:
    """Each analyte's value against the middle 90 % of the classes, the most telling first."""
    rows = sorted(explained["analytes"], key=lambda row: (-abs(row["log_odds"]), row["analyte"]))[
        :_MOST_STRIPS
    ]
    classes = shown_classes(explained, found)
    strips = [
        Strip(
            label=row["analyte"],
            ranges={n: (r["low"], r["middle"], r["high"]) for n, r in row["ranges"].items()},
            value=row["position"],
            said=said_value(row),
            censored=row["censored"],
        )
        for row in rows
    ]
    title = f"Profile of {item_number} against {', '.join(name for name, _ in classes)}"
    return draw_strips(strips, classes, title=title, sample=item_number, width=width, size=size)


def place_figure(explained: Data, item_number: str, *, width: float, height: float, size: float) -> str:
    """Where the sample lies among the authentics, in the two directions that tell the classes apart best."""
    classes = [(name, place) for place, name in enumerate(explained["classes"])]
    number = dict(classes)
    points = [Point(p["x"], p["y"], number[p["label"]]) for p in explained["points"] if p["label"] in number]
    x, y = explained["position"]
    return draw_scatter(
        points, classes, title=f"{item_number} among the authentics", sample=(item_number, x, y),
        axes=("first direction", "second direction"), width=width, height=height, size=size,
    )  # fmt: skip


def reasons_figure(explained: Data, found: Data, *, width: float, size: float) -> str:
    """What each analyte added to the likeliest class or took from it."""
    rows = sorted(explained["analytes"], key=lambda row: -abs(row["log_odds"]))[:_MOST_BARS]
    bars = [Bar(row["analyte"], row["log_odds"], f"{row['log_odds']:+.1f}") for row in rows]
    likeliest = max(found["probabilities"], key=found["probabilities"].get)
    title = f"What speaks for {likeliest} and against it"
    return draw_bars(bars, title=title, sides=("against", f"for {likeliest}"), width=width, size=size)


def result_figures(explained: Data, found: Data, item_number: str) -> dict[str, str]:
    """All pictures of one determination for a page; empty where nothing was evaluated."""
    if not explained["analytes"]:
        return {}
    modules = {"modules": modules_figure(explained, found)} if len(found["evidence"]) > 1 else {}
    return {
        **modules,
        "nearest": nearest_figure(explained),
        "profile": profile_figure(explained, found, item_number, width=400, size=12),
        "place": place_figure(explained, item_number, width=400, height=330, size=12),
        "reasons": reasons_figure(explained, found, width=400, size=12),
    }


def nearest_figure(explained: Data) -> str:
    """How far the nearest authentics are, in spreads within classes."""
    place = {name: number for number, name in enumerate(explained["classes"])}
    bars = [
        Bar(row["label"], row["distance"], f"{row['distance']:.1f}", colour(place.get(row["label"], 0)))
        for row in explained["nearest"]
    ]
    return draw_bars(bars, title="Distances of the nearest authentics, in spreads within classes")


def modules_figure(explained: Data, found: Data) -> str:
    """What each module alone says, as shares of the classes."""
    classes = [(name, place) for place, name in enumerate(explained["classes"])]
    rows = []
    for each in found["evidence"]:
        fits = f"fits {fitting(each['fits'], list(each['p_values']))}"
        rows.append(Shares(f"{each['module'].replace('_', ' ')}: {fits}", each["probabilities"]))
    return draw_stacked(rows, classes, title="What each module alone says")
