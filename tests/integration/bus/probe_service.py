"""A service for tests, run as a process of its own: `python -m tests.integration.bus.probe_service SERVICE THREADS`.

Where a test must know that something has happened, the service writes a marker file: its path comes in the query.
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from flask import Flask, Response, request

from shared.bus.worker import serve
from shared.config import load_settings
from shared.observability.logging import configure_logging


def make_app() -> Flask:
    """What the tests ask for."""
    app = Flask("probe")

    @app.route("/echo", methods=["GET", "POST"])
    def echo() -> bytes:
        return request.get_data()

    @app.get("/pid")
    def pid() -> str:
        return str(os.getpid())

    @app.get("/deadline")
    def deadline() -> str:
        return str(request.environ["siglab.deadline"] - time.monotonic())

    @app.route("/hold", methods=["GET", "POST"])
    def hold() -> str:
        """Marks `begun`, then works until `until` exists."""
        with Path(request.args["begun"]).open("a") as marker:
            marker.write(f"{os.getpid()}\n")
        while not Path(request.args["until"]).exists():
            time.sleep(0.01)
        return "held"

    @app.get("/bytes")
    def some_bytes() -> bytes:
        return b"x" * int(request.args["size"])

    @app.get("/stream")
    def stream() -> Response:
        """Yields megabytes and marks in `log` how far it came; `fail` breaks it off after that many."""
        path, count, broken = (
            Path(request.args["log"]),
            int(request.args["count"]),
            int(request.args.get("fail", -1)),
        )

        def pieces() -> Iterator[bytes]:
            with path.open("a") as log:
                try:
                    for number in range(count):
                        log.write(".")
                        log.flush()
                        if number == broken:
                            raise OSError("the disk is gone")
                        yield bytes([number % 256]) * 1_000_000
                finally:
                    log.write("closed")

        return Response(pieces())

    @app.get("/fail")
    def fail() -> str:
        raise OSError("the disk is gone")

    return app


if __name__ == "__main__":
    configure_logging("INFO", f"service-{sys.argv[1]}")
    probe = make_app()
    probe.config["PROPAGATE_EXCEPTIONS"] = "--propagate" in sys.argv
    serve(probe, sys.argv[1], load_settings(), int(sys.argv[2]))
