"""A bus in processes of its own: real keys, real sockets, a broker and workers that can be killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from shared.bus.client import BusClient
from shared.bus.curve import make_curve_keypair
from shared.bus.messages import BusRequest
from shared.config import Settings, load_settings

ROOT = Path(__file__).resolve().parents[3]
PARTIES = ("broker", "gateway", "service-intake", "service-classifier")


def make_keys(keys_dir: Path, *parties: str) -> None:
    """CURVE keys for these parties."""
    (keys_dir / "bus").mkdir(parents=True, exist_ok=True)
    for party in parties:
        public, secret = make_curve_keypair()
        (keys_dir / "bus" / f"{party}.pub").write_bytes(public + b"\n")
        (keys_dir / "bus" / f"{party}.key").write_bytes(secret + b"\n")


def wait_until(true: Callable[[], object], seconds: float = 15.0) -> None:
    """Waits for a condition; fails the test when it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.02)


def free_address() -> str:
    """A TCP address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


class Program:
    """A process of the bus, with what it has logged."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("a") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def logged(self) -> str:
        """Everything it has written."""
        return self._log.read_text()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait(10)

    def send(self, number: signal.Signals) -> None:
        """Sends a signal."""
        self.process.send_signal(number)

    def stop(self) -> int:
        """Ends it in the orderly way; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        return self.ended()

    def ended(self) -> int:
        """The exit code once it has ended by itself, or upon a signal that was sent before."""
        return self.process.wait(40)


class House:
    """Starts the programs of one bus and ends them all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "SIGLAB_DATA_DIR": str(folder),
            "SIGLAB_BUS_FRONTEND": free_address(),
            "SIGLAB_BUS_BACKEND": free_address(),
        }
        self.settings: Settings = load_settings(self.environment)
        make_keys(self.settings.keys_dir, *PARTIES)
        self.programs: list[Program] = []
        self.clients: list[BusClient] = []

    def start_broker(self) -> Program:
        """A broker; returns when it has said that it is ready."""
        broker = self._start([sys.executable, "-m", "gateway.broker"], "broker")
        wait_until(lambda: "broker ready" in broker.logged())
        return broker

    def start_worker(
        self,
        service: str = "intake",
        threads: int = 4,
        *options: str,
        keys_dir: Path | None = None,
        wait: bool = True,
    ) -> Program:
        """A serving process; returns when its lanes are registered, unless `wait` is false."""
        before = self.credits(service) if wait else 0
        environment = {"SIGLAB_KEYS_DIR": str(keys_dir)} if keys_dir is not None else {}
        command = [
            sys.executable,
            "-m",
            "tests.integration.bus.probe_service",
            service,
            str(threads),
            *options,
        ]
        worker = self._start(command, f"{service}-{len(self.programs)}", environment)
        if wait:
            wait_until(lambda: self.credits(service) >= before + threads)
        return worker

    def client(self, party: str = "gateway") -> BusClient:
        """A client in this process."""
        client = BusClient(self.settings.bus_frontend, self.settings.keys_dir, party)
        self.clients.append(client)
        return client

    def broker_says(self, path: str) -> str:
        """What the broker tells of itself, over a connection of its own: it is asked again and again, also after a restart."""
        client = BusClient(self.settings.bus_frontend, self.settings.keys_dir, "gateway")
        try:
            return client.request("broker", BusRequest("GET", path), deadline=10).body.decode()
        finally:
            client.close()

    def metric(self, line: str) -> int:
        """The value of one line of the broker's metrics; 0 when it is not there."""
        lines = dict(text.rsplit(" ", 1) for text in self.broker_says("/metrics").splitlines())
        return int(lines.get(line, 0))

    def credits(self, service: str) -> int:
        """Requests that a service could take now."""
        return self.metric(f'siglab_bus_credits{{service="{service}"}}')

    def close(self) -> None:
        """Ends everything, and fails the test if a program does not end."""
        (self.folder / "go").touch()
        for client in self.clients:
            client.close()
        for program in reversed(self.programs):
            program.stop()

    def _start(self, command: list[str], name: str, environment: dict[str, str] | None = None) -> Program:
        log = self.folder / f"{name}-{len(self.programs)}.log"
        program = Program(command, self.environment | (environment or {}), log)
        self.programs.append(program)
        return program
