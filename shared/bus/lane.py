"""A lane: one thread of a service with its own connection to the broker, which takes one request at a time.

That every thread has a connection spares each request two hand-overs between threads, which under the interpreter's lock
cost more than the sockets do. Whether the process lives is told by `shared.bus.worker` for all lanes together; a lane
says only that it is still registered, for the broker may have been restarted.
"""

import json
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import structlog
import zmq

from shared.bus.messages import BusRequest, decode_request, encode_response_header
from shared.bus.monitor import watch
from shared.bus.protocol import NO_ID, PART_SIZE, Control, Kind, ProtocolError, Status, check_frames
from shared.bus.sockets import open_dealer
from shared.bus.wsgi import WsgiApp, WsgiCall, make_environ

#: Milliseconds after which a waiting lane looks around; the broker's heartbeats come as often.
_LOOK_ROUND = 500
#: Seconds between two heartbeats of an idle lane.
_HEARTBEAT = 1.0
#: Seconds without a word from the broker after which the connection is made anew.
_LIVENESS = 3.0
#: Seconds after which a stream that trickles is sent on although no piece is full.
_FLUSH = 0.1
#: Seconds that a lane waits for the broker to confirm its good-bye.
_LEAVE = 1.0
#: A request on this path is answered by the lane itself: it says that a thread of the service is free.
PING_PATH = "/.bus/ping"
_PROBLEM = json.dumps(
    {"type": "about:blank", "title": "Internal Server Error", "status": 500, "code": "internal"}
).encode()
_PROBLEM_HEADERS = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(_PROBLEM)))]


class StreamEnded(Exception):
    """The client does not want the rest of a response, or has not taken any of it for the time it allowed."""


