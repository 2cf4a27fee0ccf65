import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.classifier.domain.authentic import Authentic
from services.classifier.domain.bundle import BundleError, bundle_digest, model_from_bundle, model_to_bundle
from services.classifier.domain.evaluate import classify
from services.classifier.domain.model import Model

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
Demo = tuple[Model, tuple[Authentic, ...]]
Change = Callable[[dict[str, bytes]], None]


def changed(bundle: bytes, change: Change) -> bytes:
    """The same bundle with its files changed."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def flip(name: str, place: int = -1) -> Change:
    def change(files: dict[str, bytes]) -> None:
        content = bytearray(files[name])
        content[place] ^= 1
        files[name] = bytes(content)

    return change


def add(files: dict[str, bytes]) -> None:
    files["arrays/extra.npy"] = b""


def remove(files: dict[str, bytes]) -> None:
    del files["arrays/0/member0/pretreatment/scale.npy"]


def test_a_model_comes_back_and_answers_bit_by_bit(demo: Demo) -> None:
    model, library = demo
    bundle = model_to_bundle(model, KEY)
    again = model_from_bundle(bundle, KEY.public_key())
    assert again.programme == model.programme
    assert again.validation == model.validation
    for authentic in library[::7]:
        answers = (
            [each.as_data() for each in classify(m, authentic.values, authentic.censored)]
            for m in (model, again)
        )
        assert next(answers) == next(answers)


def test_the_same_model_gives_the_same_bytes(cocaine: Demo) -> None:
    first, second = (model_to_bundle(cocaine[0], KEY) for _ in range(2))
    assert first == second
    assert bundle_digest(first) == bundle_digest(second)
    again = model_from_bundle(first, KEY.public_key())
    assert model_to_bundle(again, KEY) == first


@pytest.mark.parametrize(
    "change",
    [flip("manifest.json"), flip("manifest.sig"), flip("arrays/0/pretreatment/scale.npy"), add, remove],
)
def test_a_changed_bundle_is_refused(cocaine: Demo, change: Change) -> None:
    bundle = model_to_bundle(cocaine[0], KEY)
    with pytest.raises(BundleError):
        model_from_bundle(changed(bundle, change), KEY.public_key())


@pytest.mark.parametrize("bundle", [b"", b"PK\x03\x04", b"x" * 100])
def test_what_is_no_bundle_is_refused(bundle: bytes) -> None:
    with pytest.raises(BundleError):
        model_from_bundle(bundle, KEY.public_key())


def test_a_bundle_of_another_signer_is_refused(cocaine: Demo) -> None:
    stranger = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
    with pytest.raises(BundleError, match="signature"):
        model_from_bundle(model_to_bundle(cocaine[0], stranger), KEY.public_key())


def test_the_manifest_names_what_the_model_rests_on(cocaine: Demo) -> None:
    with zipfile.ZipFile(io.BytesIO(model_to_bundle(cocaine[0], KEY))) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["snapshot"] == cocaine[0].snapshot
    assert manifest["versions"]["numpy"]
    assert manifest["seed"] == 3
    assert manifest["programme"]["id"] == "CSP"
    assert manifest["determinations"][0]["classes"]
    assert manifest["validation"]["determinations"]["origin"]["accuracy"]


def test_a_bundle_of_the_first_format_still_answers(cocaine: Demo) -> None:
    """Format 1 had one classifier beside the distances, without neighbours, usual fit or stored limits."""
    model, library = cocaine
    own = model.determinations[0]
    single = replace(own, members=own.members[:1], candidate=own.members[0].candidate)
    single = replace(single, members=(replace(single.members[0], pretreatment=own.pretreatment),))
    content = model_to_bundle(replace(model, determinations=(single,)), KEY)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files["manifest.json"])
    data = manifest["determinations"][0]
    member = data.pop("members")[0]
    data |= {"kind": member["kind"], "setting": member["setting"]}
    del data["log_ratio"], data["seen"], manifest["decision"]
    manifest["format"] = "siglab-model/1"
    renamed = {}
    for name in list(manifest["files"]):
        entry, content = manifest["files"].pop(name), files[name]
        if "/member0/pretreatment/" in name or "/usual/" in name or ("/view" in name and "/near/" in name):
            continue
        if "joint_" in name:
            continue
        new = name.replace("/member0/scorer/", "/scorer/")
        manifest["files"][new], renamed[new] = entry, content
    text = json.dumps(manifest).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in {"manifest.json": text, "manifest.sig": KEY.sign(text), **renamed}.items():
            archive.writestr(name, content)
    again = model_from_bundle(buffer.getvalue(), KEY.public_key())
    assert again.programme.decision.novelty_alpha == model.programme.decision.novelty_alpha
    found = classify(again, library[0].values, library[0].censored)[0]
    assert found.conclusion
    assert found.contributions
    assert abs(sum(found.probabilities.values()) - 1) < 1e-6


def test_votes_of_members_are_stored_and_a_bundle_of_the_second_format_has_one_for_each(
    cocaine: Demo,
) -> None:
    model, library = cocaine
    own = model.determinations[0]
    pair = replace(
        own, members=(replace(own.members[0], votes=5), replace(own.members[0], sharpness=0.1, votes=3))
    )
    content = model_to_bundle(replace(model, determinations=(pair,)), KEY)
    again = model_from_bundle(content, KEY.public_key()).determinations[0]
    assert [each.votes for each in again.members] == [5, 3]
    assert "(5 of 8 votes)" in again.setting
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files["manifest.json"])
    manifest["format"] = "siglab-model/2"
    for member in manifest["determinations"][0]["members"]:
        del member["votes"]
    files["manifest.json"] = json.dumps(manifest).encode()
    files["manifest.sig"] = KEY.sign(files["manifest.json"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, each in files.items():
            archive.writestr(name, each)
    older = model_from_bundle(buffer.getvalue(), KEY.public_key())
    assert [each.votes for each in older.determinations[0].members] == [1, 1]
    assert classify(older, library[0].values, library[0].censored)[0].conclusion
