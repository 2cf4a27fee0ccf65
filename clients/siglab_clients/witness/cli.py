"""`siglab-verify keygen` and `siglab-verify witness`: an office cosigns the laboratory's log."""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import VerifierKey
from siglab_clients.verify.given import EXIT_STATUS, Parser, WrongUse, log_key, read_at_most, save
from siglab_clients.witness.keys import WitnessSigner, new_signer, parse_signer
from siglab_clients.witness.server import Witness, WitnessServer
from siglab_clients.witness.states import StateLost, States

_ABOUT_WITNESS = """\
Runs a witness (C2SP tlog-witness): it cosigns a log's checkpoint when, and only when, the log has only grown since
the last one that it cosigned. Give the laboratory the witness's address and its verifier key."""
_WITNESS_EPILOG = """\
Answers to POST /add-checkpoint: 200 a cosignature; 400 malformed, or the old size is above the new one; 403 not signed by
the log's key; 404 a log that was not named with --log; 409 another old size (the body says which), or a fork; 422 the
consistency proof does not hold; 500 the state cannot be written, so nothing is signed.
The state folder must never be lost, copied back from a backup, or shared: a witness that forgets would sign a fork. If
it is lost, make a new key and tell everybody who trusted the old one.

Exit status: 0 stopped as asked, 2 wrong use, or the state is damaged."""


def keygen(arguments: Sequence[str]) -> int:
    """Makes a witness's key; returns the exit status."""
    parser = Parser(
        "siglab-verify keygen",
        "Makes a key for a witness: the secret in FILE, the verifier key in FILE.vkey and on the screen.",
        EXIT_STATUS,
    )
    parser.add_argument(
        "--name",
        required=True,
        help="the witness's name, as an address without scheme: witness.bogota.example",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="a file that is not there yet"
    )
    given = parser.parse_args(arguments)
    try:
        signer = new_signer(given.name)
        handle = os.open(given.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(signer.line() + "\n")
            file.flush()
            os.fsync(file.fileno())
        save(given.out.with_name(given.out.name + ".vkey"), f"{signer.public}\n".encode())
    except FileExistsError:
        parser.error(f"{given.out} is there already; a key is never written over")
    except OSError as error:
        parser.error(f"{given.out} cannot be written: {error.strerror}")
    except (EvidenceError, WrongUse) as error:
        parser.error(str(error))
    print(signer.public)
    return 0


def witness(arguments: Sequence[str]) -> int:
    """Runs a witness until it is stopped; returns the exit status."""
    parser = Parser("siglab-verify witness", _ABOUT_WITNESS, _WITNESS_EPILOG)
    parser.add_argument(
        "--key-file", type=Path, required=True, metavar="FILE", help="from siglab-verify keygen"
    )
    parser.add_argument(
        "--log",
        action="append",
        required=True,
        metavar="KEY",
        help="verifier key of a log: a file, or the line name+id+base64; may be given several times",
    )
    parser.add_argument(
        "--listen", default="127.0.0.1:7380", metavar="HOST:PORT", help="where (default 127.0.0.1:7380)"
    )
    parser.add_argument(
        "--state", type=Path, required=True, metavar="DIR", help="folder in which it remembers; only its own"
    )
    given = parser.parse_args(arguments)
    try:
        logs = _logs(given.log)
        address = _address(given.listen)
        signer = _signer(given.key_file)
        states = States(given.state, logs)
    except (WrongUse, StateLost) as error:
        parser.error(str(error))
    try:
        server = WitnessServer(address, Witness(signer, logs, states))
    except OSError as error:
        states.close()
        parser.error(f"{given.listen} cannot be listened at: {error.strerror}")
    signal.signal(signal.SIGTERM, _stop)
    host, port = server.server_address[:2]
    print(f"{server.witness.about()}listening at {host!s}:{port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        states.close()
    return 0


def _stop(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _logs(given: list[str]) -> dict[str, VerifierKey]:
    logs: dict[str, VerifierKey] = {}
    for text in given:
        key = log_key(text)
        if key.name in logs:
            raise WrongUse(f"the log {key.name} is given twice")
        logs[key.name] = key
    return logs


def _signer(path: Path) -> WitnessSigner:
    try:
        return parse_signer(read_at_most(path, 4096).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise WrongUse(f"{path} is not a witness's key: it is not a line of text") from error
    except EvidenceError as error:
        raise WrongUse(f"{path} is not a witness's key: {error}") from error


def _address(given: str) -> tuple[str, int]:
    host, _, port = given.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise WrongUse(f"{given} is not of the form HOST:PORT")
    return host.strip("[]"), int(port)


if __name__ == "__main__":
    sys.exit(witness(sys.argv[1:]))
