"""CURVE keys: one file a half, one Z85 line a key, named after the party that holds it.

A `.pub` file may hold several lines: the old and the new key of a party are then both valid, which is how a key is
changed without an outage.
"""

import struct
from pathlib import Path

import zmq
from zmq.utils import z85


def make_curve_keypair() -> tuple[bytes, bytes]:
    """A new key pair (public, secret), each 40 bytes of Z85 text."""
    return zmq.curve_keypair()


def load_secret_key(keys_dir: Path, party: str) -> bytes:
    """The secret key of a party; raises OSError when the file cannot be read, ValueError when it holds no key."""
    return _keys_in(keys_dir / "bus" / f"{party}.key")[0]


def load_public_keys(keys_dir: Path, party: str) -> list[bytes]:
    """The public keys of a party, the current one first; raises as `load_secret_key` does."""
    return _keys_in(keys_dir / "bus" / f"{party}.pub")


def load_allow_list(keys_dir: Path) -> dict[bytes, str]:
    """Whom the broker lets in: public key -> party, from every `bus/*.pub`."""
    allowed: dict[bytes, str] = {}
    for path in sorted((keys_dir / "bus").glob("*.pub")):
        allowed.update(dict.fromkeys(_keys_in(path), path.stem))
    return allowed


def key_text(raw: bytes) -> bytes:
    """Z85 text of the 32 bytes that a ZAP request names a client by."""
    text: bytes = z85.encode(raw)
    return text


def _keys_in(path: Path) -> list[bytes]:
    keys = path.read_bytes().split()
    for key in keys:
        try:
            decoded = z85.decode(key)
        except (ValueError, KeyError, struct.error) as error:
            raise ValueError(f"{path} holds a line that is no Z85 key") from error
        if len(decoded) != 32:
            raise ValueError(f"{path} holds a key of {len(decoded)} bytes instead of 32")
    if not keys:
        raise ValueError(f"{path} holds no key")
    return keys
