"""What a view may ask for: who acts, the transaction, the time."""

from datetime import datetime

from flask import current_app, g, request

from shared.actor import ANYONE, Actor
from shared.crypto.assertions import HEADER, AssertedRequest
from shared.db.unit_of_work import UnitOfWork
from shared.runtime import Runtime


def runtime() -> Runtime:
    """The running service."""
    found = current_app.extensions["siglab"]
    assert isinstance(found, Runtime)
    return found


def now() -> datetime:
    """The service's clock; the same moment for the whole request."""
    if "now" not in g:
        g.now = runtime().clock()
    moment = g.now
    assert isinstance(moment, datetime)
    return moment


def actor() -> Actor:
    """Who acts, from the signed assertion; `ANYONE` without one. Raises Unauthenticated for one that does not hold."""
    if "actor" not in g:
        token = request.headers.get(HEADER)
        g.actor = ANYONE if token is None else runtime().verifier.verify(token, asserted_request(), now())
    found = g.actor
    assert isinstance(found, Actor)
    return found


def asserted_request() -> AssertedRequest:
    """The request as its assertion must name it."""
    return AssertedRequest(
        request.method,
        request.environ["PATH_INFO"],
        request.environ.get("QUERY_STRING", ""),
        request.headers.get("Idempotency-Key", ""),
        request.headers.get("If-Match", ""),
        request.get_data,
    )


def uow() -> UnitOfWork:
    """The request's transaction; ended by the transport, never by a view."""
    if "uow" not in g:
        g.uow = runtime().unit_of_work(request.environ.get("siglab.deadline"))
        g.uow.limit_time()
    unit = g.uow
    assert isinstance(unit, UnitOfWork)
    return unit
