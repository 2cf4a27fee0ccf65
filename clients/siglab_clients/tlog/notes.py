"""Signed notes and verifier keys (C2SP signed-note; Ed25519 only)."""

import hashlib
import hmac
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from siglab_clients.tlog.encoding import decode_base64, encode_base64
from siglab_clients.tlog.errors import EncodingError, NoteError

#: The signature type byte of Ed25519 in signed notes.
ED25519 = b"\x01"

#: Bounds, so that a hostile note costs little: C2SP asks for at least 16 signatures.
MAX_NOTE_BYTES = 1 << 20
MAX_SIGNATURES = 100

_SIGNATURE_LINE = re.compile("\u2014 (?P<name>[^ ]+) (?P<signature>[A-Za-z0-9+/]+=*)")


def require_key_name(name: str) -> str:
    """`name` itself; NoteError unless it is non-empty and without spaces, control characters and plus."""
    if not name or "+" in name or any(char.isspace() or ord(char) < 0x20 for char in name):
        raise NoteError(f"{name!r} cannot be a key name: it is empty or holds a space or a plus sign")
    return name


def key_id(name: str, public_key: bytes, algorithm: bytes = ED25519) -> bytes:
    """The four bytes that name an Ed25519 key, used as `algorithm` says, in signature lines."""
    return hashlib.sha256(name.encode() + b"\n" + algorithm + public_key).digest()[:4]


@dataclass(frozen=True)
class VerifierKey:
    """Whose signature is trusted: the name and the 32 bytes of the Ed25519 public key."""

    name: str
    public_key: bytes

    @property
    def id(self) -> bytes:
        """The key's four bytes in signature lines."""
        return key_id(self.name, self.public_key)

    @property
    def fingerprint(self) -> str:
        """What people compare of the key beside its id: SHA-256 of its 32 bytes, in hexadecimal, everywhere the same."""
        return hashlib.sha256(self.public_key).hexdigest()

    def __str__(self) -> str:
        """The text form `name+id+base64(0x01 || public key)`."""
        return f"{self.name}+{self.id.hex()}+{encode_base64(ED25519 + self.public_key)}"

    def verify(self, text: bytes, signature: bytes) -> None:
        """Returns when `signature` over `text` holds, else raises NoteError."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text)
        except (InvalidSignature, ValueError) as error:
            raise NoteError(f"the signature of {self.name} does not hold") from error


def parse_verifier_key(text: str) -> VerifierKey:
    """The key in a line `name+id+base64`; its id must be the one that follows from name and key."""
    return VerifierKey(*split_verifier_key(text, (ED25519,)))


def split_verifier_key(text: str, algorithms: tuple[bytes, ...]) -> tuple[str, bytes]:
    """(name, 32 bytes of an Ed25519 key) in a line `name+id+base64` of one of the signature types `algorithms`."""
    parts = text.strip("\r\n").split("+", 2)
    if len(parts) != 3:
        raise NoteError("the verifier key is not of the form name+id+base64")
    name, written_id, material = parts
    require_key_name(name)
    try:
        raw = decode_base64(material)
    except EncodingError as error:
        raise NoteError(f"the verifier key cannot be read: {error}") from error
    if len(raw) != 33 or raw[:1] not in algorithms:
        raise NoteError("the verifier key is not an Ed25519 key")
    right = key_id(name, raw[1:], raw[:1]).hex()
    if written_id != right:
        raise NoteError(
            f"the verifier key's id {written_id[:16]!r} is not that of its name and material ({right})"
        )
    return name, raw[1:]


@dataclass(frozen=True)
class Signature:
    """One signature line: who claims to have signed, with which key, and the signature itself."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class SignedNote:
    """A note taken apart; its text (with the final newline) is worth nothing before a signature was
    verified.
    """

    text: str
    signatures: tuple[Signature, ...]


def parse_note(raw: bytes) -> SignedNote:
    """Takes a note apart without trusting it; NoteError where the form is not exactly that of C2SP."""
    if len(raw) > MAX_NOTE_BYTES:
        raise NoteError("the note is too long")
    try:
        whole = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteError("the note is not UTF-8") from error
    if any(ord(char) < 0x20 and char != "\n" for char in whole):
        raise NoteError("the note holds a control character")
    head, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise NoteError("the note has no signature lines")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteError("the note has too many signatures")
    return SignedNote(head + "\n", tuple(_parse_signature(line) for line in lines))


def _parse_signature(line: str) -> Signature:
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise NoteError("a signature line of the note is malformed")
    name = require_key_name(match["name"])
    try:
        raw = decode_base64(match["signature"])
    except EncodingError as error:
        raise NoteError(f"a signature of the note cannot be read: {error}") from error
    if len(raw) < 5:
        raise NoteError("a signature of the note is too short")
    return Signature(name, raw[:4], raw[4:])


def open_note(raw: bytes, key: VerifierKey) -> str:
    """The text of the note once the signature by `key` holds; other signatures are ignored, as C2SP
    demands.
    """
    note = parse_note(raw)
    mine = [s for s in note.signatures if s.name == key.name and hmac.compare_digest(s.key_id, key.id)]
    if not mine:
        raise NoteError(f"the note is not signed by the key {key.name}+{key.id.hex()}")
    for signature in mine:
        key.verify(note.text.encode(), signature.signature)
    return note.text
