"""The ledger's own side of the transparency log: keys, signed notes, checkpoints, commitments.

Trees and proofs are in `shared.crypto.merkle`, tiles in `shared.crypto.tiles`; verification is in
`siglab_clients.tlog`, so that server and verifier hash with the same code. Form: C2SP signed-note and
tlog-checkpoint, Ed25519.
"""

import secrets

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from siglab_clients.tlog.checkpoints import Checkpoint
from siglab_clients.tlog.commitments import SALT_SIZE, commitment_entry, entry_of, event_digest
from siglab_clients.tlog.encoding import encode_base64
from siglab_clients.tlog.hashing import leaf_hash
from siglab_clients.tlog.notes import VerifierKey, require_key_name

__all__ = [
    "commitment_entry",
    "entry_of",
    "event_digest",
    "leaf_hash",
    "make_ledger_key",
    "new_salt",
    "sign_checkpoint",
    "sign_note",
    "verifier_key",
]


def new_salt() -> bytes:
    """A fresh secret salt for one commitment."""
    return secrets.token_bytes(SALT_SIZE * 2)


def make_ledger_key(origin: str) -> tuple[bytes, str]:
    """A new signing key: (private key as unencrypted PKCS#8 PEM, verifier key line without newline)."""
    require_key_name(origin)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, str(verifier_key(origin, key))


def verifier_key(origin: str, key: Ed25519PrivateKey) -> VerifierKey:
    """The public half of `key` under the log's name; its str() is the line to publish."""
    return VerifierKey(
        require_key_name(origin), key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    )


def sign_note(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """`text` (ending in a newline) as a note signed under `name`."""
    if not text.endswith("\n") or any(ord(char) < 0x20 and char != "\n" for char in text):
        raise ValueError("a note's text ends in a newline and holds no other control character")
    signature = verifier_key(name, key).id + key.sign(text.encode())
    return f"{text}\n\u2014 {name} {encode_base64(signature)}\n"


def sign_checkpoint(origin: str, size: int, root: bytes, key: Ed25519PrivateKey) -> str:
    """The signed checkpoint of the log `origin` at `size` entries with `root`."""
    return sign_note(Checkpoint(origin, size, root).text(), origin, key)
