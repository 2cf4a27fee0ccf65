"""What a client sent, as far as it is let in: headers by name, a body of bounded size, an address."""

import re
from typing import Any

from shared.errors import Malformed, TooLarge, Unsupported
from shared.http.app import LARGEST_BODY

Environ = dict[str, Any]

#: What a client may send on to a service; everything else stops here, assertions and forwarding headers among it.
_PASSED = (
    ("HTTP_ACCEPT", "accept"), ("CONTENT_TYPE", "content-type"), ("HTTP_IDEMPOTENCY_KEY", "idempotency-key"),
    ("HTTP_IF_MATCH", "if-match"), ("HTTP_IF_NONE_MATCH", "if-none-match"), ("HTTP_RANGE", "range"),
    ("HTTP_IF_RANGE", "if-range"), ("HTTP_LAST_EVENT_ID", "last-event-id"),
)  # fmt: skip
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]+)", re.IGNORECASE)
_LENGTH = re.compile(r"[0-9]{1,18}")
_JSON = re.compile(r"application/([^;\s]+\+)?json\s*(;.*)?", re.IGNORECASE)


def passed_headers(environ: Environ) -> list[tuple[str, str]]:
    """The headers that go on to a service."""
    return [(name, environ[key]) for key, name in _PASSED if environ.get(key)]


def is_json(headers: list[tuple[str, str]]) -> bool:
    """Whether these headers announce JSON, as services judge it."""
    return any(name == "content-type" and _JSON.fullmatch(value.strip()) for name, value in headers)


def bearer_token(environ: Environ) -> str | None:
    """The token of the Authorization header: None without the header, "" where it holds no token."""
    given = environ.get("HTTP_AUTHORIZATION")
    if given is None:
        return None
    found = _BEARER.fullmatch(given.strip())
    return found[1] if found else ""


def read_body(environ: Environ, most: int = LARGEST_BODY) -> bytes:
    """The body, at most `most` bytes.

    Raises TooLarge, before reading where the length is declared; Malformed for a length that is none or a body that broke off;
    Unsupported for a compressed body.
    """
    if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() != "identity":
        raise Unsupported("Send the body without Content-Encoding.")
    declared = environ.get("CONTENT_LENGTH") or ""
    stream = environ["wsgi.input"]
    try:
        if declared:
            if not _LENGTH.fullmatch(declared):
                raise Malformed("Content-Length is not a whole number.")
            if int(declared) > most:
                raise _too_large(most)
            body: bytes = stream.read(int(declared))
            if len(body) < int(declared):
                raise Malformed("The body broke off before its end.")
            return body
        if not environ.get("wsgi.input_terminated"):
            return b""
        body = stream.read(most + 1)
    except OSError as error:
        raise Malformed("The body broke off before its end.") from error
    if len(body) > most:
        raise _too_large(most)
    return body


def _too_large(most: int) -> TooLarge:
    size = f"{most // 1024 // 1024} MiB" if most >= 1024 * 1024 else f"{most // 1024} KiB"
    return TooLarge(f"A body has at most {size} here; send files through /api/v1/uploads.")


def address_of(environ: Environ) -> str:
    """The address that the connection comes from; what headers claim of other addresses is not believed."""
    return str(environ.get("REMOTE_ADDR") or "")


def printable(path: str) -> str:
    """A path as it may stand in a sentence."""
    return "".join(character if character.isprintable() else "?" for character in path)[:200]
