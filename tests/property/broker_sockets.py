"""A broker's state among clients and lanes that keep their own books, without any socket."""

from collections import Counter, deque
from dataclasses import dataclass, field

from hypothesis.stateful import (
    RuleBasedStateMachine,
)

from gateway.broker.sends import Send, Side
from gateway.broker.state import BrokerState
from shared.bus.protocol import Control, Kind, Status, decode

PARTIES = ("gateway", "service-intake", "service-classifier")


@dataclass
class Asked:
    """A request as its client knows it."""

    id: bytes
    client: bytes
    service: str
    frames: list[bytes]
    given_up: bool = False
    fins: list[Status] = field(default_factory=list)


@dataclass
class ModelLane:
    """A lane as its worker knows it."""

    peer: bytes
    service: str
    process: bytes
    credits: int
    working: list[bytes] = field(default_factory=list)
    leaving: bool = False
    alive: bool = True
    reading: bool = True
    registered: bool = True


class BrokerSockets(RuleBasedStateMachine):
    """The sockets around the state, and a book of what every party has seen; what may happen is told by a subclass."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.state = BrokerState(self.now, PARTIES)
        self.by_peer: dict[bytes, ModelLane] = {}
        self.asked: dict[bytes, Asked] = {}
        self.handed_out: Counter[bytes] = Counter()
        self.dead_clients: set[bytes] = set()
        self.most_credits = 0
        self.serial = 0

    def deliver(self, sends: list[Send]) -> None:
        """Sends; a failure is fed back, as the broker's loop does."""
        waiting = deque(sends)
        while waiting:
            send = waiting.popleft()
            control = decode(send.frames[0])
            if send.side is Side.FRONT:
                if send.peer in self.dead_clients:
                    waiting.extend(self.state.on_unsendable(self.now, send, gone=True))
                else:
                    self.at_client(send.peer, control)
                continue
            lane = self.by_peer[send.peer]
            if not lane.alive or (not lane.reading and control.kind is Kind.REQ):
                waiting.extend(self.state.on_unsendable(self.now, send, gone=not lane.alive))
                if lane.alive:
                    lane.registered = False
            else:
                self.at_lane(lane, control)

    def at_client(self, client: bytes, control: Control) -> None:
        request = self.asked[control.id]
        assert client == request.client, "an answer went to somebody else"
        assert not request.fins, "something came after the FIN"
        if control.kind is Kind.FIN:
            request.fins.append(control.status)

    def at_lane(self, lane: ModelLane, control: Control) -> None:
        if control.kind is Kind.REQ:
            self.handed_out[control.id] += 1
            assert self.handed_out[control.id] == 1, "a request was handed out twice"
            assert len(lane.working) < lane.credits, "a lane got more than its credits"
            assert lane.registered, "a request went to a lane that the broker had given up"
            lane.working.append(control.id)
        elif control.kind is Kind.RESET and control.id == bytes(16):
            lane.registered = False
        elif control.kind is Kind.BYE:
            assert not lane.working or not lane.registered, "a lane was let go with work in it"
            lane.registered = False

    def from_lane(self, lane: ModelLane, control: Control) -> None:
        party = f"service-{lane.service}"
        frames = [control.encode(), b"[200,[]]", b""]
        self.deliver(self.state.on_message(self.now, Side.BACK, lane.peer, party, frames))

    def from_client(self, request: Asked, control: Control) -> None:
        frames = [control.encode(), b"", b""]
        self.deliver(self.state.on_message(self.now, Side.FRONT, request.client, "gateway", frames))
