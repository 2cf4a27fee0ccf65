"""Signed notes, verifier keys and checkpoints (C2SP)."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.crypto.ledger import sign_note, verifier_key
from siglab_clients.tlog.checkpoints import open_checkpoint, parse_checkpoint
from siglab_clients.tlog.errors import NoteError
from siglab_clients.tlog.notes import open_note, parse_note, parse_verifier_key

#: The key and the note with which Go's sumdb/note, the origin of the format, is documented.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
NOTE = f"{TEXT}\n{LINE}".encode()

#: A key made from a fixed seed, so that failures repeat.
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
LOG = "siglab.example/ledger"
TRUSTED = verifier_key(LOG, KEY)
ROOT = base64.b64encode(bytes(32)).decode()


def test_the_documented_note_opens() -> None:
    key = parse_verifier_key(PETER)
    assert str(key) == PETER
    assert open_note(NOTE, key) == TEXT


def test_signatures_of_others_are_ignored() -> None:
    other = sign_note(TEXT, LOG, KEY).encode().split(b"\n\n", 1)[1]
    assert open_note(NOTE + other, parse_verifier_key(PETER)) == TEXT
    assert open_note(NOTE + other, TRUSTED) == TEXT
    same_name = str(sign_note(TEXT, "PeterNeumann", KEY)).encode().split(b"\n\n", 1)[1]
    assert open_note(f"{TEXT}\n".encode() + same_name + LINE.encode(), parse_verifier_key(PETER)) == TEXT


def test_every_changed_bit_of_a_note_is_noticed() -> None:
    key = parse_verifier_key(PETER)
    for at in range(len(NOTE)):
        for bit in range(8):
            changed = bytearray(NOTE)
            changed[at] ^= 1 << bit
            with pytest.raises(NoteError):
                open_note(bytes(changed), key)


NOTES = {
    "not utf-8": (b"\xff" + NOTE, "not UTF-8"),
    "carriage returns": (NOTE.replace(b"\n", b"\r\n"), "control character"),
    "no signature": (TEXT.encode(), "no signature lines"),
    "no blank line": (NOTE.replace(b"\n\n", b"\n"), "no signature lines"),
    "cut off": (NOTE[:-1], "no signature lines"),
    "blank line behind": (NOTE + b"\n", "no signature lines"),
    "hyphen for the dash": (NOTE.replace("\u2014".encode(), b"-"), "malformed"),
    "two spaces": (NOTE.replace(b" x08", b"  x08"), "malformed"),
    "space behind": (NOTE.replace(b"=\n", b"= \n"), "malformed"),
    "base64 bits": (NOTE.replace(b"nAM=", b"nAN="), "canonical form"),
    "short signature": (f"{TEXT}\n\u2014 PeterNeumann AAAA\n".encode(), "too short"),
    "plus in a name": (NOTE.replace(b"PeterN", b"Peter+N"), "plus sign"),
    "too long": (b"x" * (1 << 20) + NOTE, "too long"),
    "too many": (NOTE + LINE.encode() * 100, "too many"),
    "nobody known": (sign_note(TEXT, LOG, KEY).encode(), "not signed by the key PeterNeumann"),
    "other text": (NOTE.replace(b"answer", b"anwser"), "does not hold"),
    "one good, one bad": (NOTE + LINE.replace("NIu", "NIv").encode(), "does not hold"),
}


@pytest.mark.parametrize("name", NOTES)
def test_bad_notes_are_refused(name: str) -> None:
    raw, message = NOTES[name]
    with pytest.raises(NoteError, match=message):
        open_note(raw, parse_verifier_key(PETER))


KEYS = {
    "empty": ("", "form name"),
    "two parts": ("a+b", "form name"),
    "no name": (PETER.removeprefix("PeterNeumann"), "cannot be a key name"),
    "space in name": ("Peter " + PETER, "cannot be a key name"),
    "other name": ("Peter" + PETER, "name and material"),
    "other id": (PETER.replace("c74f20a3", "c74f20a4"), "name and material"),
    "upper case id": (PETER.replace("c74f20a3", "C74F20A3"), "name and material"),
    "other material": (PETER.replace("10TW", "10TX"), "name and material"),
    "not base64": (PETER.replace("10TW", "1!TW"), "cannot be read"),
    "other algorithm": (PETER.replace("+AR", "+Ah"), "not an Ed25519 key"),
    "too short": (PETER[:-4], "not an Ed25519 key"),
    "something behind": (PETER + " x", "cannot be read"),
    "two lines": (f"{PETER}\n{PETER}", "cannot be read"),
}


@pytest.mark.parametrize("name", KEYS)
def test_bad_keys_are_refused(name: str) -> None:
    text, message = KEYS[name]
    with pytest.raises(NoteError, match=message):
        parse_verifier_key(text)


CHECKPOINTS = {
    "empty": ("\n", "origin, size and root"),
    "no root": (f"{LOG}\n7\n", "origin, size and root"),
    "empty origin": (f"\n7\n{ROOT}\n", "origin, size and root"),
    "empty extension": (f"{LOG}\n7\n{ROOT}\n\nx\n", "origin, size and root"),
    "negative": (f"{LOG}\n-7\n{ROOT}\n", "not a number"),
    "leading zero": (f"{LOG}\n07\n{ROOT}\n", "not a number"),
    "other digits": (f"{LOG}\n٧\n{ROOT}\n", "not a number"),
    "far too large": (f"{LOG}\n{10**19}\n{ROOT}\n", "not a number"),
    "short root": (f"{LOG}\n7\nAAAA\n", "32 bytes"),
    "root bits": (f"{LOG}\n7\n{ROOT[:-2]}B=\n", "cannot be read"),
    "other log": (f"other.example/log\n7\n{ROOT}\n", "of the log 'other.example/log'"),
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_bad_checkpoints_are_refused_though_signed(name: str) -> None:
    text, message = CHECKPOINTS[name]
    with pytest.raises(NoteError, match=message):
        open_checkpoint(sign_note(text, LOG, KEY).encode(), TRUSTED)


def test_a_checkpoint_may_carry_extensions_and_be_empty() -> None:
    assert parse_checkpoint(f"{LOG}\n0\n{ROOT}\nmore\n").size == 0


def test_a_note_taken_apart_is_not_yet_trusted() -> None:
    note = parse_note(NOTE.replace(b"answer", b"anwser"))
    assert note.signatures[0].name == "PeterNeumann"
