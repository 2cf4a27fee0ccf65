"""Dispatch of /api/v1: who asks, what they sign, which service answers. Bare WSGI, since every request passes here."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import structlog

from gateway.accounts.service import Accounts
from gateway.api import routing
from gateway.api.signing import sign_body
from shared.actor import ANYONE, Actor
from shared.bus.messages import BusRequest, BusResponse
from shared.crypto.assertions import HEADER
from shared.errors import DomainError, Invalid, NotFound, TooLarge
from shared.http.app import LARGEST_BODY
from shared.http.problems import problem_document, status_of
from shared.identifiers import new_id
from shared.observability.metrics import REQUEST_SECONDS, REQUESTS
from shared.runtime import Runtime

log = structlog.get_logger(__name__)

DEADLINE_SECONDS = 30.0
STREAM_SECONDS = 600.0
_HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
}  # fmt: skip
#: What a client may send on; everything else stops here.
_PASSED = (
    ("HTTP_ACCEPT", "accept"), ("CONTENT_TYPE", "content-type"), ("HTTP_IDEMPOTENCY_KEY", "idempotency-key"),
    ("HTTP_IF_MATCH", "if-match"), ("HTTP_IF_NONE_MATCH", "if-none-match"), ("HTTP_RANGE", "range"),
    ("HTTP_IF_RANGE", "if-range"), ("HTTP_LAST_EVENT_ID", "last-event-id"),
)  # fmt: skip
_BEARER = re.compile(r"[Bb]earer +(\S+)")
_REASONS = {
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content", 304: "Not Modified", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict",
    412: "Precondition Failed", 413: "Content Too Large", 415: "Unsupported Media Type", 416: "Range Not Satisfiable",
    422: "Unprocessable Content", 428: "Precondition Required", 429: "Too Many Requests", 500: "Internal Server Error",
    502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip

StartResponse = Callable[..., Any]
Environ = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request with who asks it; `headers` are those that may pass on."""

    actor: Actor
    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    address: str


class Api:
    """The WSGI application below /api/v1, and the way in which pages ask the services."""

    def __init__(self, runtime: Runtime, accounts: Accounts) -> None:
        self.runtime = runtime
        self.accounts = accounts
        self.own: dict[str, Callable[["Api", Environ, Actor], BusResponse]] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request; every refusal is a problem document."""
        began, request_id = time.perf_counter(), new_id()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            answer = self._answer(environ, request_id)
        except DomainError as error:
            answer = refused(error)
        except Exception:
            log.exception("unhandled", path=environ.get("PATH_INFO"))
            body, headers = problem_document(500, "Something in Siglab went wrong; it is in the log.", "defect", [])
            answer = BusResponse(500, headers, body)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
        REQUESTS.labels("gateway", environ["REQUEST_METHOD"], answer.status).inc()
        REQUEST_SECONDS.labels("gateway").observe(time.perf_counter() - began)
        start_response(f"{answer.status} {_REASONS.get(answer.status, 'Answer')}", _headers(answer, request_id))
        if answer.parts is not None:
            return Parts(answer.parts)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body]

    def _answer(self, environ: Environ, request_id: str) -> BusResponse:
        path = environ.get("PATH_INFO", "")
        service = routing.service_for(path)
        if service is None:
            raise NotFound(f"There is nothing at {printable(path)}.")
        actor = replace(self._actor(environ), request_id=request_id)
        if service == routing.GATEWAY:
            name = path.removeprefix(routing.API_PREFIX).split("/")[0]
            return self.own[name](self, environ, actor)
        headers = [(name, environ[key]) for key, name in _PASSED if environ.get(key)]
        asked = Asked(
            actor, environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), headers, read_body(environ), address_of(environ)
        )  # fmt: skip
        return self.ask(service, asked, stream=routing.is_stream(path))

    def _actor(self, environ: Environ) -> Actor:
        given = environ.get("HTTP_AUTHORIZATION")
        if given is None:
            return ANYONE
        found = _BEARER.fullmatch(given.strip())
        return self.accounts.identify(found[1] if found else "").actor

    def ask(self, service: str, asked: Asked, *, stream: bool = False) -> BusResponse:
        """Asks a service as somebody; signatures in the body are checked first."""
        actor, body = asked.actor, asked.body
        if actor is not ANYONE and actor.login and asked.method not in ("GET", "HEAD"):

            def check(login: str, password: str) -> Any:
                return self.accounts.sign(
                    actor, login, password, address=asked.address, request_id=asked.actor.request_id
                )

            actor, body = sign_body(actor, body, check)
        return self.send(
            actor, service, asked.method, asked.path, query=asked.query, headers=asked.headers, body=body, stream=stream
        )

    def send(
        self,
        actor: Actor,
        service: str,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        stream: bool = False,
        deadline: float = DEADLINE_SECONDS,
    ) -> BusResponse:
        """One request over the bus with the actor's assertion."""
        head = list(headers)
        if actor.login:
            head.append((HEADER, self.runtime.signer.sign(actor, body, self.runtime.clock())))
        head.append(("x-request-id", actor.request_id))
        request = BusRequest(method, path, query, head, body)
        seconds = STREAM_SECONDS if stream else deadline
        return self.runtime.bus.request(
            service, request, deadline=seconds, fairness_key=actor.login or "anyone", stream=stream
        )


class Parts:
    """A streamed body; closing it tells the service to stop."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        """Called by the server when the client has gone or everything was sent."""
        close = getattr(self._parts, "close", None)
        if close is not None:
            close()


def refused(error: DomainError) -> BusResponse:
    """The answer to a refused request."""
    body, headers = problem_document(status_of(error), error.detail, error.code, error.errors, error.retry_after)
    return BusResponse(status_of(error), headers, body)


def read_body(environ: Environ, most: int = LARGEST_BODY) -> bytes:
    """The body, at most `most` bytes; raises TooLarge before reading what is declared larger."""
    declared = environ.get("CONTENT_LENGTH") or ""
    if declared:
        if not declared.isdigit():
            raise Invalid("Content-Length is not a number.", code="bad_request")
        if int(declared) > most:
            raise TooLarge(f"A body has at most {most // 1024 // 1024} MiB here; send files through /api/v1/uploads.")
        body: bytes = environ["wsgi.input"].read(int(declared))
        if len(body) < int(declared):
            raise Invalid("The body broke off before its end.", code="bad_request")
        return body
    if not environ.get("wsgi.input_terminated") and not environ.get("HTTP_TRANSFER_ENCODING"):
        return b""
    body = environ["wsgi.input"].read(most + 1)
    if len(body) > most:
        raise TooLarge(f"A body has at most {most // 1024 // 1024} MiB here; send files through /api/v1/uploads.")
    return body


def address_of(environ: Environ) -> str:
    """Where the request came from, as the server in front says it."""
    return str(environ.get("REMOTE_ADDR") or "")


def printable(path: str) -> str:
    """A path as it may stand in a sentence."""
    return "".join(character if character.isprintable() else "?" for character in path)[:200]


def _headers(answer: BusResponse, request_id: str) -> list[tuple[str, str]]:
    headers = [(name, value) for name, value in answer.headers if name.lower() not in _HOP_BY_HOP]
    names = {name.lower() for name, _ in headers}
    headers += [("X-Request-Id", request_id), ("X-Content-Type-Options", "nosniff")]
    headers.append(("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"))
    if "cache-control" not in names:
        headers.append(("Cache-Control", "no-store"))
    if answer.parts is None and "content-length" not in names and answer.status not in (204, 304):
        headers.append(("Content-Length", str(len(answer.body))))
    return headers
