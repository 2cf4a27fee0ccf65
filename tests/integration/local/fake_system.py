"""Runs the real launcher with a real database and small programs in place of the services: `python -m ...fake_system`."""

import os
import sys

from deploy.local.launcher import run
from deploy.local.programs import Program, System

_SLEEPER = "import time\nwhile True: time.sleep(60)"
#: Ignores the wish to stop, as a program that hangs does.
_STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{_SLEEPER}"
_DOOR = """
import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"status": "ok"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("127.0.0.1", int(os.environ["SIGLAB_HTTP_PORT"])), Health).serve_forever()
"""
_BROKEN = "print('the shelf is empty'); raise SystemExit(3)"


def fake_system() -> System:
    """A broker and a service that sleep, one service that does not heed SIGTERM, and a door that says it is healthy."""
    python = [sys.executable, "-c"]
    programs = [
        Program("broker", "bus", [*python, _SLEEPER], needs_database=False),
        Program("intake", "services", [*python, _SLEEPER]),
        Program("stubborn", "services", [*python, _STUBBORN], stop_within=1),
        Program("gateway", "door", [*python, _DOOR]),
    ]
    if os.environ.get("FAKE_BROKEN"):
        programs.append(Program("broken", "services", [*python, _BROKEN]))
    return System(
        programs,
        migrate_module="tests.integration.local.fake_step",
        seed_module="tests.integration.local.fake_step",
    )


if __name__ == "__main__":
    sys.exit(run(os.environ.get("FAKE_STORE", "directory"), fake_system(), tethered=False))
