"""Time stamps are believed under the given certificates alone: an authority of `openssl ts`, and forgers (E20)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from shared.crypto.timestamps import make_timestamp_request
from siglab_clients.tlog.cosignatures import cosign
from siglab_clients.verify.cli import main
from siglab_clients.verify.container import pack
from siglab_clients.verify.timestamps import TimestampError, check_timestamp
from tests.authority import NEEDS_OPENSSL, TIME_STAMPING, Authority, Signer, certify, make_authority
from tests.unit.clients.verify.bundles import KEY, TRUSTED, contents, item_events, logged, signed

pytestmark = [pytest.mark.rule("E20"), NEEDS_OPENSSL]

NOTE = b"a checkpoint\n1\nroot\n\nsigned\n"


@dataclass
class Scene:
    """An honest authority, another one that is real but not ours, and a folder for more."""

    ours: Authority
    foreign: Authority
    folder: Path

    def made(self, name: str, signer: Signer, chain: tuple[Signer, ...] = ()) -> Authority:
        """An authority with this signer."""
        return Authority(self.folder / name, self.ours.root, signer, chain)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("authorities")
    return Scene(
        make_authority(folder / "ours", "Our"), make_authority(folder / "foreign", "Foreign"), folder
    )


def roots(scene: Scene) -> list[x509.Certificate]:
    return [scene.ours.root.certificate]


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_a_stamp_of_the_authority_holds(scene: Scene, digest: str) -> None:
    at = check_timestamp(scene.ours.stamp(NOTE, digest), NOTE, roots(scene))
    assert at.tzinfo is not None


def test_a_certificate_between_may_come_with_the_stamp(scene: Scene) -> None:
    between = certify("Between", scene.ours.root, ca=True)
    authority = scene.made("between", certify("Stamps", between), (between,))
    assert check_timestamp(authority.stamp(NOTE), NOTE, roots(scene))


def test_a_stamp_outlives_its_certificate(scene: Scene) -> None:
    """What counts is that it was valid when the stamp was given, whatever day it is today."""
    authority = scene.made("short", certify("Short", scene.ours.root, days=(-1, 1)))
    assert check_timestamp(authority.stamp(NOTE), NOTE, roots(scene))


def _foreign(scene: Scene) -> bytes:
    return scene.foreign.stamp(NOTE)


def _foreign_root_inside(scene: Scene) -> bytes:
    """The forger's root is the second certificate: its name is long, and the longer one sorts behind."""
    root = certify("Foreign root of a forger, " * 2, ca=True)
    return Authority(scene.folder / "inside", root, certify("Forged", root), (root,)).stamp(NOTE)


def _foreign_and_our_root_inside(scene: Scene) -> bytes:
    chain = (scene.ours.root, scene.foreign.root)
    return Authority(scene.folder / "both", scene.foreign.root, scene.foreign.signer, chain).stamp(NOTE)


def _self_signed(scene: Scene) -> bytes:
    return scene.made("selfish", certify("Selfish")).stamp(NOTE)


def _of_our_name(scene: Scene) -> bytes:
    """A forger's root and signer that bear the names of ours."""
    root = certify("Our root", ca=True)
    return Authority(scene.folder / "names", root, certify("Our stamps", root), (root,)).stamp(NOTE)


def _expired(scene: Scene) -> bytes:
    return scene.made("expired", certify("Expired", scene.ours.root, days=(-30, -1))).stamp(NOTE)


def _not_yet(scene: Scene) -> bytes:
    return scene.made("early", certify("Early", scene.ours.root, days=(1, 30))).stamp(NOTE)


def _for_the_web(scene: Scene) -> bytes:
    web = certify("Web", scene.ours.root, uses=(x509.ExtendedKeyUsageOID.SERVER_AUTH,))
    return scene.ours.forge(scene.ours.stamp(NOTE), web)


def _for_more(scene: Scene) -> bytes:
    uses = (TIME_STAMPING, x509.ExtendedKeyUsageOID.CODE_SIGNING)
    return scene.ours.forge(scene.ours.stamp(NOTE), certify("More", scene.ours.root, uses=uses))


def _for_anything(scene: Scene) -> bytes:
    return scene.ours.forge(scene.ours.stamp(NOTE), certify("Any", scene.ours.root, uses=()))


def _other_note(scene: Scene) -> bytes:
    return scene.ours.stamp(NOTE + b"x")


def _other_imprint(scene: Scene) -> bytes:
    """The digest in a stamp over another note is exchanged for that of ours."""
    raw = scene.ours.stamp(NOTE + b"x")
    was, wanted = (hashlib.sha256(data).digest() for data in (NOTE + b"x", NOTE))
    assert was in raw
    return raw.replace(was, wanted)


