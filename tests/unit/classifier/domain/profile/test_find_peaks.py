import numpy as np
import pytest

from services.classifier.domain.profile.baseline import baseline, noise_of
from services.classifier.domain.profile.find_peaks import PeakParameters, correct, find_peaks

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
