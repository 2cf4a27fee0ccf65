"""What the broker's state hands out: messages, each to one peer on one of the two sockets."""

from dataclasses import dataclass
from enum import IntEnum

from shared.bus.protocol import Control, Kind, Status

RETRY_AFTER = 1


class Side(IntEnum):
    """The two sockets of the broker: clients ask in front, workers connect at the back."""

    FRONT = 0
    BACK = 1


@dataclass(slots=True)
class Send:
    """A message to be sent to one peer."""

    side: Side
    peer: bytes
    frames: list[bytes]


def finish(client: bytes, id_: bytes, status: Status) -> Send:
    """The bus's own end of a request."""
    control = Control(Kind.FIN, id_, status=status)
    if status is Status.UNAVAILABLE:
        control.retry_after = RETRY_AFTER
    return Send(Side.FRONT, client, [control.encode(), b"", b""])


def tell(lane: bytes, kind: Kind, id_: bytes | None = None) -> Send:
    """A verb without content, to a worker."""
    control = Control(kind) if id_ is None else Control(kind, id_)
    return Send(Side.BACK, lane, [control.encode(), b"", b""])
