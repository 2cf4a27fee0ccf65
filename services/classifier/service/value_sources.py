"""Where each value of a result comes from, so that another examiner can repeat the work (E14, E27)."""

from collections.abc import Sequence
from typing import Any

from services.classifier.domain.programme import Programme

Data = dict[str, Any]
#: Who did the work stays inside the laboratory; its report names them.
PEOPLE = ("measured_by", "integrated_by")
_DIGITS = 12


def told_values(programme: Programme, values: Sequence[Data], *, people: bool) -> list[Data]:
    """Each value as it was concluded from, with its source and whose its uncertainty is.

    `uncertainty_of` is "value" where the value came with its own, "programme" where the programme's declared one stands for it,
    None where there is none. Without `people` the sources name nobody.
    """
    return [
        {
            **{key: value[key] for key in ("analyte", "module", "unit", "value", "censored")},
            **_uncertainty(programme, value),
            "source": {
                key: part for key, part in (value["source"] or {}).items() if people or key not in PEOPLE
            }
            or None,
        }
        for value in values
    ]


def _uncertainty(programme: Programme, value: Data) -> Data:
    if value["uncertainty"] is not None:
        return {"uncertainty": value["uncertainty"], "uncertainty_of": "value"}
    analyte = programme.analyte(value["analyte"])
    if analyte is None or value["value"] is None or value["censored"]:
        return {"uncertainty": None, "uncertainty_of": None}
    declared = analyte.declared_uncertainty(value["value"])
    return {"uncertainty": declared, "uncertainty_of": None if declared is None else "programme"}


def list_sources(values: Sequence[Data]) -> tuple[list[list[str]], dict[str, str]]:
    """The sources as rows of name, what it is, how it was measured, by whom; and for each analyte the name of its source."""
    rows: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    count = {"run": 0, "measurement": 0}
    for value in values:
        source = value["source"] or {}
        kind = "run" if source.get("kind") == "spectrum" else "measurement"
        key = str(source.get("profile_id") or source.get("measurement_id") or "")
        if not key:
            continue
        if key not in rows:
            count[kind] += 1
            name = f"{'R' if kind == 'run' else 'M'}{count[kind]}"
            rows[key] = [name, *(_run(source) if kind == "run" else _measurement(source))]
        names[value["analyte"]] = rows[key][0] + (_hand(value["analyte"], source))
    return list(rows.values()), names


def _hand(analyte: str, source: Data) -> str:
    if (source.get("version") or 1) < 2:
        return ""
    set_by_hand = source.get("by_hand")
    # An older record names who integrated and why, not which peaks.
    if set_by_hand is None or analyte in set_by_hand:
        return ", by hand"
    return ", integrated again"


def _run(source: Data) -> list[str]:
    version = source.get("version") or 1
    if version < 2:
        work = f"peaks found by the programme's method (version {version})"
    else:
        peaks = ", ".join(source.get("by_hand") or []) or "parameters of the search changed"
        work = f"version {version}, integrated again by {source.get('integrated_by')} ({peaks}): {source.get('reason')}"
    return [
        f"run {_file(source.get('filename') or source['spectrum_id'], source)}",
        _how(source, "acquired_at", "acquired"),
        work,
    ]


def _measurement(source: Data) -> list[str]:
    work = (
        f"measured by {source['measured_by']}" if source.get("measured_by") else "values as they were entered"
    )
    if source.get("corrects"):
        work += f"; a correction of measurement {source['corrects']}: {source.get('reason')}"
    return [
        f"measurement {_file(source['measurement_id'], source)}",
        _how(source, "occurred_at", "measured"),
        work,
    ]


def _file(name: str, source: Data) -> str:
    return f"{name} (SHA-256 {source['sha256'][:_DIGITS]}…)" if source.get("sha256") else name


def _how(source: Data, at: str, word: str) -> str:
    parts = [
        f"{label} {source[key]}"
        for key, label in (("instrument", "instrument"), ("method", "method"))
        if source.get(key)
    ]
    if source.get(at):
        parts.append(
            f"{word} {source[at][:16].replace('T', ' ')} UTC"
            if source[at].endswith("Z")
            else f"{word} {source[at]}"
        )
    return ", ".join(parts) or "not recorded"
