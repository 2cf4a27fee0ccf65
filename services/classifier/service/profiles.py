"""An item's profile: every analyte of a programme, with its value and where the value comes from."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from services.classifier import repository, repository_runs
from services.classifier.domain.programme import Programme
from services.classifier.models import Measurement, RunProfile, Spectrum
from services.classifier.repository_runs import Found
from shared.http.schemas import format_time


def build_profile(session: Session, programme: Programme, item_id: str) -> dict[str, Any]:
    """One item's profile, see `build_profiles`."""
    return build_profiles(session, programme, [item_id])[item_id]


def build_profiles(
    session: Session, programme: Programme, item_ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Takes for each analyte what was recorded last; a later correction or measurement stands before an earlier run.

    `inputs` are the SHA-256 of every measurement, raw file and integration that gave a value, so that anyone can say what an
    opinion rests on.
    """
    measured = repository.measurements_of_items(session, programme.id, item_ids)
    runs = repository_runs.runs_of_items(session, programme.id, item_ids)
    return {
        item_id: _build(
            programme,
            item_id,
            [row for row in measured if item_id in (row.item_id, row.root_id)],
            [run for run in runs if item_id in (run[0].item_id, run[0].root_id)],
        )
        for item_id in item_ids
    }


def _build(
    programme: Programme,
    item_id: str,
    measured: Sequence[Measurement],
    runs: Sequence[Found],
) -> dict[str, Any]:
    found: dict[str, tuple[Any, dict[str, Any], tuple[str, ...]]] = {}
    qc: dict[str, Any] = {}
    for run, spectrum in runs:
        digests = (spectrum.sha256,) if run.digest is None else (spectrum.sha256, run.digest)
        for value in run.profile["values"]:
            _take(found, value, _source(run, spectrum, value), spectrum.read_at, digests)
        qc.update(run.profile.get("qc") or {})
    for row in measured:
        for value in row.values:
            _take(found, value, _measurement(row), row.recorded_at, (row.digest,))
        qc.update(row.qc or {})
    values = []
    for analyte in programme.analytes:
        value, source, _ = found.get(analyte.name, ({}, {}, ()))
        values.append(
            {
                "analyte": analyte.name,
                "value": value.get("value"),
                "unit": analyte.unit,
                "uncertainty": value.get("uncertainty"),
                "censored": bool(value.get("censored", False)),
                "remark": value.get("remark") or "",
                "module": analyte.module,
                "source": {key: part for key, part in source.items() if key != "at"} or None,
            }
        )
    return {
        "item_id": item_id,
        "programme": programme.id,
        "programme_version": programme.version,
        "values": values,
        "qc": qc,
        "inputs": sorted({digest for _, _, digests in found.values() for digest in digests}),
    }


def _measurement(row: Measurement) -> dict[str, Any]:
    """By which method, on which instrument, by whom and when a value was measured, and what it corrects."""
    source = {
        "kind": "measurement",
        "measurement_id": row.id,
        "sha256": row.digest,
        "method": row.method,
        "instrument": row.instrument,
        "measured_by": row.measured_by,
        "occurred_at": format_time(row.occurred_at),
    }
    return source | ({"corrects": row.corrects, "reason": row.reason} if row.corrects else {})


def _source(run: RunProfile, spectrum: Spectrum, value: dict[str, Any]) -> dict[str, Any]:
    """The way back from a number to the signal: the run, the version of its integration, the peaks, and where to see them."""
    peak = value.get("peak")
    source = {
        "kind": "spectrum",
        "spectrum_id": run.spectrum_id,
        "filename": spectrum.filename,
        "sha256": spectrum.sha256,
        "method": spectrum.method,
        "instrument": spectrum.instrument,
        "acquired_at": spectrum.acquired_at,
        "profile_id": run.id,
        "version": run.version,
        "peak": peak,
        "main_peak": value.get("main_peak"),
        "internal_standard": run.profile.get("internal_standard"),
    }
    # Of a table of peaks there is no signal.
    if peak is not None and peak["end_s"] > peak["start_s"] and peak["first"] >= 0:
        source["trace"] = trace_path(run.spectrum_id, peak)
    if run.version > 1:
        by_hand = sorted(peak["name"] for peak in (run.changes or {}).get("peaks") or [])
        source |= {"reason": run.reason, "integrated_by": run.integrated_by, "by_hand": by_hand}
    return source


def trace_path(spectrum_id: str, peak: Mapping[str, Any]) -> str:
    """Where the signal around a peak is drawn, with twice its width on either side."""
    width = peak["end_s"] - peak["start_s"]
    start, end = peak["start_s"] - 2 * width, peak["end_s"] + 2 * width
    query = f"channel={peak['channel']}&from={max(start, 0.0):.1f}&to={end:.1f}"
    return f"/api/v1/spectra/{spectrum_id}/trace?{query}"


def _take(
    found: dict[str, tuple[Any, dict[str, Any], tuple[str, ...]]],
    value: dict[str, Any],
    source: dict[str, Any],
    at: Any,
    digests: tuple[str, ...],
) -> None:
    """Keeps a value that is newer than the one that is there; a run that saw nothing does not hide a measured value."""
    old = found.get(value["analyte"])
    if old is not None and (old[1]["at"] > at or (value.get("value") is None and not value.get("censored"))):
        return
    found[value["analyte"]] = (value, {**source, "at": at}, digests)
