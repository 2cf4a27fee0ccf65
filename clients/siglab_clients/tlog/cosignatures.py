"""Cosignatures of witnesses on checkpoints (C2SP tlog-cosignature, Ed25519, `cosignature/v1`).

A cosignature says: at this time this was the largest head of this log that the witness had seen, and it only added to
every head that the witness had seen before. Who trusts one witness cannot be shown a fork of the log.
"""

import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from siglab_clients.tlog.encoding import encode_base64
from siglab_clients.tlog.errors import NoteError
from siglab_clients.tlog.notes import ED25519, key_id, parse_note, require_key_name, split_verifier_key

#: The signature type byte of cosignatures in key ids and verifier keys.
COSIGNATURE_V1 = b"\x04"

_TIME_BYTES = 8
_SIGNATURE_BYTES = _TIME_BYTES + 64
_LATEST = (1 << 63) - 1


@dataclass(frozen=True)
class WitnessKey:
    """Whose cosignature is trusted: the witness's name and the 32 bytes of its Ed25519 public key."""

    name: str
    public_key: bytes

    @property
    def id(self) -> bytes:
        """The key's four bytes in signature lines."""
        return key_id(self.name, self.public_key, COSIGNATURE_V1)

    def __str__(self) -> str:
        """The text form `name+id+base64(0x04 || public key)`."""
        return f"{self.name}+{self.id.hex()}+{encode_base64(COSIGNATURE_V1 + self.public_key)}"


def witness_key(name: str, key: Ed25519PrivateKey) -> WitnessKey:
    """The public half of a witness's `key` under its name."""
    return WitnessKey(require_key_name(name), key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def parse_witness_key(text: str) -> WitnessKey:
    """The witness in a line `name+id+base64`.

    Beside the form for cosignatures (0x04) the plain Ed25519 form (0x01) is taken, in which some witnesses publish
    their key; either way it is cosignatures that are looked for. NoteError for anything else.
    """
    return WitnessKey(*split_verifier_key(text, (COSIGNATURE_V1, ED25519)))


def cosigned_message(text: str, timestamp: int) -> bytes:
    """What a witness signs at `timestamp` (seconds since 1970) under a checkpoint's note text."""
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def cosign(text: str, name: str, key: Ed25519PrivateKey, timestamp: int) -> str:
    """The signature line, its newline included, by which the witness `name` cosigns the checkpoint's `text`."""
    if not 0 <= timestamp <= _LATEST:
        raise ValueError(f"{timestamp} is no time that a cosignature can carry")
    signature = timestamp.to_bytes(_TIME_BYTES, "big") + key.sign(cosigned_message(text, timestamp))
    return f"\u2014 {name} {encode_base64(witness_key(name, key).id + signature)}\n"


def open_cosignature(raw: bytes, witness: WitnessKey) -> int:
    """When `witness` cosigned the note `raw`, in seconds since 1970; the latest time where it did so repeatedly.

    Raises NoteError where it did not, or where a line in its name does not hold.
    """
    note = parse_note(raw)
    mine = [
        line
        for line in note.signatures
        if line.name == witness.name and hmac.compare_digest(line.key_id, witness.id)
    ]
    if not mine:
        named = [line for line in note.signatures if line.name == witness.name]
        if named:
            raise NoteError(f"the checkpoint is cosigned in the name of {witness.name}, but with another key")
        raise NoteError(f"the checkpoint is not cosigned by the witness {witness.name}")
    return max(_time_of(note.text, line.signature, witness) for line in mine)


def _time_of(text: str, signature: bytes, witness: WitnessKey) -> int:
    timestamp = int.from_bytes(signature[:_TIME_BYTES], "big")
    if len(signature) != _SIGNATURE_BYTES or timestamp > _LATEST:
        raise NoteError(f"the cosignature of the witness {witness.name} is malformed")
    key = Ed25519PublicKey.from_public_bytes(witness.public_key)
    try:
        key.verify(signature[_TIME_BYTES:], cosigned_message(text, timestamp))
    except InvalidSignature as error:
        raise NoteError(
            f"the cosignature of the witness {witness.name} does not hold: it is over another checkpoint, or forged"
        ) from error
    return timestamp
