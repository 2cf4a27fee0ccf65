"""A log that a witness is shown, and requests to cosign it."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.crypto import ledger, merkle
from siglab_clients.tlog.encoding import encode_base64
from siglab_clients.witness.keys import WitnessSigner

ORIGIN = "siglab.example/ledger"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOG = ledger.verifier_key(ORIGIN, LOG_KEY)
SIGNER = WitnessSigner("office.example/w1", Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64))))


def tree(size: int, mark: bytes = b"") -> merkle.MemoryLogStore:
    """A log of `size`; `mark` makes it another one from entry 3 on."""
    store = merkle.MemoryLogStore()
    merkle.append(store, 0, [ledger.leaf_hash(b"%d" % i + (mark if i >= 3 else b"")) for i in range(size)])
    return store


def note(size: int, mark: bytes = b"", key: Ed25519PrivateKey = LOG_KEY, origin: str = ORIGIN) -> str:
    """The signed head of it."""
    return ledger.sign_checkpoint(origin, size, merkle.root(tree(size, mark), size), key)


def request(old: int, proof: Sequence[bytes], checkpoint: str) -> bytes:
    """The body of a request."""
    lines = "".join(f"{encode_base64(value)}\n" for value in proof)
    return f"old {old}\n{lines}\n{checkpoint}".encode()


def growth(old: int, size: int, mark: bytes = b"") -> bytes:
    """The request of a log that grew from `old` to `size`."""
    return request(old, merkle.consistency_proof(tree(size, mark), old, size), note(size, mark))
