"""Keys, signed notes, checkpoints and commitments, as server and verifier share them."""

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shared.crypto import ledger
from shared.crypto.canonical import canonical_digest, canonical_json
from siglab_clients.tlog.checkpoints import Checkpoint, open_checkpoint
from siglab_clients.tlog.errors import EncodingError, NoteError
from siglab_clients.tlog.notes import open_note, parse_verifier_key

ORIGIN = "siglab.example/ledger"
SALT = bytes(range(32))


def test_a_new_key_comes_with_its_verifier_key() -> None:
    pem, vkey = ledger.make_ledger_key(ORIGIN)
    key = load_pem_private_key(pem, None)
    assert isinstance(key, Ed25519PrivateKey)
    assert vkey == str(ledger.verifier_key(ORIGIN, key)) == str(parse_verifier_key(vkey + "\n"))
    name, key_id, material = vkey.split("+", 2)
    raw = base64.b64decode(material)
    assert name == ORIGIN
    assert raw[0] == 1
    assert key_id == hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8]


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\u00a0b", "a\nb"])
def test_a_log_needs_a_name_without_spaces_and_plus(origin: str) -> None:
    with pytest.raises(NoteError, match="cannot be a key name"):
        ledger.make_ledger_key(origin)


@pytest.mark.rule("E19")
def test_a_checkpoint_opens_under_its_key() -> None:
    key = Ed25519PrivateKey.generate()
    note = ledger.sign_checkpoint(ORIGIN, 7, bytes(32), key)
    assert note.startswith(f"{ORIGIN}\n7\n{base64.b64encode(bytes(32)).decode()}\n\n\u2014 {ORIGIN} ")
    trusted = ledger.verifier_key(ORIGIN, key)
    assert open_checkpoint(note.encode(), trusted) == Checkpoint(ORIGIN, 7, bytes(32))


@pytest.mark.parametrize("text", ["no newline", "tab\there\n", "nul\0\n"])
def test_a_note_that_no_reader_would_take_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="note's text"):
        ledger.sign_note(text, ORIGIN, Ed25519PrivateKey.generate())


def test_a_note_may_hold_empty_lines() -> None:
    key = Ed25519PrivateKey.generate()
    note = ledger.sign_note("one\n\ntwo\n\n", ORIGIN, key)
    assert open_note(note.encode(), ledger.verifier_key(ORIGIN, key)) == "one\n\ntwo\n\n"


@pytest.mark.rule("E19")
def test_an_entry_commits_to_salt_and_event_and_shows_neither() -> None:
    event = {"b": 1, "a": "custodian"}
    entry = ledger.commitment_entry(event, SALT)
    commitment = base64.b64encode(hashlib.sha256(SALT + b'{"a":"custodian","b":1}').digest()).decode()
    assert entry == f'{{"commitment":"{commitment}","v":1}}'.encode()
    assert json.loads(entry)["v"] == 1
    assert ledger.commitment_entry(dict(reversed(event.items())), SALT) == entry
    assert ledger.commitment_entry(event, ledger.new_salt()) != entry
    with pytest.raises(EncodingError, match="at least 16"):
        ledger.commitment_entry(event, SALT[:15])


def test_the_digest_of_an_event_is_that_of_its_canonical_form() -> None:
    event = {"z": 1, "a": [1.5, None, "é"]}
    assert ledger.event_digest(event) == canonical_digest(event)
    assert canonical_digest(event) == hashlib.sha256(canonical_json(event)).hexdigest()
