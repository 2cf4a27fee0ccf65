"""How well the ions under a peak are those of a reference spectrum."""

from collections.abc import Sequence

import numpy as np

from services.classifier.domain.run import Floats


def match_spectrum(reference: Sequence[tuple[float, float]], areas: Floats) -> float:
    """Cosine, 0 to 1, between the reference's (m/z, intensity) and the `areas` found of the same ions, in the same order.

    Intensities count by their square root times the mass, as searches in libraries of electron-impact spectra have it (Stein and
    Scott, 1994): heavy ions tell more and a single base peak does not decide. Areas below zero are noise and count as none.
    """
    masses = np.array([mass for mass, _ in reference])
    expected = np.sqrt(np.array([intensity for _, intensity in reference])) * masses
    found = np.sqrt(np.maximum(areas, 0.0)) * masses
    length = float(np.linalg.norm(expected) * np.linalg.norm(found))
    return float(expected @ found) / length if length > 0 else 0.0
