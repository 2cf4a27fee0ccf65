"""`python -m services.classifier.read_worker`: reads one untrusted file under limits of memory and time.

Standard input and output are one JSON object each, see `service.read_spectra`. The limits are set before anything but the
standard library is loaded; a file that needs more ends this process and nothing else.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any


def main() -> int:
    """Reads what standard input names and prints the reading."""
    given = json.load(sys.stdin)
    _limit(int(given["limits"]["memory"]), int(given["limits"]["cpu_seconds"]))
    json.dump(
        _read(Path(given["path"]), given["filename"], given["programmes"], given["run_role"]), sys.stdout
    )
    return 0


def _limit(memory: int, cpu_seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(path: Path, filename: str, programmes: list[dict[str, Any]], run_role: str) -> dict[str, Any]:
    from services.classifier.domain.check_programme import programme_from_data
    from services.classifier.domain.peak_table import PeakTable
    from services.classifier.domain.readers.registry import examine
    from services.classifier.domain.run import RawRun
    from services.classifier.service.run_profiles import ion_traces, profile_for

    reading, run = examine(path, filename)
    told: dict[str, Any] = {
        "format": reading.format,
        "reason": reading.reason,
        "summary": reading.summary or None,
        "profiles": [],
        "traces": [],
    }
    if run is not None and not isinstance(run, PeakTable):
        trace = run.trace()
        first = {"channel": trace.channel, "x": trace.x.tolist(), "y": trace.y.tolist()}
        told["traces"].append({**first, "unit": trace.unit, "x_unit": trace.x_unit})
    if isinstance(run, RawRun | PeakTable):
        for data in programmes:
            programme = programme_from_data(data)
            profile = profile_for(run, programme, run_role)
            if profile is not None:
                told["profiles"].append(profile)
                told["traces"] += ion_traces(run, programme) if isinstance(run, RawRun) else []
    return told


if __name__ == "__main__":
    sys.exit(main())
