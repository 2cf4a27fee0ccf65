"""The log's keys: the private one signs heads and manifests, the verifier key is for everybody."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.crypto.keys import load_private_key
from siglab_clients.tlog.notes import VerifierKey, parse_verifier_key


def load_verifier_key(keys_dir: Path) -> VerifierKey:
    """The public key; its name is the log's origin."""
    return parse_verifier_key((keys_dir / "ledger.vkey").read_text())


def load_origin(keys_dir: Path) -> str:
    """The log's name, as it stands in every checkpoint."""
    return load_verifier_key(keys_dir).name


def load_signing_key(keys_dir: Path) -> Ed25519PrivateKey:
    """The private key."""
    return load_private_key(keys_dir / "ledger.key")