def _cut(scene: Scene) -> bytes:
    return scene.ours.stamp(NOTE)[:-7]


def _refused(scene: Scene) -> bytes:
    """The authority's answer to a request that is none."""
    return scene.ours.answer(b"no request")


ATTACKS: list[tuple[Callable[[Scene], bytes], str]] = [
    (_foreign, "not under one of the authority's"),
    (_foreign_root_inside, "not under one of the authority's"),
    (_foreign_and_our_root_inside, "not under one of the authority's"),
    (_self_signed, "not under one of the authority's"),
    (_of_our_name, "not under one of the authority's"),
    (_expired, "when its authority's certificate was not valid"),
    (_not_yet, "when its authority's certificate was not valid"),
    (_for_the_web, "not one for time stamps alone"),
    (_for_more, "not one for time stamps alone"),
    (_for_anything, "not one for time stamps alone"),
    (_other_note, "over another checkpoint"),
    (_other_imprint, "changed after the authority had signed it"),
    (_cut, "cannot be read as one"),
    (_refused, "the authority refused to give one"),
]


@pytest.mark.parametrize(("attack", "words"), ATTACKS, ids=[attack.__name__ for attack, _ in ATTACKS])
def test_what_a_forger_may_try_is_refused(scene: Scene, attack: Callable[[Scene], bytes], words: str) -> None:
    with pytest.raises(TimestampError, match=words):
        check_timestamp(attack(scene), NOTE, roots(scene))


def test_the_forgers_means_work_but_for_whom_they_are_under(scene: Scene) -> None:
    """What is refused above is refused for the reason told: under its own root the foreign stamp holds."""
    found = [scene.foreign.root.certificate]
    for attack in (_foreign, _foreign_and_our_root_inside):
        assert check_timestamp(attack(scene), NOTE, found)
    alone = certify("Alone", scene.ours.root)
    assert check_timestamp(scene.ours.forge(scene.ours.stamp(NOTE), alone), NOTE, roots(scene))


def test_the_nonce_must_come_back(scene: Scene) -> None:
    request = make_timestamp_request(NOTE)
    answer = scene.ours.answer(request.raw)
    assert request.nonce is not None
    assert check_timestamp(answer, NOTE, roots(scene), nonce=request.nonce)
    with pytest.raises(TimestampError, match=r"[Nn]once"):
        check_timestamp(answer, NOTE, roots(scene), nonce=request.nonce + 1)
    with pytest.raises(TimestampError, match=r"[Nn]once"):
        check_timestamp(scene.ours.stamp(NOTE), NOTE, roots(scene), nonce=1)


def _bundle(folder: Path, stamp: Callable[[bytes], bytes] | None) -> list[str]:
    """The arguments that check a bundle with that stamp over its checkpoint, which a witness cosigned later."""
    log, events = logged(item_events(3))
    note = log.checkpoint()
    text = note.rpartition("\n\n")[0] + "\n"
    files = contents(events, note + cosign(text, "witness.example/w", KEY, 1_800_000_000))
    if stamp is not None:
        files["timestamps/1.tsr"] = stamp(note.encode())
    path = folder / "bundle.zip"
    path.write_bytes(pack(signed(files)))
    return [str(path), "--key", str(TRUSTED)]


def test_siglab_verify_demands_a_stamp_where_the_authority_is_given(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = _bundle(tmp_path, scene.ours.stamp)
    assert main(good) == 0 and "it was not checked (give --tsa-ca to do so)" in capsys.readouterr().out
    assert main([*good, "--tsa-ca", str(scene.ours.ca)]) == 0
    assert "Time stamp of an authority: " in capsys.readouterr().out
    assert main([*good, "--tsa-ca", str(scene.foreign.ca)]) == 1
    assert "timestamps/1.tsr: the time stamp does not hold" in capsys.readouterr().out
    without = _bundle(tmp_path, None)
    assert main([*without, "--tsa-ca", str(scene.ours.ca)]) == 1
    assert "there is no time stamp in the bundle" in capsys.readouterr().out


def test_siglab_verify_names_a_stamp_over_another_head(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = _bundle(tmp_path, lambda note: scene.ours.stamp(note + b"x"))
    assert main([*bad, "--tsa-ca", str(scene.ours.ca)]) == 1
    assert "timestamps/1.tsr: the time stamp does not hold: it is over another" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_without_a_certificate_is_wrong_use(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ca.pem").write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        main([*_bundle(tmp_path, None), "--tsa-ca", str(tmp_path / "ca.pem")])
    assert ended.value.code == 2 and "holds no certificate in PEM form" in capsys.readouterr().err
