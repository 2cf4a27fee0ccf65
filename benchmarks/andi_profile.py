"""How long an ANDI file takes from bytes to a profile, beside PyMassSpec on the same file, and whether both find the same peaks.

PyMassSpec is told nothing and finds its peaks; a method is made of these (three ions each, the two highest peaks as internal
standard and main compound), and our steps look for them in the file: reading, alignment, peaks, ions, ratios, uncertainties. The
real file is used where it is on this machine, else a synthetic one.

    python -m benchmarks.andi_profile [--file FILE.CDF] [--repeats 15] [--write]
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.keep import ROOT, keep
from services.classifier.domain.check_programme import programme_from_data
from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.profile.profile import Profile
from services.classifier.domain.profile.profile_from_run import profile_from_run
from services.classifier.domain.programme import Programme
from services.classifier.domain.readers.registry import read
from services.classifier.domain.synthetic.run import synthetic_run
from tests.unit.classifier.domain.builders import REAL_FORMATS

HP = REAL_FORMATS / "andi_cdf" / "HP_MS.CDF"
UV = Path(sys.executable).with_name("uv")
PEER = ["PyMassSpec==2.7.0.post1", "setuptools<81"]
PEER_REPEATS = 3


def ask_peer(path: Path) -> dict[str, Any]:
    """Median seconds of PyMassSpec, without its start, and its peaks."""
    command = [str(UV), "run", "--quiet", "--no-project", "--python", "3.11"]
    command += [part for name in PEER for part in ("--with", name)]
    command += ["python", str(ROOT / "benchmarks" / "pymassspec_peer.py"), str(path), str(PEER_REPEATS)]
    ended = subprocess.run(command, capture_output=True, check=False, cwd="/")
    if ended.returncode != 0:
        raise SystemExit(f"PyMassSpec did not run: {ended.stderr.decode()[-800:]}")
    found: dict[str, Any] = json.loads(ended.stderr[ended.stderr.index(b'{"seconds"') :])
    return found


def method_of(peaks: list[dict[str, Any]]) -> Programme:
    """A programme that looks for these peaks; responses make ratios of one ion into ratios of all ions."""
    by_area = sorted(range(len(peaks)), key=lambda n: -peaks[n]["share"])
    main, standard = by_area[0], by_area[1]
    start = peaks[standard]["time_s"]

    def told(place: int, name: str) -> dict[str, Any]:
        peak = peaks[place]
        quantifier = peak["ions"][0]
        spectrum = [{"mz": mz, "intensity": height / quantifier[1]} for mz, height in peak["ions"]]
        return {name: f"{peak['time_s']:.1f} s", "quantifier": quantifier[0], "spectrum": spectrum}

    def response(place: int) -> float:
        return float(peaks[place]["ions"][0][1] / peaks[place]["total"])

    targets = [
        {**told(n, "analyte"), "relative_retention": peaks[n]["time_s"] / start, "response": response(n)}
        for n in range(len(peaks))
        if n not in (main, standard)
    ]
    method = {
        "internal_standard": {**told(standard, "name"), "retention_s": start},
        "main": {
            **told(main, "name"),
            "relative_retention": peaks[main]["time_s"] / start,
            "response": response(main),
        },
        "targets": targets,
        "window_percent": 0.4,
    }
    analytes = [{"name": t["analyte"], "unit": "share", "module": "run"} for t in targets]
    return programme_from_data(
        {
            "id": "ANDI",
            "version": "1",
            "title": "Peaks of one file",
            "modules": [{"name": "run", "technique": "GC-MS", "method": method}],
            "analytes": analytes,
            "determinations": [{"name": "none", "classes": ["A", "B"]}],
        }
    )


def differences(profile: Profile, peaks: list[dict[str, Any]]) -> list[str]:
    """A line for each peak of the peer that the profile has not, or has more than 10 % larger or smaller."""
    values = {value.analyte: value for value in profile.values}
    lines = []
    for peak in peaks:
        value = values.get(f"{peak['time_s']:.1f} s")
        if value is None:
            continue
        if value.value is None or value.peak is None:
            lines.append(f"{peak['time_s']:7.1f} s  share {peak['share']:.4f}: not ours: {value.remark}")
        elif abs(value.value / peak["share"] - 1) > 0.1:
            lines.append(
                f"{peak['time_s']:7.1f} s  share {peak['share']:.4f}: ours {value.value:.4f}, apex at {value.peak.apex_s:.1f} s"
            )
    return lines


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Times a run's way to a profile.")
    parser.add_argument("--file", type=Path, default=None)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--write", action="store_true", help="keep the figure in benchmarks/results/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="siglab-bench-") as folder:
        path, what = options.file or HP, "a real HP file"
        if not path.exists():
            path, what = Path(folder) / "synthetic.cdf", "a synthetic file"
            path.write_bytes(
                synthetic_run(load_bundled("HSP"), {"meconin": 0.05, "morphine": 0.04, "papaverine": 0.06}, 1)
            )
        peer = ask_peer(path)
        programme = method_of(peer["peaks"])
        times = []
        for _ in range(options.repeats):
            began = time.perf_counter()
            run = read(path)
            profile = profile_from_run(run, programme)
            times.append(time.perf_counter() - began)
    ours = statistics.median(times)
    found = sum(value.peak is not None for value in profile.values) + 2
    print(f"{what}, {run.scans} scans: {1000 * ours:.1f} ms; PyMassSpec {1000 * peer['seconds']:.0f} ms")
    print(f"of PyMassSpec's {len(peer['peaks'])} peaks {found} are ours too; where the two differ:")
    print("\n".join(differences(profile, peer["peaks"])) or "nowhere")
    if options.write:
        keep(
            "andi_profile",
            f"from {what} (ANDI, {run.scans} scans) to a profile; {found} of the peer's {len(peer['peaks'])} peaks",
            "ms",
            1000 * ours,
            better="lower",
            goal=0.1,
            peer=1000 * peer["seconds"],
            peer_name="PyMassSpec",
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
