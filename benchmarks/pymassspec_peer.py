"""The peer of `benchmarks.andi_profile`, run by an interpreter of its own that has PyMassSpec; prints one JSON object.

    uv run --no-project --with PyMassSpec==2.7.0.post1 --with setuptools python benchmarks/pymassspec_peer.py FILE.CDF REPEATS

The steps are those of PyMassSpec's own guide: binned intensity matrix, each ion smoothed and its baseline taken off, peaks by
Biller and Biemann, weak ions and peaks of few ions left out, areas summed over the ions.
"""

import json
import statistics
import sys
import time
from typing import Any

from pyms.BillerBiemann import BillerBiemann, num_ions_threshold, rel_threshold
from pyms.GCMS.IO.ANDI import ANDI_reader
from pyms.IntensityMatrix import build_intensity_matrix_i
from pyms.Noise.Analysis import window_analyzer
from pyms.Noise.SavitzkyGolay import savitzky_golay
from pyms.Peak.Function import peak_sum_area
from pyms.TopHat import tophat


def peaks_of(path: str) -> list[tuple[Any, float]]:
    """Peaks with their areas, from the file on."""
    data = ANDI_reader(path)
    matrix = build_intensity_matrix_i(data)
    for column in range(matrix.size[1]):
        ion = matrix.get_ic_at_index(column)
        matrix.set_ic_at_index(column, tophat(savitzky_golay(ion), struct="1.5m"))
    peaks = BillerBiemann(matrix, points=9, scans=2)
    noise = window_analyzer(data.tic)
    kept = num_ions_threshold(rel_threshold(peaks, percent=2), n=3, cutoff=noise)
    for peak in kept:
        peak.area = peak_sum_area(matrix, peak)
    whole = max(peak.area for peak in kept)
    return [(peak, peak.area / whole) for peak in kept]


def main() -> None:
    """Times the work and tells the peaks."""
    path, repeats = sys.argv[1], int(sys.argv[2])
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        found = peaks_of(path)
        times.append(time.perf_counter() - began)
    told = []
    for peak, share in found:
        spectrum = peak.mass_spectrum
        ions = sorted(zip(spectrum.mass_spec, spectrum.mass_list, strict=True), reverse=True)[:3]
        told.append(
            {
                "time_s": float(peak.rt),
                "share": float(share),
                "total": float(sum(spectrum.mass_spec)),
                "ions": [[float(mz), float(height)] for height, mz in ions],
            }
        )
    json.dump({"seconds": statistics.median(times), "peaks": told}, sys.stderr)


if __name__ == "__main__":
    main()
