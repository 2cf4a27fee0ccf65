"""Logs what ZeroMQ tells nobody: a failed CURVE handshake looks to the application like a server that is down.

One thread per process reads the monitors of all watched sockets.
"""

import os
import threading
import time
from collections import deque

import structlog
import zmq
from zmq.utils.monitor import recv_monitor_message

_EVENTS = (
    zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
)
_REASONS = {
    int(zmq.EVENT_HANDSHAKE_FAILED_AUTH): "the broker does not know this key",
    int(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL): "the peer does not speak CURVE with the expected server key",
    int(zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL): "the connection ended during the handshake",
}
#: A peer that fails tries again every second; one line in this many seconds is enough.
_SILENCE = 30.0

_lock = threading.Lock()
_watchers: dict[int, "_Watcher"] = {}


def watch(socket: "zmq.Socket[bytes]", name: str) -> None:
    """Has the handshake failures of a socket logged at WARNING, under a name, until it is closed."""
    monitor = socket.get_monitor_socket(_EVENTS | zmq.EVENT_MONITOR_STOPPED)
    monitor.setsockopt(zmq.LINGER, 0)
    with _lock:
        watcher = _watchers.get(os.getpid())
        if watcher is None:
            watcher = _watchers[os.getpid()] = _Watcher()
            watcher.start()
    watcher.added.append((monitor, name))


class _Watcher(threading.Thread):
    """Polls the monitors; sockets to be watched arrive through `added`, for a socket belongs to one thread."""

    def __init__(self) -> None:
        super().__init__(name="bus-monitor", daemon=True)
        self.added: deque[tuple[zmq.Socket[bytes], str]] = deque()
        self._names: dict[zmq.Socket[bytes], str] = {}
        self._last: dict[tuple[str, int, str], float] = {}

    def run(self) -> None:
        poller = zmq.Poller()
        while True:
            while self.added:
                monitor, name = self.added.popleft()
                self._names[monitor] = name
                poller.register(monitor, zmq.POLLIN)
            if not self._names:
                time.sleep(1)
                continue
            for monitor, _ in poller.poll(1000):
                if self._read(monitor):
                    poller.unregister(monitor)
                    del self._names[monitor]
                    monitor.close()

    def _read(self, monitor: "zmq.Socket[bytes]") -> bool:
        """Reads one event; true when it was the last."""
        event = recv_monitor_message(monitor)
        kind, endpoint = int(event["event"]), event["endpoint"].decode("ascii", "replace")
        if kind == zmq.EVENT_MONITOR_STOPPED:
            return True
        seen = (self._names[monitor], kind, endpoint)
        now = time.monotonic()
        if now - self._last.get(seen, -_SILENCE) >= _SILENCE:
            self._last[seen] = now
            structlog.get_logger("siglab.bus").warning(
                "bus handshake failed",
                socket=seen[0],
                endpoint=endpoint,
                reason=_REASONS[kind],
                value=int(event["value"]),
            )
        return False
