"""Calls a WSGI application (PEP 3333) with a request of the bus. The application does not notice the difference."""

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any

from shared.bus.messages import BusRequest, Headers

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


def make_environ(request: BusRequest, service: str, deadline: float) -> dict[str, Any]:
    """The WSGI environment; `siglab.deadline` is the end of the time allowed, on this process's monotonic clock."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path if request.path.isascii() else _as_latin1(request.path),
        "QUERY_STRING": request.query,
        "CONTENT_LENGTH": str(len(request.body)),
        "SERVER_NAME": f"{service}.rpc",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "siglab.deadline": deadline,
    }
    for name, value in request.headers:
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ["CONTENT_TYPE"] = value
        elif key != "CONTENT_LENGTH":
            key = f"HTTP_{key}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def _as_latin1(path: str) -> str:
    """A path with letters beyond Latin-1 as PEP 3333 wants it; others are taken to be in that form already."""
    try:
        path.encode("latin-1")
    except UnicodeEncodeError:
        return path.encode().decode("latin-1")
    return path


class WsgiCall:
    """One call of an application: status and headers once they are known, the body as an iterator; always `close` it."""

    def __init__(self, app: WsgiApp, environ: dict[str, Any]) -> None:
        self.status = 0
        self.headers: Headers = []
        #: Set by the caller once status and headers have left; they can then not be changed any more.
        self.sent = False
        self._written: list[bytes] = []
        self._result: Iterable[bytes] = app(environ, self._start_response)

    def __iter__(self) -> Iterator[bytes]:
        chunks = iter(self._result)
        for chunk in chunks:
            if self._written:
                yield from self._take_written()
            if chunk:
                yield chunk
        yield from self._take_written()
        if not self.status:
            raise RuntimeError("the application ended without calling start_response")

    def close(self) -> None:
        """Lets the application clean up, as every WSGI server must."""
        close = getattr(self._result, "close", None)
        if close is not None:
            close()

    def _take_written(self) -> list[bytes]:
        written, self._written = self._written, []
        return written

    def _start_response(
        self, status: str, headers: Headers, exc_info: _ExcInfo | None = None
    ) -> Callable[[bytes], object]:
        if self.status and exc_info is None:
            raise RuntimeError("start_response was called twice")
        if self.sent and exc_info is not None and exc_info[1] is not None:
            raise exc_info[1]
        self.status = int(status[:3])
        self.headers = list(headers)
        return self._written.append
