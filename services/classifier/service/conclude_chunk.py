"""What a Dask worker does with a part of the archive: it needs the model, the numbers and the public key, and no database."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from services.classifier.domain.bundle import model_from_bundle
from services.classifier.domain.evaluate_many import StoredProfile, conclude_many
from services.classifier.domain.model import Model
from services.classifier.domain.run import Floats


@dataclass(frozen=True, slots=True)
class Rows:
    """Stored profiles, each with the names of its columns; all lists have one length."""

    seqs: list[int]
    items: list[str]
    analytes: Sequence[Sequence[str]]
    raw: Sequence[Floats]
    censored: Sequence[Sequence[str]]
    qc: Sequence[Mapping[str, object]]


def conclude_chunk(shared: tuple[bytes, bytes], rows: Rows) -> list[dict[str, str]]:
    """The conclusions of every profile by the model of the bundle, whose signature is verified with the public key (PEM)."""
    model = _model(*shared)
    profiles = [
        StoredProfile(_values(names, raw, censored), frozenset(censored), qc)
        for names, raw, censored, qc in zip(rows.analytes, rows.raw, rows.censored, rows.qc, strict=True)
    ]
    return conclude_many(model, profiles)


def _values(names: Sequence[str], raw: Floats, censored: Sequence[str]) -> dict[str, float]:
    return {
        name: value
        for name, value in zip(names, raw.tolist(), strict=True)
        if not math.isnan(value) and name not in censored
    }


@lru_cache(maxsize=4)
def _model(bundle: bytes, key: bytes) -> Model:
    public = load_pem_public_key(key)
    if not isinstance(public, Ed25519PublicKey):
        raise TypeError("the models' key is not an Ed25519 public key")
    return model_from_bundle(bundle, public)
