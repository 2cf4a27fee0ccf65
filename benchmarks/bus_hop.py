"""What one hop to a service costs: over the bus, and over an HTTP proxy that keeps its connections alive.

    python -m benchmarks.bus_hop [--rounds 6] [--seconds 4] [--connections 8] [--write]

Both sides run the same Flask application behind the same kind of gateway (gunicorn, gthread, one worker, four threads).
Ours is a bare WSGI application that asks through the broker, with CURVE on every connection; the peer one that asks
with a `requests` session per thread, the service then being served by gunicorn too. The two run in turns, so that what
else the machine does falls on both; the figures are medians over the rounds, and only their ratio means anything.
"""

import argparse
import contextlib
import json
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.http_answers import is_whole
from benchmarks.keep import ROOT, keep
from deploy.local.ports import free_ports

PEER = "HTTP proxy (gunicorn, requests keep-alive session)"
BODY = json.dumps(
    {"exhibit": "S26-000123", "seal_number": "TH-2026-00071", "gross_mass": "12.430 g"}
).encode()
THREADS = 4
GOAL_RPS = 1.5
GOAL_P95 = 1.0
StartResponse = Callable[[str, list[tuple[str, str]]], object]


# -- the applications ------------------------------------------------------------------------------------------------------


def make_service() -> Any:
    """The service: answers with the JSON that it was sent."""
    from flask import Flask, Response, jsonify, request

    app = Flask("bench")

    @app.post("/echo")
    def echo() -> Response:
        return jsonify(request.get_json())

    return app


def serve_on_bus() -> None:
    """Runs the service on the bus."""
    from shared.bus.worker import serve
    from shared.config import load_settings

    serve(make_service(), "intake", load_settings(), THREADS)


def make_bus_gateway() -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """A gateway that asks over the bus."""
    from shared.bus.client import BusClient, BusRequest
    from shared.config import load_settings

    settings = load_settings()
    client = BusClient(settings.bus_frontend, settings.keys_dir, "gateway")

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        headers = [("content-type", environ["CONTENT_TYPE"]), ("accept", environ["HTTP_ACCEPT"])]
        answer = client.request(
            "intake",
            BusRequest(
                environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], headers, body
            ),
            deadline=10,
        )
        start_response(f"{answer.status} OK", answer.headers)
        return [answer.body]

    return application


def make_http_gateway() -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """A gateway that asks over HTTP, with one session for each of its threads."""
    import requests

    upstream = os.environ["BENCH_UPSTREAM"]
    local = threading.local()

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        session = getattr(local, "session", None)
        if session is None:
            session = local.session = requests.Session()
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        headers = {"content-type": environ["CONTENT_TYPE"], "accept": environ["HTTP_ACCEPT"]}
        answer = session.request(
            environ["REQUEST_METHOD"], upstream + environ["PATH_INFO"], headers=headers, data=body, timeout=10
        )
        kept = [
            ("Content-Type", answer.headers["Content-Type"]),
            ("Content-Length", str(len(answer.content))),
        ]
        start_response(f"{answer.status_code} OK", kept)
        return [answer.content]

    return application


# -- the load ----------------------------------------------------------------------------------------------------------------


@dataclass
class Load:
    """What one run saw: the time of each answered request in seconds, and the run's length."""

    seconds: float
    times: list[float] = field(default_factory=list)

    @property
    def rps(self) -> float:
        """Answered requests a second."""
        return len(self.times) / self.seconds

    def percentile(self, share: float) -> float:
        """A quantile of the times, in milliseconds."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def drive(port: int, connections: int, seconds: float) -> Load:
    """Keeps as many connections busy, each with one request at a time; raises RuntimeError for any answer but 200."""
    message = (
        b"POST /echo HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
    )
    selector = selectors.DefaultSelector()
    started: dict[socket.socket, float] = {}
    received: dict[socket.socket, bytes] = {}
    for _ in range(connections):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ)
        received[connection] = b""
        started[connection] = time.perf_counter()
        connection.sendall(message)
    begin = time.perf_counter()
    end = begin + seconds
    load = Load(seconds)
    while (now := time.perf_counter()) < end:
        for key, _ in selector.select(end - now):
            connection = key.fileobj  # type: ignore[assignment]
            data = received[connection] + connection.recv(65536)
            if not is_whole(data, 200):
                received[connection] = data
                continue
            now = time.perf_counter()
            load.times.append(now - started[connection])
            received[connection] = b""
            started[connection] = now
            connection.sendall(message)
    load.seconds = time.perf_counter() - begin
    for connection in started:
        connection.close()
    return load


# -- the processes -----------------------------------------------------------------------------------------------------------


def make_bus_keys(keys_dir: Path) -> None:
    """The CURVE keys that the benchmark's processes need."""
    from shared.bus.curve import make_curve_keypair

    (keys_dir / "bus").mkdir(parents=True)
    for party in ("broker", "gateway", "service-intake"):
        public, secret = make_curve_keypair()
        (keys_dir / "bus" / f"{party}.pub").write_bytes(public)
        (keys_dir / "bus" / f"{party}.key").write_bytes(secret)


