"""Moves messages between the sockets and the state, in one thread."""

import signal
import time
from collections import deque
from types import FrameType

import structlog

from gateway.broker.sends import Send, Side
from gateway.broker.state import BrokerState
from shared.bus.routers import Delivery, RouterPair
from shared.config import Settings

#: Seconds between two ticks.
TICK = 0.1


class Broker:
    """The running broker; `run` blocks until `stop`."""

    def __init__(self, settings: Settings) -> None:
        self._log = structlog.get_logger("siglab.broker")
        self._sockets = RouterPair(
            settings.bus_frontend, settings.bus_backend, settings.keys_dir, on_denied=self._denied
        )
        self.state = BrokerState(time.monotonic(), self._sockets.allowed.values(), self._log.warning)
        self._stopping = False
        self._reload = False

    def stop(self) -> None:
        """Ends `run` at the next tick."""
        self._stopping = True

    def reload(self) -> None:
        """Reads the allow-list again at the next tick."""
        self._reload = True

    def run(self) -> None:
        """Serves until stopped."""
        self._log.info("broker ready", parties=sorted(set(self._sockets.allowed.values())))
        next_tick = time.monotonic()
        sides = (Side.FRONT, Side.BACK)
        try:
            while not self._stopping:
                timeout = max(0, int((next_tick - time.monotonic()) * 1000))
                for side, peer, party, frames in self._sockets.receive(timeout):
                    self._deliver(self.state.on_message(time.monotonic(), sides[side], peer, party, frames))
                now = time.monotonic()
                if now >= next_tick:
                    next_tick = now + TICK
                    self._reload_if_asked()
                    self._deliver(self.state.on_tick(now))
        finally:
            self._sockets.close()

    def _deliver(self, sends: list[Send]) -> None:
        for send in sends:
            outcome = self._sockets.send(send.side, send.peer, send.frames)
            if outcome is not Delivery.SENT:
                self._deliver_after_failure(send, outcome)

    def _deliver_after_failure(self, failed: Send, outcome: Delivery) -> None:
        waiting = deque([(failed, outcome)])
        while waiting:
            send, why = waiting.popleft()
            for further in self.state.on_unsendable(time.monotonic(), send, gone=why is Delivery.GONE):
                result = self._sockets.send(further.side, further.peer, further.frames)
                if result is not Delivery.SENT:
                    waiting.append((further, result))

    def _reload_if_asked(self) -> None:
        if not self._reload:
            return
        self._reload = False
        try:
            self._sockets.reload()
        except (OSError, ValueError) as error:
            self._log.error("allow-list not reloaded, the old one stays", error=str(error))
            return
        parties = set(self._sockets.allowed.values())
        self.state.set_parties(parties)
        self._log.info("allow-list reloaded", parties=sorted(parties))

    def _denied(self, address: str, key: str) -> None:
        self.state.counts["denied"] += 1
        self._log.warning("unknown key refused", address=address, key=key)


def run_broker(settings: Settings) -> None:
    """Runs the broker until SIGTERM or SIGINT; SIGHUP reloads the allow-list."""
    broker = Broker(settings)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        broker.stop()

    def reload(_signal: int, _frame: FrameType | None) -> None:
        broker.reload()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGHUP, reload)
    broker.run()
