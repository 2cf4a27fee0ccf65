"""Cosignatures of witnesses (C2SP tlog-cosignature)."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.crypto import ledger
from siglab_clients.tlog import cosignatures
from siglab_clients.tlog.encoding import decode_base64, encode_base64
from siglab_clients.tlog.errors import NoteError
from siglab_clients.tlog.notes import parse_note, parse_verifier_key

ORIGIN = "siglab.example/ledger"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
WITNESS = cosignatures.witness_key("office.example/w1", WITNESS_KEY)
NOTE = ledger.sign_checkpoint(ORIGIN, 7, bytes(32), LOG_KEY)
TEXT = parse_note(NOTE.encode()).text

#: A checkpoint as litewitness 0.9.0 (filippo.io/torchwood) cosigned it, and that witness's key.
FOREIGN_NOTE = """\
siglab.example/ledger
5
4U5DYn5HMHDekm/gJsxnCCDmAogImr0flfg/Qv6B96s=

— siglab.example/ledger DAmzPE2mIss2lqw6PIhFvh7k0WwcUtF7MuS+8nWQMo+Ofk97PvstLDv+GyK8f/4D6+gew4Bg3ibHWvLo4gnnh7U+KAs=
— witness.example/office u4FnYQAAAABrBU9Dv3KOV3RW32S8jml37sI5PK4LkLxKrsX/4w9ACFqbVFhHubBSaG46LCTAkKTlA4YTZlDVlJUNQqAvmjpp31t0Aw==
"""
FOREIGN_KEY = "witness.example/office+bb816761+BFxiA8SR8TtpNTGxP05eOuxs8CzyNZVPSTZ1vjZgUUU7"


@pytest.mark.rule("E20")
def test_another_programs_cosignature_is_read() -> None:
    witness = cosignatures.parse_witness_key(FOREIGN_KEY + "\n")
    assert cosignatures.open_cosignature(FOREIGN_NOTE.encode(), witness) == 1795510083


@pytest.mark.rule("E20")
def test_what_a_witness_signs_holds_beside_the_logs_signature() -> None:
    note = NOTE + cosignatures.cosign(TEXT, WITNESS.name, WITNESS_KEY, 1795510083)
    assert cosignatures.open_cosignature(note.encode(), WITNESS) == 1795510083
    key = ledger.verifier_key(ORIGIN, LOG_KEY)
    assert parse_verifier_key(str(key)) == key
    with pytest.raises(NoteError, match="not an Ed25519 key"):
        parse_verifier_key(str(WITNESS))


def test_the_latest_of_several_counts() -> None:
    lines = [cosignatures.cosign(TEXT, WITNESS.name, WITNESS_KEY, at) for at in (5, 9, 7)]
    assert cosignatures.open_cosignature((NOTE + "".join(lines)).encode(), WITNESS) == 9


def test_a_witness_key_is_read_in_both_forms() -> None:
    plain = ledger.verifier_key(WITNESS.name, WITNESS_KEY)
    assert cosignatures.parse_witness_key(str(WITNESS)) == WITNESS
    assert cosignatures.parse_witness_key(str(plain)) == WITNESS


def cosigned(change: Callable[[bytes], bytes], name: str = WITNESS.name) -> bytes:
    """The note with a cosignature whose bytes were changed."""
    line = cosignatures.cosign(TEXT, WITNESS.name, WITNESS_KEY, 1795510083)
    raw = change(decode_base64(line.split()[2]))
    return (NOTE + f"— {name} {encode_base64(raw)}\n").encode()


BAD = {
    "time": (cosigned(lambda raw: raw[:11] + bytes([raw[11] ^ 1]) + raw[12:]), "does not hold"),
    "signature": (cosigned(lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])), "does not hold"),
    "too short": (cosigned(lambda raw: raw[:-1]), "malformed"),
    "too long": (cosigned(lambda raw: raw + b"\0"), "malformed"),
    "time too late": (cosigned(lambda raw: raw[:4] + b"\xff" + raw[5:]), "malformed"),
    "other key": (cosigned(lambda raw: b"\0\0\0\0" + raw[4:]), "with another key"),
    "other name": (cosigned(lambda raw: raw, "office.example/w2"), "not cosigned by the witness"),
    "none": (NOTE.encode(), "not cosigned by the witness office.example/w1"),
    "a plain signature": (
        (NOTE + ledger.sign_note(TEXT, WITNESS.name, WITNESS_KEY).split("\n\n")[1]).encode(),
        "with another key",
    ),
}


@pytest.mark.rule("E20")
@pytest.mark.parametrize("name", BAD)
def test_a_false_or_missing_cosignature_is_named(name: str) -> None:
    note, words = BAD[name]
    with pytest.raises(NoteError, match=words):
        cosignatures.open_cosignature(note, WITNESS)


def test_a_cosignature_is_over_one_checkpoint_only() -> None:
    line = cosignatures.cosign(TEXT, WITNESS.name, WITNESS_KEY, 1795510083)
    other = ledger.sign_checkpoint(ORIGIN, 8, bytes(32), LOG_KEY) + line
    with pytest.raises(NoteError, match="over another checkpoint, or forged"):
        cosignatures.open_cosignature(other.encode(), WITNESS)


@pytest.mark.parametrize("at", [-1, 1 << 63])
def test_a_time_that_no_cosignature_carries_is_not_signed(at: int) -> None:
    with pytest.raises(ValueError, match="no time"):
        cosignatures.cosign(TEXT, WITNESS.name, WITNESS_KEY, at)
