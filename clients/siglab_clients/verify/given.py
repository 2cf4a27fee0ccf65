"""What the commands are given: keys, checkpoints, files; and how they refuse wrong use."""

import argparse
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from siglab_clients.tlog.checkpoints import Checkpoint, open_checkpoint
from siglab_clients.tlog.cosignatures import WitnessKey, parse_witness_key
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import MAX_NOTE_BYTES, VerifierKey, parse_verifier_key

EXIT_STATUS = (
    "Exit status: 0 everything holds; 1 something does not hold, and is named; "
    "2 wrong use, or something could not be asked or read, so that nothing is said."
)
_MAX_KEY_BYTES = 4096


class WrongUse(Exception):
    """Something that was given cannot be used; the message says what and why."""


def read_at_most(path: Path, limit: int) -> bytes:
    """At most one byte more than `limit`, so that whoever checks sees that there is too much; raises WrongUse."""
    try:
        with path.open("rb") as handle:
            return handle.read(limit + 1)
    except OSError as error:
        raise WrongUse(f"{path} cannot be read: {error.strerror}") from error


def read_line(given: str) -> str:
    """A key as it is given: the line itself, or the path of a file that holds it."""
    if given.count("+") >= 2 and not Path(given).exists():
        return given
    try:
        return read_at_most(Path(given), _MAX_KEY_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        raise WrongUse(f"{given} is not a usable key: it is not a line of text") from error


def log_key(given: str) -> VerifierKey:
    """The log's key; raises WrongUse."""
    try:
        return parse_verifier_key(read_line(given))
    except EvidenceError as error:
        raise WrongUse(f"{given} is not a usable key: {error}") from error


def witness_keys(given: list[str]) -> list[WitnessKey]:
    """The witnesses' keys; raises WrongUse, also for a witness that is named twice."""
    keys: list[WitnessKey] = []
    for text in given:
        try:
            key = parse_witness_key(read_line(text))
        except EvidenceError as error:
            raise WrongUse(f"{text} is not a usable key of a witness: {error}") from error
        if any(other.name == key.name for other in keys):
            raise WrongUse(f"the witness {key.name} is given twice")
        keys.append(key)
    return keys


def kept_checkpoint(path: Path, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a file, or the one in a bundle; raises WrongUse where it is not of the key's log."""
    raw = read_at_most(path, MAX_NOTE_BYTES)
    if raw[:2] == b"PK":
        raw = _in_bundle(path)
    try:
        return open_checkpoint(raw, key)
    except EvidenceError as error:
        raise WrongUse(f"{path} holds no checkpoint of this log: {error}") from error


def _in_bundle(path: Path) -> bytes:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive, archive.open("checkpoint") as member:
            return member.read(MAX_NOTE_BYTES + 1)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise WrongUse(f"{path} is a zip file without a checkpoint that can be read") from error


def save(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Puts `content` in place of the file in one step, durably: after a crash there is the old or the new one; raises
    WrongUse.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise WrongUse(f"{path} cannot be written: {error.strerror}") from error


def sync_folder(folder: Path) -> None:
    """Makes names in a folder durable, where the system can do that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def moment(seconds: int) -> str:
    """A time in seconds since 1970 as RFC 3339 in UTC; the number itself where no calendar has it."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s after 1970"


class Parser(argparse.ArgumentParser):
    """A command line whose help keeps its lines as they are written."""

    def __init__(self, prog: str, description: str, epilog: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
