"""What crosses the bus: three frames, of which the broker reads only the first.

Frames: `[control, header, body]`. The control frame has a fixed size and begins with `SIG1` and the kind, so that one
look tells a message of this protocol from anything else. It is one frame and not several because every frame is
encrypted by itself. Header and body belong to the two ends (`shared.bus.messages`).

The verbs are those of the Majordomo protocol (https://rfc.zeromq.org/spec/18/) with credits, request ids and deadlines
added, and without its automatic resend:

===== ========================== =========================================================================
kind  sent by                    meaning
===== ========================== =========================================================================
REQ   client, broker to worker   a request; `credits` = how many PARTs may be sent before more are granted
PART  worker, broker to client   a piece of a response; the first carries the header
PART  client, broker to worker   grants `credits` further PARTs of that response
FIN   worker, broker to client   the end of a response; `status` not 0 = the bus's own answer, see `Status`
READY worker                     "I take `credits` requests at once for `service`"; `id` names the process
HB    worker, broker             "I am here"; from a worker `id` names the process, whose lanes all live by it
HB    client                     "do you still know request `id`?"; the broker answers only if it does not
BYE   worker, broker to worker   no more requests, please; the broker confirms when nothing is under way
RESET broker to worker           "I do not know you": say READY again, on a new connection
RESET client, broker to worker   the response `id` is no longer wanted
===== ========================== =========================================================================
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from hashlib import blake2b

MAGIC = b"SIG1"
#: Longest name of a service, in bytes of ASCII.
SERVICE_SIZE = 32
#: Largest body of one message; longer uploads are cut into pieces before they reach the bus.
MAX_BODY = 8 * 1024 * 1024
#: Room for the header frame; what is larger is not an honest request.
MAX_HEADER = 256 * 1024
#: Pieces of a response are at most this long.
PART_SIZE = 256 * 1024
#: PARTs a worker may have under way to one client: bounds the memory of a response to WINDOW * PART_SIZE (2 MiB).
WINDOW = 8

_LAYOUT = struct.Struct(f">4sBBHIHH16s8s{SERVICE_SIZE}s")
CONTROL_SIZE = _LAYOUT.size
NO_ID = bytes(16)
NO_KEY = bytes(8)


class Kind(IntEnum):
    """The verb of a message."""

    REQ = 1
    PART = 2
    FIN = 3
    READY = 4
    HB = 5
    BYE = 6
    RESET = 7


class Status(IntEnum):
    """How a FIN came about; the numbers are those of HTTP where HTTP has one, so that a log reads well."""

    ANSWERED = 0
    BROKEN = 500
    WORKER_LOST = 502
    UNAVAILABLE = 503
    EXPIRED = 504


_KINDS = {int(kind): kind for kind in Kind}
_STATUSES = {int(status): status for status in Status}


class ProtocolError(ValueError):
    """A message that does not follow the protocol; the text says in which way."""


@dataclass(slots=True)
class Control:
    """The frame that the broker reads. `deadline_ms` is what remains of the time allowed, so no clocks are compared."""

    kind: Kind
    id: bytes = NO_ID
    service: str = ""
    deadline_ms: int = 0
    credits: int = 0
    status: Status = Status.ANSWERED
    retry_after: int = 0
    fairness: bytes = NO_KEY

    def encode(self) -> bytes:
        """The control frame; raises ProtocolError for a value that does not fit."""
        try:
            return _LAYOUT.pack(
                MAGIC,
                self.kind,
                self.retry_after,
                self.status,
                self.deadline_ms,
                self.credits,
                0,
                self.id,
                self.fairness,
                _service_bytes(self.service),
            )
        except struct.error as error:
            raise ProtocolError(f"control values out of range: {error}") from error


def decode(frame: bytes) -> Control:
    """Reads a control frame; raises ProtocolError that says what is wrong with it."""
    if len(frame) != CONTROL_SIZE:
        raise ProtocolError(f"control frame of {len(frame)} bytes instead of {CONTROL_SIZE}")
    magic, kind, retry_after, status, deadline, credits, reserved, id_, fairness, service = _LAYOUT.unpack(
        frame
    )
    if magic != MAGIC:
        raise ProtocolError("not a message of this protocol version (SIG1)")
    known_kind, known_status = _KINDS.get(kind), _STATUSES.get(status)
    if known_kind is None:
        raise ProtocolError(f"unknown kind {kind}")
    if known_status is None:
        raise ProtocolError(f"unknown status {status}")
    if reserved:
        raise ProtocolError("reserved bytes are not zero")
    return Control(
        known_kind, id_, _service_text(service), deadline, credits, known_status, retry_after, fairness
    )


def check_frames(frames: list[bytes]) -> Control:
    """Reads the control frame of a whole message `[control, header, body]`; raises ProtocolError."""
    if len(frames) != 3:
        raise ProtocolError(f"{len(frames)} frames instead of 3")
    if len(frames[1]) > MAX_HEADER:
        raise ProtocolError(f"header of {len(frames[1])} bytes is too long")
    return decode(frames[0])


@lru_cache(maxsize=1024)
def fairness_digest(key: str) -> bytes:
    """Shortens a fairness key (such as an actor's login) to the eight bytes that travel."""
    return blake2b(key.encode("utf-8", "surrogateescape"), digest_size=8).digest() if key else NO_KEY


@lru_cache(maxsize=256)
def _service_bytes(name: str) -> bytes:
    if len(name) > SERVICE_SIZE or not all(c.isascii() and (c.isalnum() or c in "_-") for c in name):
        raise ProtocolError(f"{name!r} cannot be the name of a service")
    return name.encode("ascii").ljust(SERVICE_SIZE, b"\0")


@lru_cache(maxsize=256)
def _service_text(raw: bytes) -> str:
    name = raw.rstrip(b"\0")
    if not all(c < 128 and (chr(c).isalnum() or c in b"_-") for c in name):
        raise ProtocolError("the name of the service has bytes that no name has")
    return name.decode("ascii")
