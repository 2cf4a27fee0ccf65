"""A model as one file: a zip of `.npy` arrays and a signed manifest. Nothing in it is code, and nothing is unpickled.

`manifest.json` names the SHA-256 and size of every array; `manifest.sig` is its Ed25519 signature.
The signature is verified before anything else is believed. The same model gives the same bytes.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from services.classifier.domain.calibration import Conformal
from services.classifier.domain.check_programme import programme_from_data
from services.classifier.domain.model import DeterminationModel, Member, Model, Neighbourhood, View
from services.classifier.domain.novelty import ClassDistance, UsualFit
from services.classifier.domain.pretreatment import Pretreatment
from services.classifier.domain.programme import Decision
from services.classifier.domain.scorers import LinearScorer, scorer_from_arrays
from services.classifier.domain.seen import SeenRange

FORMAT = "siglab-model/4"
# Format 3 did not know what the library showed of analytes that the model does not use.
# Format 2 had one vote for each member of an ensemble; format 1 one classifier in the one pre-treatment that its distances use.
OLDER = ("siglab-model/3", "siglab-model/2", "siglab-model/1")
_FORMAT_1_ALPHA = 0.02
MAX_MANIFEST_BYTES = 64 * 2**20
MAX_ARRAY_BYTES = 512 * 2**20
_MANIFEST, _SIGNATURE = "manifest.json", "manifest.sig"
_EPOCH = (1980, 1, 1, 0, 0, 0)

Arrays = dict[str, NDArray[Any]]


class SigningKey(Protocol):
    """An Ed25519 private key."""

    def sign(self, data: bytes, /) -> bytes:
        """The signature of `data`."""
        ...


class VerifyingKey(Protocol):
    """An Ed25519 public key."""

    def verify(self, signature: bytes, data: bytes, /) -> None:
        """Raises where the signature is not of this key and these data."""
        ...


class BundleError(ValueError):
    """The file is no model, was changed, or was signed by somebody else."""


def model_to_bundle(model: Model, signing_key: SigningKey) -> bytes:
    """The signed bundle of a model."""
    arrays: Arrays = {}
    determinations = [
        _determination_data(each, f"{place}/", arrays) for place, each in enumerate(model.determinations)
    ]
    files = {f"arrays/{name}.npy": _npy(array) for name, array in arrays.items()}
    manifest = {
        "format": FORMAT,
        "programme": model.programme.data,
        "decision": asdict(model.programme.decision),
        "snapshot": model.snapshot,
        "seed": model.seed,
        "versions": dict(model.versions),
        "not_trained": dict(model.not_trained),
        "validation": model.validation,
        "determinations": determinations,
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            for name, content in files.items()
        },
    }
    # Keys keep their order: that of the classes in a programme's tree has a meaning.
    text = json.dumps(manifest, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {_MANIFEST: text, _SIGNATURE: signing_key.sign(text), **files}.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED, 6)
    return buffer.getvalue()


def bundle_digest(bundle: bytes) -> str:
    """SHA-256 of a bundle, by which results name their model."""
    return hashlib.sha256(bundle).hexdigest()


def model_from_bundle(bundle: bytes, public_key: VerifyingKey) -> Model:
    """The model of a bundle: first the signature, then every digest, then the arrays. Raises BundleError."""
    try:
        with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
            text = _member(archive, _MANIFEST, MAX_MANIFEST_BYTES)
            signature = _member(archive, _SIGNATURE, 1024)
            _verify(public_key, signature, text)
            manifest = json.loads(text)
            if manifest.get("format") not in (FORMAT, *OLDER):
                raise BundleError(f"the bundle is of none of the formats {', '.join((FORMAT, *OLDER))}")
            arrays = _checked_arrays(archive, manifest["files"])
        return _model(manifest, arrays)
    except BundleError:
        raise
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError, NotImplementedError) as error:
        raise BundleError(f"the file is no model: {type(error).__name__}: {error}") from error


def _verify(public_key: VerifyingKey, signature: bytes, text: bytes) -> None:
    try:
        public_key.verify(signature, text)
    except Exception as error:
        raise BundleError("the manifest's signature is not of this key") from error


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    if archive.getinfo(name).file_size > limit:
        raise BundleError(f"{name} is larger than {limit} bytes")
    with archive.open(name) as handle:
        content = handle.read(limit + 1)
    if len(content) > limit:
        raise BundleError(f"{name} is larger than {limit} bytes")
    return content


def _checked_arrays(archive: zipfile.ZipFile, files: Mapping[str, Mapping[str, Any]]) -> Arrays:
    if (
        set(archive.namelist()) != {_MANIFEST, _SIGNATURE, *files}
        or len(archive.namelist()) != len(files) + 2
    ):
        raise BundleError("the bundle holds other files than its manifest names")
    arrays: Arrays = {}
    for name, expected in files.items():
        content = _member(archive, name, min(int(expected["size"]), MAX_ARRAY_BYTES))
        if hashlib.sha256(content).hexdigest() != expected["sha256"]:
            raise BundleError(f"{name} was changed: its digest is not the one of the manifest")
        array: NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
        array.setflags(write=False)
        arrays[name.removeprefix("arrays/").removesuffix(".npy")] = array
    return arrays


def _npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def _put(arrays: Arrays, prefix: str, own: Mapping[str, NDArray[Any]]) -> None:
    arrays.update({prefix + name: array for name, array in own.items()})


def _determination_data(each: DeterminationModel, prefix: str, arrays: Arrays) -> dict[str, Any]:
    near = each.neighbourhood
    _put(arrays, f"{prefix}pretreatment/", each.pretreatment.arrays())
    for place, member in enumerate(each.members):
        _put(arrays, f"{prefix}member{place}/pretreatment/", member.pretreatment.arrays())
        _put(arrays, f"{prefix}member{place}/scorer/", member.scorer.arrays())
    _put(arrays, f"{prefix}conformal/", {str(c): known for c, known in enumerate(each.conformal.reference)})
    space = {name: getattr(near, name) for name in ("white", "whitener", "axes", "points")}
    _put(arrays, f"{prefix}near/", space)
    _put(arrays, f"{prefix}usual/", {"fits": each.usual.fits})
    views = []
    for place, view in enumerate(each.views):
        _put(arrays, f"{prefix}view{place}/", {"columns": view.columns, **view.distance.arrays()})
        if view.scorer is not None:
            _put(arrays, f"{prefix}view{place}/scorer/", view.scorer.arrays())
        views.append({"module": view.module, "sharpness": view.sharpness, "accuracy": view.accuracy})
    return {
        "name": each.name,
        "classes": each.classes,
        "analytes": each.analytes,
        **_steps_data(each.pretreatment),
        "candidate": each.candidate,
        "members": [
            {
                "candidate": member.candidate,
                "setting": member.setting,
                "kind": member.scorer.kind,
                "sharpness": member.sharpness,
                "votes": member.votes,
                **_steps_data(member.pretreatment),
            }
            for member in each.members
        ],
        "sharpness": each.sharpness,
        "coverage": each.conformal.coverage,
        "borrowed": each.conformal.borrowed,
        "views": views,
        "library": {"ids": near.ids, "labels": near.labels},
        "left_out": each.left_out,
        "seen": [asdict(own) for own in each.seen],
    }


def _steps_data(pretreatment: Pretreatment) -> dict[str, Any]:
    return {
        "steps": pretreatment.steps,
        "closure": pretreatment.closure,
        "log_ratio": pretreatment.log_ratio,
    }


def _pretreatment(data: Mapping[str, Any], arrays: Arrays) -> Pretreatment:
    return Pretreatment(
        closure=data["closure"],
        steps=tuple(data["steps"]),
        log_ratio=data.get("log_ratio", False),
        **_below(arrays, "pretreatment/"),
    )


def _members(data: Mapping[str, Any], arrays: Arrays) -> tuple[Member, ...]:
    """The classifiers; a bundle of format 1 names its only one beside everything else."""
    told = data.get("members")
    found = []
    for place, own in enumerate([data] if told is None else told):
        below = arrays if told is None else _below(arrays, f"member{place}/")
        found.append(
            Member(
                candidate=own["candidate"],
                setting=own["setting"],
                pretreatment=_pretreatment(own, below),
                scorer=scorer_from_arrays(own["kind"], _below(below, "scorer/")),
                sharpness=1.0 if told is None else own["sharpness"],
                votes=own.get("votes", 1),
            )
        )
    return tuple(found)


def _model(manifest: Mapping[str, Any], arrays: Arrays) -> Model:
    programme = programme_from_data(manifest["programme"])
    # The limits that the model was validated with, whatever is usual today.
    if "decision" in manifest:
        decision = Decision(**manifest["decision"])
    else:
        said = manifest["programme"].get("decision") or {}
        decision = replace(programme.decision, novelty_alpha=said.get("novelty_alpha", _FORMAT_1_ALPHA))
    return Model(
        programme=replace(programme, decision=decision),
        snapshot=manifest["snapshot"],
        seed=manifest["seed"],
        determinations=tuple(
            _determination(data, _below(arrays, f"{place}/"))
            for place, data in enumerate(manifest["determinations"])
        ),
        validation=manifest["validation"],
        versions=manifest["versions"],
        not_trained=manifest["not_trained"],
    )


def _below(arrays: Arrays, prefix: str) -> Arrays:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _determination(data: Mapping[str, Any], arrays: Arrays) -> DeterminationModel:
    conformal = _below(arrays, "conformal/")
    reference = tuple(conformal[str(c)] for c in range(len(data["classes"])))
    library = data["library"]
    return DeterminationModel(
        name=data["name"],
        classes=tuple(data["classes"]),
        analytes=tuple(data["analytes"]),
        pretreatment=_pretreatment(data, arrays),
        candidate=data["candidate"],
        members=_members(data, arrays),
        sharpness=data["sharpness"],
        conformal=Conformal(data["coverage"], reference, tuple(data["borrowed"])),
        views=_views(data["views"], arrays),
        neighbourhood=Neighbourhood(
            ids=tuple(library["ids"]), labels=tuple(library["labels"]), **_below(arrays, "near/")
        ),
        left_out=tuple(data["left_out"]),
        usual=UsualFit(arrays.get("usual/fits", np.zeros(0))),
        seen=tuple(SeenRange(**own) for own in data.get("seen", ())),
    )


def _views(views: Sequence[Mapping[str, Any]], arrays: Arrays) -> tuple[View, ...]:
    found = []
    for place, data in enumerate(views):
        own = _below(arrays, f"view{place}/")
        scorer = _below(own, "scorer/")
        found.append(
            View(
                module=data["module"],
                columns=own["columns"],
                distance=ClassDistance.from_arrays(own),
                scorer=LinearScorer.from_arrays(scorer) if scorer else None,
                sharpness=data["sharpness"],
                accuracy=data["accuracy"],
            )
        )
    return tuple(found)
