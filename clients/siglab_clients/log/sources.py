"""Where a log is read: over HTTP, or in a folder that mirrors it; of every answer only so much is read.

A source says three things only: the bytes at a path, that there is nothing (None), or that it cannot be asked now
(Unreachable). The last is no evidence of anything.
"""

import http.client
import ssl
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

_TRIES = 4
_GZIP = 16 + zlib.MAX_WBITS


class Unreachable(Exception):
    """The log cannot be asked: no connection, an error of its server, an answer that breaks off."""


class Source(Protocol):
    """Read access to a log's static files."""

    def get(self, path: str, limit: int) -> bytes | None:
        """The bytes at `path` (below the log's prefix), None where there is nothing; raises Unreachable.

        Of what is longer than `limit` comes one byte more than that, so that whoever reads it sees that there is too much.
        """


def open_source(place: str, *, timeout: float = 30.0) -> Source:
    """The source that a URL (http, https, file) or the path of a folder names; ValueError where it names none."""
    parts = urlsplit(place)
    if parts.scheme in ("http", "https"):
        if not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{place} is not the address of a log")
        return HttpSource(place, timeout)
    folder = Path(unquote(parts.path)) if parts.scheme == "file" else Path(place)
    if not folder.is_dir():
        raise ValueError(
            f"{place} is neither the address of a log (http, https) nor a folder that mirrors one"
        )
    return FolderSource(folder)


class FolderSource:
    """A mirror of a log in a folder, its files named as the paths of C2SP tlog-tiles."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, path: str, limit: int) -> bytes | None:
        """The file's bytes, or None."""
        try:
            with (self._folder / path).open("rb") as handle:
                raw = handle.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise Unreachable(f"{error.filename} cannot be read: {error.strerror}") from error
        return raw


class HttpSource:
    """A log behind HTTP; each thread keeps its own connection, and what is lost on the way is asked for again."""

    def __init__(self, base: str, timeout: float, *, pause: Callable[[float], None] = time.sleep) -> None:
        parts = urlsplit(base)
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port
        self._prefix = parts.path.rstrip("/")
        self._timeout, self._pause = timeout, pause
        self._local = threading.local()

    def get(self, path: str, limit: int) -> bytes | None:
        """The answer's bytes, or None for 404 and 410."""
        reason = ""
        for number in range(_TRIES):
            if number:
                self._pause(0.2 * 2**number)
            try:
                status, raw = self._ask(f"{self._prefix}/{path}", limit)
            except (OSError, http.client.HTTPException, zlib.error, EOFError) as error:
                self._drop()
                reason = str(error) or type(error).__name__
                continue
            if status == 200:
                return raw
            if status in (404, 410):
                return None
            reason = f"the answer is {status}"
            if status < 500 and status != 429:
                break
        raise Unreachable(f"{path} cannot be had from {self._host}: {reason}")

    def _ask(self, path: str, limit: int) -> tuple[int, bytes]:
        connection = self._connection()
        connection.request(
            "GET", path, headers={"Accept-Encoding": "gzip, identity", "User-Agent": "siglab-verify"}
        )
        response = connection.getresponse()
        raw = response.read(limit + 1)
        if len(raw) > limit:
            self._drop()
            return response.status, raw
        announced = response.getheader("Content-Length", "")
        if announced.isdecimal() and int(announced) != len(raw):
            raise EOFError("the answer breaks off")
        if response.getheader("Content-Encoding", "").strip().lower() == "gzip":
            raw = _unzip(raw, limit)
        return response.status, raw

    def _connection(self) -> http.client.HTTPConnection:
        known: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if known is None:
            if self._secure:
                context = ssl.create_default_context()
                known = http.client.HTTPSConnection(
                    self._host, self._port, timeout=self._timeout, context=context
                )
            else:
                known = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
            self._local.connection = known
        return known

    def _drop(self) -> None:
        known: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if known is not None:
            known.close()
            self._local.connection = None


def _unzip(raw: bytes, limit: int) -> bytes:
    """What a gzip answer unfolds into, at most one byte more than `limit`."""
    reader = zlib.decompressobj(_GZIP)
    found = reader.decompress(raw, limit + 1)
    if len(found) <= limit and not reader.eof:
        raise EOFError("the answer breaks off")
    return found
