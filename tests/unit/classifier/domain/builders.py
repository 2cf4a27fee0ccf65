"""Builders of programmes and files for the tests of the classifier's domain."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.authentic import Authentic
from services.classifier.domain.check_programme import programme_from_data
from services.classifier.domain.programme import Programme
from services.classifier.domain.synthetic.write_netcdf import netcdf_bytes

PROJECT = Path(__file__).parents[4]
# Real instrument files and tables have no licence that lets the project carry them: tests use them where they are.
REAL_DATA = Path(os.environ.get("SIGLAB_TEST_DATA") or PROJECT / "var" / "test-data")
REAL_FORMATS = REAL_DATA / "formats"


def programme_data(**over: Any) -> dict[str, Any]:
    """The smallest programme, with fields replaced or (by None) left out."""
    data: dict[str, Any] = {
        "id": "WINE",
        "version": "1",
        "title": "Piedmont wines",
        "modules": [{"name": "composition", "technique": "wet chemistry"}],
        "analytes": [
            {"name": "alcohol", "unit": "% vol", "module": "composition", "loq": None},
            {"name": "ash", "unit": "g/l", "module": "composition", "loq": 0.1},
        ],
        "determinations": [{"name": "origin", "classes": ["Barolo", "Grignolino", "Barbera"]}],
        "pretreatment": "auto",
    }
    return {key: value for key, value in {**data, **over}.items() if value is not None}


def andi_bytes(
    times: NDArray[Any] | None = None,
    *,
    counts: NDArray[Any] | None = None,
    total: bool = True,
    **replaced: NDArray[Any],
) -> bytes:
    """A small ANDI-MS file of five scans with three points each; single variables can be replaced."""
    times = np.arange(5.0) if times is None else times
    counts = np.full(len(times), 3, np.int32) if counts is None else counts
    points = int(counts.sum())
    values: dict[str, tuple[str, NDArray[Any]]] = {
        "scan_acquisition_time": ("scan_number", times.astype("f8")),
        "scan_index": ("scan_number", np.concatenate(([0], np.cumsum(counts)[:-1])).astype("i4")),
        "point_count": ("scan_number", counts.astype("i4")),
        "mass_values": ("point_number", np.tile([57.0, 71.0, 85.0], points)[:points].astype("f4")),
        "intensity_values": ("point_number", np.arange(1, points + 1).astype("f4")),
    }
    if total:
        values["total_intensity"] = ("scan_number", np.arange(10.0, 10.0 + len(times)))
    for name, array in replaced.items():
        values[name] = (values[name][0], array)
    return netcdf_bytes(
        {"scan_number": len(times), "point_number": points},
        {"ms_template_revision": "1.0.1", "experiment_title": "SYNTHETIC"},
        [(name, [dimension], array, {}) for name, (dimension, array) in values.items()],
    )


def two_class_programme(**over: Any) -> Programme:
    """A programme with the analytes a and b, the determination `kind` and the classes P and Q."""
    analytes = [{"name": name, "unit": "1", "module": "composition", "loq": None} for name in "ab"]
    kinds = [{"name": "kind", "classes": ["P", "Q"]}]
    return programme_from_data(programme_data(**{"analytes": analytes, "determinations": kinds, **over}))


def two_class_library(means: tuple[float, float], count: int, seed: int) -> list[Authentic]:
    """Authentics of P and Q with a ~ N(mean, 1) and b ~ N(9, 1), each a collection of its own."""
    dice = np.random.default_rng(seed)
    return [
        Authentic(
            f"{kind}{i:03d}", {"kind": kind}, f"{kind}{i}", {"a": dice.normal(mean), "b": dice.normal(9.0)}
        )
        for kind, mean in zip("PQ", means, strict=True)
        for i in range(count)
    ]
