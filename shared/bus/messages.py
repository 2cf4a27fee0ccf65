"""A request and its response as they cross the bus: HTTP without HTTP, and the header frame that carries them.

The header frame is a JSON array; the body travels beside it, untouched.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from shared.bus.protocol import MAX_HEADER, ProtocolError

Headers = list[tuple[str, str]]

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


@dataclass(slots=True)
class BusRequest:
    """What a client asks. `path` is decoded as WSGI's PATH_INFO is (PEP 3333); `query` is still percent-encoded."""

    method: str
    path: str
    query: str = ""
    headers: Headers = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever the case of its name."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def encode_header(self) -> bytes:
        """The header frame of a REQ."""
        return _encode([self.method, self.path, self.query, self.headers]).encode("ascii")


class Parts(Iterator[bytes], Protocol):
    """The parts of a streamed response; `close` tells the worker that the rest is not wanted."""

    def close(self) -> None:
        """Gives up the rest; does nothing when all has been read."""


@dataclass(slots=True)
class BusResponse:
    """What a service answers: the whole `body`, or for a streamed request `parts`, which must be read or closed."""

    status: int
    headers: Headers
    body: bytes = b""
    parts: Parts | None = None

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever the case of its name."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


def decode_request(header: bytes, body: bytes) -> BusRequest:
    """Reads the header frame of a REQ; raises ProtocolError when it is not one."""
    match _decode(header):
        case [str(method), str(path), str(query), list(headers)]:
            return BusRequest(method, path, query, _pairs(headers), body)
        case _:
            raise ProtocolError("the header frame is not that of a request")


def encode_response_header(status: int, headers: Headers) -> bytes:
    """The header frame of a response's first message; raises ProtocolError when it is too long to travel."""
    header = _encode([status, headers]).encode("ascii")
    if len(header) > MAX_HEADER:
        raise ProtocolError(f"response headers of {len(header)} bytes are too long")
    return header


def decode_response_header(header: bytes) -> tuple[int, Headers]:
    """Reads the header frame of a response; raises ProtocolError when it is not one."""
    match _decode(header):
        case [int(status), list(headers)] if 100 <= status <= 599:
            return status, _pairs(headers)
        case _:
            raise ProtocolError("the header frame is not that of a response")


def _decode(header: bytes) -> object:
    try:
        return json.loads(header)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("the header frame is not JSON") from error


def _pairs(raw: list[object]) -> Headers:
    pairs: Headers = []
    for pair in raw:
        match pair:
            case [str(name), str(value)]:
                pairs.append((name, value))
            case _:
                raise ProtocolError("a header is not a pair of texts")
    return pairs
