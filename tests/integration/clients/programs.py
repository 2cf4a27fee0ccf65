"""Runs the clients' commands as their users do."""

import contextlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMAND = [sys.executable, "-c", "import sys; from siglab_clients.verify.cli import main; sys.exit(main())"]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """`siglab-verify` with these arguments, to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
    )


@dataclass
class RunningWitness:
    """A witness that listens; `stop` ends it as its operator would, `kill` as a power cut would."""

    process: subprocess.Popen[str]
    port: int
    key: str
    said: list[str] = field(default_factory=list)

    def post(self, body: bytes, path: str = "/add-checkpoint") -> tuple[int, str, str]:
        """(status, content type, body) of an answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", path, body)
            answer = connection.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
        finally:
            connection.close()


@contextlib.contextmanager
def witness(folder: Path, log: str) -> Iterator[RunningWitness]:
    """A running witness that keeps key and memory in `folder`."""
    secret = folder / "witness.key"
    if not secret.exists():
        folder.mkdir(parents=True, exist_ok=True)
        assert run("keygen", "--name", "office.example/w1", "--out", secret).returncode == 0
    command = [*COMMAND, "witness", "--key-file", str(secret), "--log", log, "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        [*command, "--state", str(folder / "state")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if found := re.fullmatch(r"listening at 127\.0\.0\.1:(\d+)\n", line):
            break
    else:
        raise AssertionError(f"the witness did not start: {said}")
    try:
        key = (folder / "witness.key.vkey").read_text()
        yield RunningWitness(process, int(found[1]), key, said)
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


class _Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which a folder is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
