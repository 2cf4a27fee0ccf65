"""A client's connection to the broker: one DEALER, used by one request at a time."""

import os
import time
from pathlib import Path

import structlog
import zmq

from shared.bus.monitor import watch
from shared.bus.protocol import Control, Kind, ProtocolError, check_frames
from shared.bus.sockets import SEND_TIMEOUT, open_dealer
from shared.errors import Deadline

#: Milliseconds of waiting after which the broker is asked whether it still knows the request.
_PROBE = 500


class NotConnected(Exception):
    """There is no broker; nothing was sent."""


class BrokerLost(Exception):
    """The broker went away after the request was sent to it."""


class Connection:
    """Sends requests and receives what comes back for them."""

    def __init__(self, frontend: str, keys_dir: Path, party: str) -> None:
        self.pid = os.getpid()
        self._socket = open_dealer(frontend, keys_dir, party)
        self._timeout = _PROBE
        self._socket.setsockopt(zmq.RCVTIMEO, _PROBE)
        watch(self._socket, f"{party} at the bus frontend")

    def send(self, control: Control, header: bytes, body: bytes, *, until: float) -> None:
        """Sends a message; waits for a broker at least the socket's send timeout, and until `until` (monotonic)."""
        frames = [control.encode(), header, body]
        while True:
            try:
                self._socket.send_multipart(frames)
            except zmq.Again as error:
                if time.monotonic() + SEND_TIMEOUT / 1000 > until:
                    raise NotConnected from error
            else:
                return

    def receive(self, id_: bytes, end: float) -> tuple[Control, bytes, bytes]:
        """The next message for a request; raises Deadline at `end` (monotonic), BrokerLost if it will never come."""
        while True:
            remaining = end - time.monotonic()
            if remaining <= 0:
                raise Deadline("The time allowed for the request ran out.")
            self._set_timeout(min(_PROBE, int(remaining * 1000) + 1))
            try:
                frames = self._socket.recv_multipart()
            except zmq.Again:
                if not self.tell(Control(Kind.HB, id_)):
                    raise BrokerLost from None
                continue
            try:
                control = check_frames(frames)
            except ProtocolError as error:
                structlog.get_logger("siglab.bus").warning(
                    "malformed message from the broker", error=str(error)
                )
                continue
            if control.id == id_ and (control.kind is Kind.FIN or control.kind is Kind.PART):
                return control, frames[1], frames[2]

    def tell(self, control: Control) -> bool:
        """Sends a message that waits for nothing; false when there is no broker."""
        try:
            self._socket.send_multipart([control.encode(), b"", b""], zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()

    def _set_timeout(self, milliseconds: int) -> None:
        if milliseconds != self._timeout:
            self._timeout = milliseconds
            self._socket.setsockopt(zmq.RCVTIMEO, milliseconds)
