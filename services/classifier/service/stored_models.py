"""Trained models out of their signed bundles, the last few kept: one and the same digest is one and the same model."""

from collections import OrderedDict
from pathlib import Path
from threading import Lock

from services.classifier.domain.bundle import bundle_digest, model_from_bundle
from services.classifier.domain.model import Model as TrainedModel
from services.classifier.models import Model
from shared.crypto.keys import load_public_key
from shared.errors import Conflict

_MOST = 4
_kept: OrderedDict[str, TrainedModel] = OrderedDict()
_lock = Lock()


def stored_model(row: Model, keys_dir: Path) -> TrainedModel:
    """The model of a row; its signature and every digest are checked when it is first read. Raises Conflict `model_broken`."""
    digest = row.digest or ""
    with _lock:
        if digest in _kept:
            _kept.move_to_end(digest)
            return _kept[digest]
    bundle = row.bundle or b""
    try:
        if bundle_digest(bundle) != digest:
            raise ValueError("the stored bundle is not the one of the model's digest")
        model = model_from_bundle(bundle, load_public_key(keys_dir / "models.pub"))
    except ValueError as error:
        raise Conflict(f"Model {row.id} cannot be read: {error}.", code="model_broken") from error
    with _lock:
        _kept[digest] = model
        while len(_kept) > _MOST:
            _kept.popitem(last=False)
    return model
