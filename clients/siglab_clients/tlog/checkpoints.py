"""Checkpoints: the signed head of a log (C2SP tlog-checkpoint)."""

import re
from dataclasses import dataclass

from siglab_clients.tlog.encoding import decode_base64, encode_base64
from siglab_clients.tlog.errors import EncodingError, NoteError
from siglab_clients.tlog.hashing import HASH_SIZE
from siglab_clients.tlog.notes import VerifierKey, open_note

_SIZE = re.compile("0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Checkpoint:
    """How many entries a log had, and the root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note text that is signed: origin, size and root, a line each."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in a note's text; NoteError where a line is missing, malformed or empty."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise NoteError("the checkpoint does not have the lines origin, size and root")
    origin, size, root_text = lines[:3]
    if not _SIZE.fullmatch(size):
        raise NoteError("the size in the checkpoint is not a number")
    try:
        root = decode_base64(root_text)
    except EncodingError as error:
        raise NoteError(f"the root in the checkpoint cannot be read: {error}") from error
    if len(root) != HASH_SIZE:
        raise NoteError(f"the root in the checkpoint does not have {HASH_SIZE} bytes")
    return Checkpoint(origin, int(size), root)


def open_checkpoint(raw: bytes, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a signed note, its signature by `key` verified; the origin must be the key's name."""
    checkpoint = parse_checkpoint(open_note(raw, key))
    if checkpoint.origin != key.name:
        raise NoteError(f"the checkpoint is of the log {checkpoint.origin!r}, not of {key.name!r}")
    return checkpoint
