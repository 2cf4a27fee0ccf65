"""The keys of one installation: made once at the first start, kept in the keys folder, files of mode 0600.

Which process needs which file stands in deploy/containers/deal_keys.py; in containers only those are mounted.
"""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.bus.curve import make_curve_keypair
from shared.config import SERVICES
from shared.crypto.ledger import make_ledger_key

#: Who may speak on the bus, and whose assertions are believed.
ISSUERS = ("gateway", *(f"service-{name}" for name in SERVICES))
PARTIES = ("broker", *ISSUERS)
#: Database roles beside the owner.
DATABASE_ROLES = ("gateway", *SERVICES)


def make_keys(keys_dir: Path, *, ledger_origin: str) -> list[str]:
    """Makes every key that is not there yet and returns the names of those made; existing files are never touched."""
    made: list[str] = []
    for party in PARTIES:
        if not (keys_dir / "bus" / f"{party}.pub").exists():
            public, secret = make_curve_keypair()
            _write(keys_dir / "bus" / f"{party}.key", secret, made)
            _write(keys_dir / "bus" / f"{party}.pub", public, made)
    for name in [f"assertions/{issuer}" for issuer in ISSUERS] + ["models"]:
        if not (keys_dir / f"{name}.pub").exists():
            private = Ed25519PrivateKey.generate()
            _write(keys_dir / f"{name}.key", private_pem(private), made)
            _write(keys_dir / f"{name}.pub", public_pem(private.public_key()), made)
    if not (keys_dir / "ledger.vkey").exists():
        private_bytes, verifier_key = make_ledger_key(ledger_origin)
        _write(keys_dir / "ledger.key", private_bytes, made)
        _write(keys_dir / "ledger.vkey", verifier_key.encode(), made)
    for name in ["database-owner", *(f"database-{role}" for role in DATABASE_ROLES), "session"]:
        if not (keys_dir / f"{name}.secret").exists():
            _write(keys_dir / f"{name}.secret", secrets.token_urlsafe(32).encode(), made)
    return made


def private_pem(key: Ed25519PrivateKey) -> bytes:
    """The key as unencrypted PKCS #8 PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: Ed25519PublicKey) -> bytes:
    """The key as SubjectPublicKeyInfo PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def load_private_key(path: Path) -> Ed25519PrivateKey:
    """Reads an Ed25519 private key; raises ValueError for another kind of key."""
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 private key")
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Reads an Ed25519 public key; raises ValueError for another kind of key."""
    key = serialization.load_pem_public_key(path.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"{path} holds no Ed25519 public key")
    return key


def _write(path: Path, content: bytes, made: list[str]) -> None:
    """Writes atomically and durably, mode 0600; a secret half is written before its public half."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    os.replace(temporary, path)
    made.append(path.name)
