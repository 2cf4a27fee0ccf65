"""The witness's secret key: one line `PRIVATE+KEY+name+id+base64(0x04 || seed)`, as signers of notes keep it."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from siglab_clients.tlog.cosignatures import COSIGNATURE_V1, WitnessKey, witness_key
from siglab_clients.tlog.encoding import decode_base64, encode_base64
from siglab_clients.tlog.errors import EncodingError, NoteError
from siglab_clients.tlog.notes import require_key_name

_HEAD = "PRIVATE+KEY+"


@dataclass(frozen=True)
class WitnessSigner:
    """Who cosigns: the name and the secret key."""

    name: str
    key: Ed25519PrivateKey

    @property
    def public(self) -> WitnessKey:
        """What is given to everybody."""
        return witness_key(self.name, self.key)

    def line(self) -> str:
        """The secret line, without a newline."""
        seed = self.key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        return f"{_HEAD}{self.name}+{self.public.id.hex()}+{encode_base64(COSIGNATURE_V1 + seed)}"


def new_signer(name: str) -> WitnessSigner:
    """A fresh key under a name (best the address of the office's witness without the scheme); NoteError for a bad name."""
    return WitnessSigner(require_key_name(name), Ed25519PrivateKey.generate())


def parse_signer(text: str) -> WitnessSigner:
    """The signer in a secret line; NoteError, which never repeats the secret."""
    line = text.strip("\r\n")
    parts = line.removeprefix(_HEAD).split("+", 2)
    if not line.startswith(_HEAD) or len(parts) != 3:
        raise NoteError("it is not of the form PRIVATE+KEY+name+id+base64")
    name, written_id, material = parts
    require_key_name(name)
    try:
        raw = decode_base64(material)
    except EncodingError as error:
        raise NoteError("its last part is not base64") from error
    if len(raw) != 33 or raw[:1] != COSIGNATURE_V1:
        raise NoteError("it is not a key for cosignatures")
    signer = WitnessSigner(name, Ed25519PrivateKey.from_private_bytes(raw[1:]))
    if written_id != signer.public.id.hex():
        raise NoteError("its id is not that of its name and key")
    return signer
