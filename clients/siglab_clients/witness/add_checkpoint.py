"""The one request of C2SP tlog-witness, judged: parsed, checked, and the answer's status where it is refused.

No file, no clock, no network here; whoever calls holds the state, and writes the new one before it answers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from siglab_clients.tlog.checkpoints import Checkpoint, open_checkpoint
from siglab_clients.tlog.encoding import decode_base64
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.hashing import EMPTY_ROOT, HASH_SIZE
from siglab_clients.tlog.notes import VerifierKey, parse_note
from siglab_clients.tlog.proofs import verify_consistency

#: The longest request: 63 hashes and a checkpoint with many signatures stay far below.
MAX_REQUEST_BYTES = 64 << 10
MAX_PROOF_LINES = 63
SIZE_TYPE = "text/x.tlog.size"

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


class Refused(Exception):
    """The request is answered with `status` and `body`."""

    def __init__(self, status: int, message: str, *, size: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.size = size

    @property
    def content_type(self) -> str:
        """That of the body."""
        return "text/plain; charset=utf-8" if self.size is None else SIZE_TYPE

    @property
    def body(self) -> str:
        """For a conflict the size that the witness knows, as the protocol wants it; else the reason."""
        return f"{self}\n" if self.size is None else f"{self.size}\n"


@dataclass(frozen=True)
class Request:
    """An add-checkpoint request taken apart; nothing in it is trusted yet."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes
    text: str
    origin: str


def parse_request(body: bytes) -> Request:
    """The request in a body: `old N`, proof lines in base64, an empty line, a checkpoint. Raises Refused (400)."""
    if len(body) > MAX_REQUEST_BYTES:
        raise Refused(413, f"The request is longer than {MAX_REQUEST_BYTES} bytes.")
    head, blank, note = body.partition(b"\n\n")
    if not blank:
        raise Refused(400, "There is no empty line between proof and checkpoint.")
    try:
        first, *rest = head.decode("ascii").split("\n")
        old = _OLD.fullmatch(first)
        if old is None:
            raise Refused(400, "The first line is not 'old' and the size of a log.")
        if len(rest) > MAX_PROOF_LINES:
            raise Refused(400, f"There are more than {MAX_PROOF_LINES} lines of proof.")
        proof = tuple(decode_base64(line) for line in rest)
        if any(len(value) != HASH_SIZE for value in proof):
            raise Refused(400, f"A line of the proof is not a hash of {HASH_SIZE} bytes.")
        text = parse_note(note).text
    except UnicodeDecodeError as error:
        raise Refused(400, "The lines of the proof are not ASCII.") from error
    except EvidenceError as error:
        raise Refused(400, f"The request is malformed: {error}.") from error
    return Request(int(old[1]), proof, note, text, text.split("\n", 1)[0])


def open_request(request: Request, logs: Mapping[str, VerifierKey]) -> Checkpoint:
    """The checkpoint of a request, signed by the log that it names; raises Refused (404, 403, 400)."""
    key = logs.get(request.origin)
    if key is None:
        raise Refused(404, "This witness does not know that log.")
    try:
        head = open_checkpoint(request.note, key)
    except EvidenceError as error:
        raise Refused(403, f"The checkpoint is not one of that log: {error}.") from error
    if request.old_size > head.size:
        raise Refused(400, "The old size is above that of the checkpoint.")
    return head


def check_growth(request: Request, head: Checkpoint, known: Checkpoint | None) -> None:
    """Returns where `head` only adds to what the witness has cosigned last; raises Refused (409, 422)."""
    size = known.size if known else 0
    root = known.root if known else EMPTY_ROOT
    if request.old_size != size:
        raise Refused(409, f"The last cosigned checkpoint has {size} entries.", size=size)
    if head.size == size and head.root != root:
        if known is None:
            raise Refused(422, "A log without entries has another root.")
        raise Refused(
            409, f"A different checkpoint of {size} entries was cosigned: the log forks.", size=size
        )
    try:
        verify_consistency(size, root, head.size, head.root, request.proof)
    except EvidenceError as error:
        raise Refused(422, f"The consistency proof does not hold: {error}.") from error
