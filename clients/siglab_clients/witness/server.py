"""The witness over HTTP (C2SP tlog-witness): `POST .../add-checkpoint`, and a page at `/` that says who this is."""

import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from siglab_clients.tlog.cosignatures import cosign
from siglab_clients.tlog.notes import VerifierKey
from siglab_clients.verify.given import moment
from siglab_clients.witness.add_checkpoint import (
    MAX_REQUEST_BYTES,
    Refused,
    check_growth,
    open_request,
    parse_request,
)
from siglab_clients.witness.keys import WitnessSigner
from siglab_clients.witness.states import StateLost, States

#: Connections that are served at once; more are closed at once, so that they do not take the memory.
_MOST_CONNECTIONS = 64
_SECONDS_OF_SILENCE = 20.0


class Witness:
    """Cosigns what only grows; safe to call from many threads."""

    def __init__(
        self,
        signer: WitnessSigner,
        logs: Mapping[str, VerifierKey],
        states: States,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.signer, self.logs, self.states = signer, dict(logs), states
        self._now = now

    def add_checkpoint(self, body: bytes) -> str:
        """The cosignature line that answers a request; raises Refused, StateLost."""
        request = parse_request(body)
        head = open_request(request, self.logs)
        with self.states.turn(head.origin):
            check_growth(request, head, self.states.read(head.origin))
            line = cosign(request.text, self.signer.name, self.signer.key, int(self._now()))
            self.states.write(head.origin, head, request.note)
        return line

    def about(self) -> str:
        """Who this is and what it has seen, for people."""
        lines = [f"Witness {self.signer.name} (C2SP tlog-witness)", f"key {self.signer.public}", ""]
        for origin in self.logs:
            known = self.states.read(origin)
            lines.append(f"log {origin}: " + (f"{known.size} entries" if known else "nothing cosigned yet"))
        return "\n".join(lines) + "\n"


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness."""

    daemon_threads = True
    request_queue_size = 32

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        self.witness = witness
        self._room = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Binds without asking the name service who this host is."""
        socket_server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Takes a connection where there is room."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serves a connection, and makes room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is one line, not a stack trace."""
        print(f"{client_address[0]}: {sys.exc_info()[1]}", file=sys.stderr, flush=True)


def socket_server_bind(server: ThreadingHTTPServer) -> None:
    """What http.server does on binding, but for the look-up of the host's name, which may hang."""
    from socketserver import TCPServer

    TCPServer.server_bind(server)
    server.server_name, server.server_port = server.server_address[0], server.server_address[1]  # type: ignore[assignment]


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"
    server_version = "siglab-witness"
    sys_version = ""
    timeout = _SECONDS_OF_SILENCE

    def do_GET(self) -> None:
        """Who this is."""
        if self.path != "/":
            self._answer(404, "There is nothing here; checkpoints go to POST /add-checkpoint.\n")
            return
        try:
            self._answer(200, self.server.witness.about())
        except StateLost as error:
            self._answer(500, f"{error}\n")

    def do_POST(self) -> None:
        """Cosigns a checkpoint."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or "Transfer-Encoding" in self.headers:
            self._answer(411, "The request must say how long it is.\n", close=True)
            return
        if int(length) > MAX_REQUEST_BYTES:
            self._answer(413, f"The request is longer than {MAX_REQUEST_BYTES} bytes.\n", close=True)
            return
        body = self.rfile.read(int(length))
        if self.path.rsplit("/", 1)[-1] != "add-checkpoint":
            self._answer(404, "Checkpoints go to /add-checkpoint.\n")
            return
        try:
            self._answer(200, self.server.witness.add_checkpoint(body))
        except Refused as refused:
            self._answer(refused.status, refused.body, refused.content_type, note=str(refused))
        except StateLost as error:
            self._answer(
                500, "The witness cannot remember checkpoints now, so it signs none.\n", note=str(error)
            )

    def _answer(
        self,
        status: int,
        text: str,
        content_type: str = "text/plain; charset=utf-8",
        *,
        note: str = "",
        close: bool = False,
    ) -> None:
        raw = text.encode()
        self._note = note
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(raw)))
        self.send_header("X-Content-Type-Options", "nosniff")
        if close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(raw)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One line for each answer."""
        status = code.value if hasattr(code, "value") else code
        line = f"{moment(int(time.time()))} {self.client_address[0]} {self.command} {self.path!r} {status} {self._note}"
        print(line.rstrip(), file=sys.stderr, flush=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Other words of the standard library's server."""
        print(f"{self.client_address[0]} {format % args!r}", file=sys.stderr, flush=True)

    _note = ""
