"""Dispatch of /api/v1: who asks, what they sign, which service answers. Bare WSGI, since every request passes here."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.accounts.service import Accounts
from gateway.api import routing
from gateway.api.request import (
    Environ,
    address_of,
    bearer_token,
    is_json,
    passed_headers,
    printable,
    read_body,
)
from gateway.api.signing import sign_body
from shared.actor import ANYONE, Actor, Signature
from shared.bus.messages import BusRequest, BusResponse
from shared.crypto.assertions import HEADER, AssertedRequest
from shared.errors import DomainError, NotFound, Unauthenticated, Unavailable
from shared.http.problems import database_error, problem_document, status_of
from shared.identifiers import new_id
from shared.observability.metrics import REQUEST_SECONDS, REQUESTS
from shared.runtime import Runtime

log = structlog.get_logger(__name__)

DEADLINE_SECONDS = 30.0
#: Each part of a stream renews this time, so it bounds how long an unread one can hold a worker.
STREAM_SECONDS = 30.0
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_REASONS = {status.value: status.phrase for status in HTTPStatus}

StartResponse = Callable[..., Any]
#: What answers an address of the gateway's own.
Own = Callable[["Api", Environ, Actor], BusResponse]


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
        self.own: dict[str, Own] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request; every refusal is a problem document."""
        began, request_id, method = time.perf_counter(), new_id(), environ["REQUEST_METHOD"]
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            answer = answered(lambda: self._answer(environ, method, request_id))
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
        REQUESTS.labels("gateway", method if method in _METHODS else "other", answer.status).inc()
        REQUEST_SECONDS.labels("gateway").observe(time.perf_counter() - began)
        start_response(
            f"{answer.status} {_REASONS.get(answer.status, 'Answer')}", _headers(answer, request_id)
        )
        if answer.parts is not None:
            # The server closes what it was given, also when the client has gone; that tells the service to stop.
            return answer.parts
        return [] if method == "HEAD" else [answer.body]

    def _answer(self, environ: Environ, method: str, request_id: str) -> BusResponse:
        path = environ.get("PATH_INFO", "")
        service = routing.service_for(path, environ.get("RAW_URI", ""))
        if service is None:
            raise NotFound(f"There is nothing at {printable(path)}.")
        if method not in _METHODS:
            body, headers = problem_document(405, "There is no such method here.", "method_not_allowed", [])
            return BusResponse(405, headers, body)
        actor = ANYONE if routing.is_open(method, path) else self._actor(environ)
        actor = replace(actor, request_id=request_id)
        if service == routing.GATEWAY:
            name = path.removeprefix(routing.API_PREFIX).split("/")[0]
            return self.own[name](self, environ, actor)
        query = environ.get("QUERY_STRING", "")
        asked = Asked(
            actor, method, path, query, passed_headers(environ), read_body(environ), address_of(environ)
        )
        return self.ask(service, asked, stream=routing.is_stream(path))

    def _actor(self, environ: Environ) -> Actor:
        token = bearer_token(environ)
        if token is None:
            raise Unauthenticated("Sign in first: send a token as 'Authorization: Bearer <token>'.")
        return self.accounts.identify(token).actor

    def ask(self, service: str, asked: Asked, *, stream: bool = False) -> BusResponse:
        """Asks a service as somebody; signatures in the body are checked first."""
        actor, body = asked.actor, asked.body
        if body and actor.login and is_json(asked.headers):

            def check(login: str, password: str) -> Signature:
                return self.accounts.sign(
                    asked.actor, login, password, address=asked.address, request_id=asked.actor.request_id
                )

            actor, body = sign_body(actor, body, check)
        return self.send(
            actor,
            service,
            asked.method,
            asked.path,
            query=asked.query,
            headers=asked.headers,
            body=body,
            stream=stream,
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
            asserted = AssertedRequest.of(method, path, query, head, body)
            head.append((HEADER, self.runtime.signer.sign(actor, asserted, self.runtime.clock())))
        head.append(("x-request-id", actor.request_id))
        request = BusRequest(method, path, query, head, body)
        seconds = STREAM_SECONDS if stream else deadline
        return self.runtime.bus.request(
            service, request, deadline=seconds, fairness_key=actor.login or "anyone", stream=stream
        )


def answered(act: Callable[[], BusResponse]) -> BusResponse:
    """What `act` answers, or the problem document of what it raised."""
    try:
        return act()
    except DomainError as error:
        return refused(error)
    except PoolTimeout:
        log.warning("database_connections_used_up")
        return refused(Unavailable("Too many requests at this moment; try again.", retry_after=1))
    except DBAPIError as error:
        known = database_error(error)
        if known is not None:
            log.warning("database_refused", error=str(error.orig))
            return refused(known)
        log.exception("unhandled_database_error")
    except Exception:
        log.exception("unhandled")
    detail = "Something in Siglab went wrong; it is in the log under this request's id."
    body, headers = problem_document(500, detail, "defect", [])
    return BusResponse(500, headers, body)


def refused(error: DomainError) -> BusResponse:
    """The answer to a refused request; one that may be tried again says when."""
    status = status_of(error)
    wait = error.retry_after or (1.0 if status in (429, 503) else None)
    body, headers = problem_document(status, error.detail, error.code, error.errors, wait)
    return BusResponse(status, headers, body)


def _headers(answer: BusResponse, request_id: str) -> list[tuple[str, str]]:
    headers = [(name, value) for name, value in answer.headers if name.lower() not in _HOP_BY_HOP]
    names = {name.lower() for name, _ in headers}
    headers.append(("X-Request-Id", request_id))
    if "x-content-type-options" not in names:
        headers.append(("X-Content-Type-Options", "nosniff"))
    headers.append(("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"))
    if "cache-control" not in names:
        headers.append(("Cache-Control", "no-store"))
    if answer.parts is None and "content-length" not in names and answer.status not in (204, 304):
        headers.append(("Content-Length", str(len(answer.body))))
    return headers