class Lane(threading.Thread):
    """Answers requests until `stopping` is set, then says good-bye and ends."""

    def __init__(
        self,
        app: WsgiApp,
        service: str,
        backend: str,
        keys_dir: Path,
        process_id: bytes,
        number: int,
        stopping: threading.Event,
    ) -> None:
        super().__init__(name=f"{service}-{number}", daemon=True)
        self._app, self._service = app, service
        self._backend, self._keys_dir = backend, keys_dir
        self._process_id, self._stopping = process_id, stopping
        self._log = structlog.get_logger("siglab.bus")
        self._socket: zmq.Socket[bytes]
        self._last_heard = 0.0
        self._last_spoken = 0.0
        self._reset = False
        self._window = 0

    def run(self) -> None:
        while not self._stopping.is_set():
            self._socket = open_dealer(self._backend, self._keys_dir, f"service-{self._service}", linger=1000)
            self._socket.setsockopt(zmq.RCVTIMEO, _LOOK_ROUND)
            watch(self._socket, f"service-{self._service} at the bus backend")
            try:
                self._serve_connection()
            finally:
                self._socket.close()

    # -- the connection -----------------------------------------------------------------------------------------------

    def _serve_connection(self) -> None:
        """Serves on one connection; returns when it is of no more use, or all is done.

        After a RESET the next registration needs a new connection: on the old one, further RESETs may be under way,
        and would be taken to mean the new registration.
        """
        self._reset = False
        self._last_heard = time.monotonic()
        registered = self._say_ready()
        while not self._stopping.is_set():
            frames = self._receive()
            now = time.monotonic()
            if frames is not None:
                self._last_heard = now
                self._take(frames)
            if self._reset or now - self._last_heard > _LIVENESS:
                # After a restart of the broker all lanes of all services would otherwise register in the same instant.
                self._stopping.wait(random.uniform(0, 0.1))
                return
            if now - self._last_spoken >= _HEARTBEAT:
                if registered:
                    self._send(Control(Kind.HB, self._process_id, credits=1))
                else:
                    registered = self._say_ready()
        self._leave()

    def _say_ready(self) -> bool:
        return self._send(Control(Kind.READY, self._process_id, self._service, credits=1))

    def _leave(self) -> None:
        """Says good-bye and takes what crossed it on the way."""
        if not self._send(Control(Kind.BYE)):
            return
        end = time.monotonic() + _LEAVE
        while time.monotonic() < end:
            frames = self._receive()
            if self._reset or (frames is not None and self._take(frames) is Kind.BYE):
                return

    def _take(self, frames: list[bytes]) -> Kind | None:
        """Does what a message of the broker asks, and returns its kind."""
        try:
            control = check_frames(frames)
        except ProtocolError as error:
            self._log.warning("malformed message from the broker", error=str(error))
            return None
        if control.kind is Kind.REQ:
            self._answer(control, frames)
            self._last_heard = time.monotonic()
        elif control.kind is Kind.RESET and control.id == NO_ID:
            self._reset = True
        return control.kind

    def _receive(self, flags: int = 0) -> list[bytes] | None:
        try:
            return self._socket.recv_multipart(flags)
        except zmq.Again:
            return None

    def _send(self, control: Control, header: bytes = b"", body: bytes = b"") -> bool:
        """Sends; false when there is no broker to send to."""
        self._last_spoken = time.monotonic()
        try:
            self._socket.send_multipart([control.encode(), header, body])
        except zmq.Again:
            return False
        return True

    # -- a request ----------------------------------------------------------------------------------------------------

    def _answer(self, control: Control, frames: list[bytes]) -> None:
        deadline = time.monotonic() + control.deadline_ms / 1000
        if not control.deadline_ms:
            self._send(Control(Kind.FIN, control.id, status=Status.EXPIRED))
            return
        try:
            request = decode_request(frames[1], frames[2])
        except ProtocolError as error:
            self._log.warning("malformed request", error=str(error))
            self._send(Control(Kind.FIN, control.id, status=Status.BROKEN))
            return
        if request.path == PING_PATH:
            self._send(Control(Kind.FIN, control.id), encode_response_header(204, []))
            return
        self._window = control.credits
        try:
            call = WsgiCall(self._app, make_environ(request, self._service, deadline))
        except Exception:  # noqa: BLE001 - whatever the application raises is answered, and logged with its trace
            self._answer_failure(control.id, request, started=False)
            return
        try:
            self._send_response(control, call)
        except StreamEnded as reason:
            self._log.info("response not finished", path=request.path, reason=str(reason))
            self._send(Control(Kind.FIN, control.id, status=Status.BROKEN))
        except Exception:  # noqa: BLE001 - as above
            self._answer_failure(control.id, request, started=call.sent)
        finally:
            call.close()

    def _answer_failure(self, id_: bytes, request: BusRequest, *, started: bool) -> None:
        """Says that the application failed; once a part has left, the response can only be broken off."""
        self._log.exception("the application raised", service=self._service, path=request.path)
        if started:
            self._send(Control(Kind.FIN, id_, status=Status.BROKEN))
        else:
            self._send(Control(Kind.FIN, id_), encode_response_header(500, _PROBLEM_HEADERS), _PROBLEM)

    def _send_response(self, control: Control, call: WsgiCall) -> None:
        for piece, last in cut_into_parts(call):
            header = b"" if call.sent else encode_response_header(call.status, call.headers)
            if last:
                self._send(Control(Kind.FIN, control.id), header, piece)
                return
            self._await_window(control)
            call.sent = True
            self._window -= 1
            if not self._send(Control(Kind.PART, control.id), header, piece):
                raise StreamEnded("the broker is gone")

    def _await_window(self, control: Control) -> None:
        """Waits until the client takes one more part; raises StreamEnded when it does not want or does not take it."""
        end = time.monotonic() + control.deadline_ms / 1000
        while True:
            frames = self._receive(zmq.NOBLOCK if self._window else 0)
            now = time.monotonic()
            if frames is None:
                if self._window:
                    return
                if now >= end:
                    raise StreamEnded("the client has stopped reading")
                if now - self._last_heard > _LIVENESS:
                    raise StreamEnded("the broker is silent")
                continue
            self._last_heard = now
            news = check_frames(frames)
            if news.kind is Kind.PART and news.id == control.id:
                self._window += news.credits
            elif news.kind is Kind.RESET and news.id == control.id:
                raise StreamEnded("the client does not want the rest")
            elif news.kind is Kind.RESET and news.id == NO_ID:
                self._reset = True
                raise StreamEnded("the broker has given this lane up")


def cut_into_parts(
    chunks: Iterable[bytes], clock: Callable[[], float] = time.monotonic
) -> Iterator[tuple[bytes, bool]]:
    """Pieces of at most PART_SIZE, each with whether it is the last; small chunks are joined unless they come slowly."""
    pending: list[bytes] = []
    size, last = 0, clock()
    for chunk in chunks:
        if pending and (size + len(chunk) > PART_SIZE or clock() - last > _FLUSH):
            yield b"".join(pending), False
            pending, size, last = [], 0, clock()
        if len(chunk) > PART_SIZE:
            whole = (len(chunk) - 1) // PART_SIZE * PART_SIZE
            for offset in range(0, whole, PART_SIZE):
                yield chunk[offset : offset + PART_SIZE], False
            chunk, last = chunk[whole:], clock()
        pending.append(chunk)
        size += len(chunk)
    yield pending[0] if len(pending) == 1 else b"".join(pending), True
