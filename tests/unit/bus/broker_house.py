"""A broker's state with a clock, spoken to in short."""

from gateway.broker.sends import Send, Side
from gateway.broker.state import BrokerState
from shared.bus.messages import BusRequest
from shared.bus.protocol import Control, Kind, Status, decode, fairness_digest

PARTIES = ("broker", "gateway", "service-intake", "service-classifier")
PROCESS = b"p" * 16


def id_of(number: int) -> bytes:
    return number.to_bytes(16, "big")


class House:
    """A broker with a clock, and shorthand for what is said to it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.heard: list[str] = []
        self.state = BrokerState(self.now, PARTIES, lambda event, **facts: self.heard.append(event))

    def ask(
        self, number: int, key: str = "anna", ms: int = 5000, service: str = "intake", party: str = "gateway"
    ) -> list[tuple[bytes, Kind, Status]]:
        control = Control(Kind.REQ, id_of(number), service, ms, 8, fairness=fairness_digest(key))
        header = BusRequest("GET", "/health").encode_header()
        return self.said(
            self.state.on_message(self.now, Side.FRONT, b"C", party, [control.encode(), header, b"x"])
        )

    def work(self, control: Control, peer: bytes = b"L1", party: str = "service-intake") -> list[Send]:
        return self.state.on_message(self.now, Side.BACK, peer, party, [control.encode(), b"", b""])

    def ready(self, peer: bytes = b"L1", credits: int = 1, process: bytes = PROCESS) -> list[Send]:
        return self.work(Control(Kind.READY, process, "intake", credits=credits), peer)

    def tick(self, seconds: float) -> list[tuple[bytes, Kind, Status]]:
        self.now += seconds
        return self.said(self.state.on_tick(self.now))

    @staticmethod
    def said(sends: list[Send]) -> list[tuple[bytes, Kind, Status]]:
        return [(s.peer, (c := decode(s.frames[0])).kind, c.status) for s in sends]


LOST = (b"C", Kind.FIN, Status.WORKER_LOST)
FULL = (b"C", Kind.FIN, Status.UNAVAILABLE)
LATE = (b"C", Kind.FIN, Status.EXPIRED)


def handed(peer: bytes = b"L1") -> tuple[bytes, Kind, Status]:
    return (peer, Kind.REQ, Status.ANSWERED)
