"""Runs for the tests of the profile steps: synthetic ones, and the same ones moved in time."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from services.classifier.domain.check_programme import programme_from_data
from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.programme import Programme
from services.classifier.domain.readers.registry import read
from services.classifier.domain.run import Floats, RawRun
from services.classifier.domain.synthetic.run import synthetic_run


def run_of(tmp_path: Path, programme: Programme, values: dict[str, float], seed: int = 1) -> RawRun:
    """A synthetic run with these ratios, read."""
    path = tmp_path / f"{programme.id}{seed}.cdf"
    path.write_bytes(synthetic_run(programme, values, seed))
    return read(path)


def moved(run: RawRun, time_of: Callable[[Floats], Floats]) -> RawRun:
    """The same run with other times."""
    return replace(run, times_s=np.asarray(time_of(run.times_s)))


def with_method(name: str, **over: Any) -> Programme:
    """A bundled programme whose first method has fields replaced or added."""
    data = dict(load_bundled(name).data)
    modules = [dict(module) for module in data["modules"]]
    modules[0]["method"] = {**modules[0]["method"], **over}
    return programme_from_data({**data, "modules": modules})
