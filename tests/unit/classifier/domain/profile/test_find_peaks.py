import numpy as np
import pytest

from services.classifier.domain.profile.baseline import baseline, baseline_by_chords, noise_of
from services.classifier.domain.profile.find_peaks import DETECTOR_SIGNAL, PeakParameters, correct, find_peaks
from services.classifier.domain.readers.registry import read
from tests.unit.classifier.domain.builders import REAL_FORMATS

LADDER = REAL_FORMATS / "peaktables" / "shimadzu_ladder.txt"
X = np.arange(0.0, 400.0, 0.5)


def gauss(apex: float, area: float, width: float = 1.6) -> np.ndarray:
    return area / (width * np.sqrt(2 * np.pi)) * np.exp(-0.5 * ((X - apex) / width) ** 2)


def test_two_neighbours_are_parted_in_their_valley() -> None:
    trace = correct("mz:1", X, 50 + 0.1 * X + gauss(200, 1000) + gauss(208, 500), PeakParameters())
    first, second = find_peaks(trace, 190, 220, PeakParameters())
    assert [first.apex_s, second.apex_s] == [200, 208]
    assert first.end_s <= second.start_s
    assert first.area == pytest.approx(1000, rel=0.02)
    assert second.area == pytest.approx(500, rel=0.03)


def test_noise_alone_gives_no_peak() -> None:
    noise = np.random.default_rng(1).normal(100, 5, len(X))
    assert noise_of(noise) == pytest.approx(5, rel=0.15)
    assert find_peaks(correct("mz:1", X, noise, PeakParameters()), 0, 400, PeakParameters()) == []


def test_the_baseline_follows_a_slope_and_not_a_peak() -> None:
    slope = 20 + 0.5 * X
    assert np.abs(baseline(slope + gauss(200, 5000), 141) - slope)[75:-75].max() < 2


def test_the_uncertainty_of_an_area_is_its_scatter() -> None:
    areas, doubts = [], []
    for seed in range(60):
        noise = np.random.default_rng(seed).normal(0, 4, len(X))
        peak = find_peaks(
            correct("mz:1", X, 80 + noise + gauss(200, 600), PeakParameters()), 195, 205, PeakParameters()
        )
        areas.append(peak[0].area)
        doubts.append(peak[0].area_uncertainty)
    assert np.mean(areas) == pytest.approx(600, rel=0.03)
    assert 0.6 * np.std(areas) < np.mean(doubts) < 3 * np.std(areas)


def test_a_group_that_does_not_come_down_lies_over_one_chord_and_is_cut_at_its_valleys() -> None:
    drift = 300 - 0.5 * X
    noise = np.random.default_rng(3).normal(0, 0.05, len(X))
    apexes, areas = [200.0, 207.0, 214.0, 221.0], [9000.0, 7000.0, 8000.0, 6000.0]
    signal = drift + noise + sum(gauss(at, area, 2.2) for at, area in zip(apexes, areas, strict=True))
    found = sorted(
        find_peaks(correct("fid", X, signal, DETECTOR_SIGNAL), 0, 400, DETECTOR_SIGNAL),
        key=lambda p: p.apex_s,
    )
    assert [peak.apex_s for peak in found] == apexes
    assert [peak.area for peak in found] == pytest.approx(areas, rel=0.05)
    assert sum(peak.area for peak in found) == pytest.approx(30_000, rel=0.005)


def test_a_small_peak_on_the_foot_of_a_large_one_is_a_peak_of_its_own() -> None:
    signal = (
        50 + np.random.default_rng(4).normal(0, 0.05, len(X)) + gauss(200, 100_000, 2) + gauss(212, 400, 1.5)
    )
    found = find_peaks(correct("fid", X, signal, DETECTOR_SIGNAL), 0, 400, DETECTOR_SIGNAL)
    assert [peak.apex_s for peak in found] == [200, 212]
    assert [peak.area for peak in found] == pytest.approx([100_000, 400], rel=0.03)


def test_the_hill_of_a_drift_is_no_peak() -> None:
    hill = 500 * np.exp(-0.5 * ((X - 200) / 60) ** 2) + np.random.default_rng(5).normal(0, 0.5, len(X))
    assert np.abs(baseline_by_chords(X, hill, 150.0, 8.0) - hill).max() < 5
    assert find_peaks(correct("fid", X, hill, DETECTOR_SIGNAL), 0, 400, DETECTOR_SIGNAL) == []


@pytest.mark.parametrize("length", [0, 1, 4, 5, 9])
def test_a_baseline_of_a_short_trace_is_as_long_as_it(length: int) -> None:
    assert len(baseline_by_chords(X[:length], np.ones(length), 150.0, 8.0)) == length


@pytest.mark.skipif(not LADDER.exists(), reason="the real instrument files are not on this machine")
def test_the_areas_of_a_real_run_are_those_that_the_instrument_reported() -> None:
    """An FID run of 44 minutes with the table that LabSolutions made of it: 83 peaks, many of them in groups.

    The instrument integrated tails and shoulders by its own settings, which the export does not tell; so small peaks on the
    foot of large ones and those on the solvent's tail (before 310 s) differ, and the rest agrees.
    """
    run = read(LADDER)
    reported = run.reported
    assert reported is not None
    found = find_peaks(correct("fid", run.times_s, run.total, DETECTOR_SIGNAL), 0, 1e9, DETECTOR_SIGNAL)
    apexes = np.array([peak.apex_s for peak in found])
    nearest = np.abs(apexes[None, :] - reported.time_s[:, None]).argmin(axis=1)
    matched = np.abs(apexes[nearest] - reported.time_s) < 1.0
    assert matched.sum() >= 79
    ratio = np.array([found[at].area for at in nearest]) / reported.area
    large = reported.area >= 30_000
    assert large.sum() == 33 and matched[large].all()
    difference = np.abs(ratio[large] - 1)
    assert np.median(difference) < 0.005
    assert (difference < 0.02).mean() > 0.8
    assert difference.max() < 0.1
    whole = matched & (reported.time_s > 310)
    total = sum(found[at].area for at in set(nearest[whole].tolist()))
    assert total == pytest.approx(reported.area[whole].sum(), rel=0.01)
