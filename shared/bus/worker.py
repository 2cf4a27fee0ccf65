"""The serving side of the bus: a process with as many lanes as threads, which calls a WSGI application.

The thread that calls `serve` tells the broker once a second that the process lives. That proves that Python code still
runs, also while all lanes are busy; that a connection is gone the broker sees by itself.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

import structlog
import zmq

from shared.bus.lane import Lane
from shared.bus.monitor import watch
from shared.bus.protocol import Control, Kind
from shared.bus.sockets import open_dealer
from shared.bus.wsgi import WsgiApp
from shared.config import Settings

_HEARTBEAT = 1.0
#: Seconds that requests under way have to end after SIGTERM.
DRAIN = 30.0


class Worker:
    """One serving process; `run` blocks until `stop` was called and all requests under way have ended."""

    def __init__(self, app: WsgiApp, service: str, backend: str, keys_dir: Path, threads: int) -> None:
        self._service, self._backend, self._keys_dir = service, backend, keys_dir
        self._id = os.urandom(16)
        self._stopping = threading.Event()
        self._lanes = [
            Lane(app, service, backend, keys_dir, self._id, number, self._stopping)
            for number in range(threads)
        ]
        self._log = structlog.get_logger("siglab.bus")

    def stop(self) -> None:
        """Takes no more requests; `run` returns when those under way have ended."""
        self._stopping.set()

    def run(self) -> bool:
        """Serves until stopped; false when a lane died, or requests under way did not end in time."""
        socket = open_dealer(self._backend, self._keys_dir, f"service-{self._service}")
        socket.setsockopt(zmq.SNDTIMEO, 0)
        watch(socket, f"service-{self._service} at the bus backend")
        heartbeat = [Control(Kind.HB, self._id).encode(), b"", b""]
        for lane in self._lanes:
            lane.start()
        self._log.info("serving", service=self._service, threads=len(self._lanes))
        try:
            healthy = self._watch_lanes(socket, heartbeat)
            self._drain(socket, heartbeat)
        finally:
            socket.close()
        left = sum(lane.is_alive() for lane in self._lanes)
        if left:
            self._log.error("requests under way did not end in time", service=self._service, requests=left)
        return healthy and not left

    def _watch_lanes(self, socket: "zmq.Socket[bytes]", heartbeat: list[bytes]) -> bool:
        """Sends heartbeats until the worker is stopped; false, and stopped, when a lane has died."""
        while not self._stopping.wait(_HEARTBEAT):
            if not all(lane.is_alive() for lane in self._lanes):
                self._log.critical("a lane has died; the process ends", service=self._service)
                self._stopping.set()
                return False
            self._beat(socket, heartbeat)
        return True

    def _drain(self, socket: "zmq.Socket[bytes]", heartbeat: list[bytes]) -> None:
        """Sends heartbeats while requests under way come to their end."""
        end = time.monotonic() + DRAIN
        for lane in self._lanes:
            while lane.is_alive() and time.monotonic() < end:
                self._beat(socket, heartbeat)
                lane.join(_HEARTBEAT)

    def _beat(self, socket: "zmq.Socket[bytes]", heartbeat: list[bytes]) -> None:
        try:
            socket.send_multipart(heartbeat)
        except zmq.Again:
            self._log.debug("no broker to send a heartbeat to", service=self._service)


def serve(app: WsgiApp, service: str, settings: Settings, threads: int) -> None:
    """Serves an application on the bus until SIGTERM or SIGINT, then ends what is under way and returns.

    Raises SystemExit(1) when it had to give up, so that a supervisor starts the process anew.
    """
    worker = Worker(app, service, settings.bus_backend, settings.keys_dir, threads)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        worker.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if not worker.run():
        sys.exit(1)