def gunicorn(factory: str, port: int) -> list[str]:
    """The command of a gunicorn that is the same on both sides."""
    return [
        *(sys.executable, "-m", "gunicorn", f"benchmarks.bus_hop:{factory}()", "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--workers", "1", "--threads", str(THREADS), "--keep-alive", "30"),
        *("--no-control-socket", "--log-level", "warning"),
    ]


@contextlib.contextmanager
def running(commands: list[list[str]], environment: dict[str, str]) -> Iterator[None]:
    """Runs programs for as long as the block lasts."""
    programs = [subprocess.Popen(command, cwd=ROOT, env=environment) for command in commands]
    try:
        yield
    finally:
        for program in reversed(programs):
            program.terminate()
            program.wait(10)


def wait_until_answering(port: int) -> None:
    """Returns when a request through the port is answered with 200; raises RuntimeError after half a minute."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(OSError, RuntimeError):
            if drive(port, 1, 0.2).times:
                return
        time.sleep(0.1)
    raise RuntimeError("the programs under test did not come up")


def measure(rounds: int, seconds: float, connections: int) -> tuple[list[Load], list[Load]]:
    """Runs both in turns, each going first every other time; (ours, peer)."""
    bus_port, http_port, upstream, frontend, backend = free_ports(5)
    ours: list[Load] = []
    peer: list[Load] = []
    with tempfile.TemporaryDirectory() as folder:
        make_bus_keys(Path(folder) / "keys")
        environment = os.environ | {
            "SIGLAB_DATA_DIR": folder,
            "SIGLAB_BUS_FRONTEND": f"tcp://127.0.0.1:{frontend}",
            "SIGLAB_BUS_BACKEND": f"tcp://127.0.0.1:{backend}",
            "SIGLAB_LOG_LEVEL": "WARNING",
            "BENCH_UPSTREAM": f"http://127.0.0.1:{upstream}",
        }
        commands = [
            [sys.executable, "-m", "gateway.broker"],
            [sys.executable, "-c", "from benchmarks.bus_hop import serve_on_bus; serve_on_bus()"],
            gunicorn("make_bus_gateway", bus_port),
            gunicorn("make_service", upstream),
            gunicorn("make_http_gateway", http_port),
        ]
        with running(commands, environment):
            turns = [(bus_port, ours), (http_port, peer)]
            for port, _ in turns:
                wait_until_answering(port)
                drive(port, connections, 1.0)
            for number in range(rounds):
                for port, loads in turns if number % 2 == 0 else reversed(turns):
                    loads.append(drive(port, connections, seconds))
    return ours, peer


def summary(loads: list[Load]) -> dict[str, float]:
    """Medians over the rounds: requests a second, p50 and p95 in milliseconds."""
    return {
        "rps": statistics.median(load.rps for load in loads),
        "p50": statistics.median(load.percentile(0.50) for load in loads),
        "p95": statistics.median(load.percentile(0.95) for load in loads),
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures a hop over the bus against one over HTTP.")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--write", action="store_true", help="keep the figures in benchmarks/results/")
    options = parser.parse_args()
    ours, peer = measure(options.rounds, options.seconds, options.connections)
    for number, (a, b) in enumerate(zip(ours, peer, strict=True), 1):
        print(f"round {number}: bus {a.rps:6.0f}/s  http {b.rps:6.0f}/s  ratio {a.rps / b.rps:.2f}")
    a_sum, b_sum = summary(ours), summary(peer)
    print(f"bus   {a_sum['rps']:.0f}/s  p50 {a_sum['p50']:.2f} ms  p95 {a_sum['p95']:.2f} ms")
    print(f"http  {b_sum['rps']:.0f}/s  p50 {b_sum['p50']:.2f} ms  p95 {b_sum['p95']:.2f} ms")
    print(f"ratio {a_sum['rps'] / b_sum['rps']:.2f}, p95 ratio {a_sum['p95'] / b_sum['p95']:.2f}")
    if options.write:
        what = f"small JSON POST through a gateway to a service, {options.connections} connections"
        for name, unit, key, better, goal in (
            ("bus_hop_rps", "requests/s", "rps", "higher", GOAL_RPS),
            ("bus_hop_p95", "ms", "p95", "lower", GOAL_P95),
        ):
            keep(name, what, unit, a_sum[key], better=better, goal=goal, peer=b_sum[key], peer_name=PEER)


if __name__ == "__main__":
    main()
