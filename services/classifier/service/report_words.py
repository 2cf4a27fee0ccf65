"""What an opinion and its validation say, in sentences for people who are no chemists."""

from typing import Any

from services.classifier.domain.calibration import wilson
from services.classifier.domain.programme import NOT_EVALUATED, UNKNOWN

Data = dict[str, Any]


def percent(share: float | None) -> str:
    """A share in percent, or that it is not stated."""
    return "not stated" if share is None else f"{100 * share:.3g} %"


def in_short(found: Data, item_number: str) -> str:
    """The opinion in two sentences."""
    said, coverage = found["conclusion"], percent(found.get("coverage"))
    if said == NOT_EVALUATED:
        return " ".join(
            [f"No opinion is given on {item_number}."]
            + [f"{r[:1].upper()}{r[1:]}." for r in found.get("reasons") or []]
        )
    if said == UNKNOWN:
        if found.get("beyond"):
            what = "; ".join(each["statement"] for each in found["beyond"])
            return f"{item_number} lies beyond everything that the reference library shows: {what}. No class is named."
        if found.get("contradiction"):
            return (
                f"The measurements of {item_number} contradict each other: a class that is likely by all of them together "
                "does not fit each of them. No class is named; both sides are shown below."
            )
        return (
            f"The profile of {item_number} is not that of any class of the reference library. It may come from a class that the "
            "library does not hold. No class is named."
        )
    members = found["prediction_set"]
    if len(members) == 1:
        first = (
            f"Of the classes that the library holds, {members[0]} alone is in the prediction set of {item_number} "
            f"at a stated coverage of {coverage}."
        )
    else:
        names = f"{', '.join(members[:-1])} and {members[-1]}"
        first = (
            f"The profile of {item_number} does not distinguish between {names}: "
            f"these are the prediction set at a stated coverage of {coverage}."
        )
    return f"{first} {_of_the_others(found)}".rstrip()


def _of_the_others(found: Data) -> str:
    """Of the classes outside the set: which are excluded, being unlike the profile, and which are only not likely enough."""
    novelty = found.get("novelty") or {}
    rest = {n: p for n, p in (novelty.get("p_values") or {}).items() if n not in found["prediction_set"]}
    unlike = [name for name, p in rest.items() if p < novelty["threshold"]]
    unlikely = [name for name in rest if name not in unlike]
    said = []
    if unlike:
        said.append(f"Excluded, for the profile is unlike their authentics: {', '.join(unlike)}.")
    if unlikely:
        said.append(
            f"Not in the set, though the profile is not unlike their authentics: {', '.join(unlikely)}."
        )
    return " ".join(said)


def reliability(found: Data, validation: Data) -> list[str]:
    """How far such an answer could be trusted on authentics that the model had not seen; empty without a validation."""
    if not validation:
        return []
    lines = []
    chosen: Data = next(
        (c for c in validation.get("candidates", []) if c["name"] == validation.get("chosen")), {}
    )
    n = sum(row["n"] for row in validation.get("per_class", {}).values())
    # Where the choice itself was judged, its figure is the honest one; that of the chosen candidate knows of the choice.
    whole = validation if {"accuracy", "low", "high"} <= set(validation) else chosen
    if whole:
        groups = validation.get("groups")
        kept = f" from {groups} seizures or collections, none on both sides of a test" if groups else ""
        lines.append(
            f"Tested on {n} authentics{kept}, the model named the right class for {percent(whole['accuracy'])} of them "
            f"(95 % interval {percent(whole['low'])} to {percent(whole['high'])})."
        )
    coverage = validation.get("coverage") or {}
    for name in found["prediction_set"]:
        own = validation.get("per_class", {}).get(name)
        if own is None:
            continue
        right = round(own["recall"] * own["n"])
        low, high = wilson(right, own["n"])
        said = (
            f"{name}: {right} of {own['n']} authentics were recognised ({percent(own['recall'])}, interval {percent(low)} to "
            f"{percent(high)}); when the model said {name} it was right in {percent(own['precision'])} of cases"
        )
        measured = (coverage.get("per_class") or {}).get(name)
        if measured is not None:
            said += f"; its set held the truth for {percent(measured)} (nominal {percent(coverage.get('nominal'))})"
        lines.append(said + ".")
    if "false_unknown" in validation:
        lines.append(
            f"{percent(validation['false_unknown'])} of authentics of known classes were called Unknown. "
            f"Expected calibration error of the probabilities: {validation.get('ece', 0.0):.3f}."
        )
    strangers = _strangers(validation)
    if strangers:
        lines.append(strangers)
    return lines


def _strangers(validation: Data) -> str | None:
    """How many authentics of a class were called Unknown when the model had never seen that class."""
    found = validation.get("leave_one_class_out") or {}
    rows = found.get("per_class", found) if isinstance(found, dict) else {}
    parts = []
    for name, row in rows.items():
        share = row.get("detected") if isinstance(row, dict) else row
        if isinstance(share, int | float):
            parts.append(f"{name} {percent(float(share))}")
    if not parts:
        return None
    return "Found to be Unknown when their class was kept from the model: " + ", ".join(parts) + "."


def fitting(fits: list[str], classes: list[str]) -> str:
    """Which classes a module does not exclude, short where that is nearly all."""
    if not fits:
        return "no class of the library"
    if len(fits) == len(classes) > 2:
        return f"all {len(classes)} classes"
    excluded = [name for name in classes if name not in fits]
    return f"all but {excluded[0]}" if len(excluded) == 1 and len(classes) > 3 else ", ".join(fits)
