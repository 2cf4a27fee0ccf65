"""A synthetic raw run: a real ANDI-MS file in which the profile steps find the given values again.

Peaks are exponentially modified Gaussians with the ions of the programme's method; noise, column bleed that rises with the oven,
retention drift and a jitter of each peak come on top. Nothing in it was measured, and its metadata say so.
"""

from collections.abc import Mapping

import numpy as np

from services.classifier.domain.programme import Method, Programme, Target
from services.classifier.domain.run import Floats
from services.classifier.domain.synthetic.library import PROVENANCE
from services.classifier.domain.synthetic.write_netcdf import netcdf_bytes

_SCAN_S = 0.5
_MAIN_AREA = 8e6
_STANDARD_AREA = 3e6
_WIDTH_S, _TAIL_S = 1.6, 0.9
_BLEED_MASSES = (207.0, 281.0, 355.0)
_BACKGROUND, _NOISE = 60.0, 8.0


def synthetic_run(
    programme: Programme,
    values: Mapping[str, float],
    seed: int,
    *,
    module: str | None = None,
    title: str = "",
) -> bytes:
    """ANDI-MS bytes of a run with these ratios to the main compound; analytes without a value have no peak.

    `module` names whose method is run; by default the first that has one. The same arguments give the same bytes.
    Raises ValueError where the programme has no method.
    """
    method = next((m for found, m in programme.methods() if module in (None, found.name)), None)
    if method is None:
        raise ValueError(f"{programme.id} has no chromatographic method to make a run of")
    dice = np.random.default_rng(seed)
    standard_s = method.retention_s * (1 + dice.normal(0.0, 0.006))
    last = max(target.relative_retention for target in (method.main, *method.targets)) * standard_s
    times: Floats = np.arange(int((last + 90.0 - 120.0) / _SCAN_S)) * np.float64(_SCAN_S) + 120.0
    traces = _background(method, times, dice)
    for target, area in _areas(method, values, dice):
        apex = target.relative_retention * standard_s + dice.normal(0.0, 0.12)
        shape = area * _emg(times, apex)
        for mass, share in [(target.quantifier, 1.0), *((ion.mz, ion.ratio) for ion in target.qualifiers)]:
            traces[mass] = traces[mass] + share * (1 + dice.normal(0.0, 0.01)) * shape
    return _file(programme, method, times, traces, dice, title)


def _areas(
    method: Method, values: Mapping[str, float], dice: np.random.Generator
) -> list[tuple[Target, float]]:
    main = _MAIN_AREA * float(np.exp(dice.normal(0.0, 0.1)))
    found = [
        (method.internal_standard, _STANDARD_AREA * float(np.exp(dice.normal(0.0, 0.05)))),
        (method.main, main),
    ]
    for target in method.targets:
        ratio = values.get(target.analyte or "")
        if ratio:
            found.append((target, main * ratio * target.response / method.main.response))
    return found


def _background(method: Method, times: Floats, dice: np.random.Generator) -> dict[float, Floats]:
    """Bleed and a flat background on every mass that the run records."""
    targets = (method.internal_standard, method.main, *method.targets)
    masses = {mass for t in targets for mass in (t.quantifier, *(ion.mz for ion in t.qualifiers))}
    oven = (times - times[0]) / (times[-1] - times[0])
    slope = {mass: float(dice.uniform(0.0, 60.0)) for mass in sorted(masses | set(_BLEED_MASSES))}
    bleed = {mass: 4000.0 * oven**3 if mass in _BLEED_MASSES else 0.0 for mass in slope}
    return {mass: _BACKGROUND + rise * oven**2 + bleed[mass] for mass, rise in slope.items()}


def _emg(times: Floats, apex: float) -> Floats:
    """An exponentially modified Gaussian of area 1, summed on a fine grid and shifted so that its maximum lies at `apex`."""
    fine = np.arange(-8 * _WIDTH_S, 8 * _WIDTH_S + 14 * _TAIL_S, 0.02)
    gauss = np.exp(-0.5 * (fine / _WIDTH_S) ** 2)
    tail = np.exp(-np.arange(0.0, 14 * _TAIL_S, 0.02) / _TAIL_S)
    shape = np.convolve(gauss, tail)[: len(fine)]
    shape = shape / (shape.sum() * 0.02)
    place = times - apex + fine[int(shape.argmax())]
    return np.interp(place, fine, shape, left=0.0, right=0.0)


def _file(
    programme: Programme,
    method: Method,
    times: Floats,
    traces: Mapping[float, Floats],
    dice: np.random.Generator,
    title: str,
) -> bytes:
    masses = np.array(sorted(traces))
    clean = np.stack([traces[mass] for mass in masses], axis=1)
    # Counting noise grows with the root of the signal; electronic noise does not.
    spread = np.sqrt(_NOISE**2 + 0.3 * clean)
    intensity = np.maximum(np.round(clean + spread * dice.normal(size=clean.shape)), 1.0)
    if method.saturation is not None:
        intensity = np.minimum(intensity, method.saturation)
    scans, width = intensity.shape
    scan_index = (np.arange(scans) * width).astype("i4")
    attributes = {
        "dataset_completeness": "C1+C2",
        "ms_template_revision": "1.0.1",
        "netcdf_revision": "2.3.2",
        "languages": "English",
        "administrative_comments": f"{PROVENANCE}: generated for a demonstration, nothing was measured",
        "dataset_origin": PROVENANCE,
        "experiment_title": title or f"{PROVENANCE} {programme.id} run",
        "operator_name": f"{PROVENANCE} generator",
        "experiment_type": "Centroided Mass Spectrum",
        "test_separation_type": "Gas-Liquid Chromatography",
        "test_ionization_mode": "Electron Impact",
        "test_ionization_polarity": "Positive Polarity",
        "raw_data_mass_format": "Float",
        "raw_data_intensity_format": "Float",
    }
    jitter = dice.uniform(-0.15, 0.15, len(masses))
    measured_masses = np.round(masses + jitter, 2).astype("f4")
    one, many = ["scan_number"], ["point_number"]
    units = {"units": "Arbitrary Intensity Units"}
    return netcdf_bytes(
        {"scan_number": scans, "point_number": scans * width},
        attributes,
        [
            ("scan_acquisition_time", one, times, {"units": "Seconds"}),
            ("actual_scan_number", one, np.arange(scans).astype("i4"), {}),
            ("total_intensity", one, intensity.sum(axis=1), units),
            ("scan_index", one, scan_index, {}),
            ("point_count", one, np.full(scans, width, "i4"), {}),
            ("mass_values", many, np.tile(measured_masses, scans), {"units": "M/Z"}),
            ("intensity_values", many, intensity.astype("f4").ravel(), units),
        ],
    )
