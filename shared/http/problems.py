"""The one table from errors to HTTP: RFC 9457 problem documents."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from flask import Flask, Response, current_app, request
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from shared import errors
from shared.errors import DomainError, FieldError

log = structlog.get_logger(__name__)

STATUS: dict[type[DomainError], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.Unsupported: 415,
    errors.Invalid: 422,
    errors.PreconditionRequired: 428,
    errors.TooMany: 429,
    errors.WorkerLost: 502,
    errors.Unavailable: 503,
    errors.Deadline: 504,
}
_TITLES = {
    400: "The request cannot be read",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "No such method here",
    409: "The state does not allow this",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Media type not taken",
    422: "The input is wrong",
    428: "If-Match is needed",
    429: "Too many requests",
    500: "A defect of ours",
    502: "A process was lost",
    503: "Not available now",
    504: "Out of time",
}
_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}
_QUERY_CANCELED = "57014"


def status_of(error: DomainError) -> int:
    """The HTTP status of an error; a subclass has that of its nearest listed base."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem_document(
    status: int, detail: str, code: str, field_errors: list[FieldError], retry_after: float | None = None
) -> tuple[bytes, list[tuple[str, str]]]:
    """Body and headers of a problem; used by the bare WSGI part of the gateway as well."""
    body: dict[str, Any] = {
        "type": f"urn:siglab:problem:{code}",
        "title": _TITLES.get(status, "Refused"),
        "status": status,
        "detail": detail,
        "code": code,
        "errors": field_errors,
    }
    headers = [("Content-Type", "application/problem+json")]
    if retry_after is not None:
        headers.append(("Retry-After", str(max(1, round(retry_after)))))
    if status == 401:
        headers.append(("WWW-Authenticate", "Bearer"))
    return json.dumps(body).encode(), headers


def problem_response(error: DomainError) -> Response:
    """The answer to a refused request."""
    body, headers = problem_document(
        status_of(error), error.detail, error.code, error.errors, error.retry_after
    )
    return Response(body, status_of(error), headers)


def pointers(messages: Any, at: str = "") -> Iterator[FieldError]:
    """Marshmallow's nested messages as JSON pointers, every one of them."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            step = "" if key == "_schema" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            yield from pointers(inner, at + step)
    elif isinstance(messages, list | tuple):
        for inner in messages:
            yield from pointers(inner, at)
    else:
        yield FieldError(pointer=at, message=str(messages))


def invalid_from(messages: Any) -> errors.Invalid:
    """The error for wrong fields, all of them in one answer."""
    found = list(pointers(messages))
    words = "; ".join(f"{e['pointer'] or 'body'}: {e['message']}" for e in found[:3])
    more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
    return errors.Invalid(f"{words}{more}", errors=found)


def database_error(error: DBAPIError) -> DomainError | None:
    """What a failing database means to the caller, or None where it is a defect of ours."""
    state = getattr(error.orig, "sqlstate", None)
    if state == _QUERY_CANCELED:
        return errors.Deadline("The database did not answer in the time allowed; nothing was changed.")
    if state in ("40001", "40P01", "55P03"):
        return errors.Unavailable("Somebody else is changing the same record; try again.", retry_after=1)
    if state in ("53100", "53200"):
        return errors.Unavailable(
            "The database has no room left; nothing was changed. Tell the operator.", retry_after=30
        )
    if isinstance(error, OperationalError) or error.connection_invalidated:
        return errors.Unavailable("The database does not answer now; try again.", retry_after=1)
    return None


def install(app: Flask) -> None:
    """Makes every error of the application a problem document."""

    @app.errorhandler(DomainError)
    def refused(error: DomainError) -> Response:
        return problem_response(error)

    @app.errorhandler(ValidationError)
    def invalid(error: ValidationError) -> Response:
        return problem_response(invalid_from(error.messages))

    @app.errorhandler(HTTPException)
    def transport(error: HTTPException) -> Response:
        data = getattr(error, "data", None) or {}
        if "messages" in data and error.code == 422:
            by_place: dict[str, Any] = data["messages"]
            return problem_response(invalid_from(list(by_place.values())))
        status = error.code or 500
        detail = str(error.description or "")
        if status == 405:
            detail = f"{request.method} is not possible on {request.path}."
        elif status == 404:
            detail = f"There is nothing at {request.path}."
        body, headers = problem_document(status, detail, _CODES.get(status, "refused"), [])
        headers += [
            (name, value) for name, value in error.get_headers() if name.lower() in ("allow", "retry-after")
        ]
        return Response(body, status, headers)

    @app.errorhandler(DBAPIError)
    def database(error: DBAPIError) -> Response:
        known = database_error(error)
        if known is None:
            return defect(error)
        log.warning("database_refused", error=str(error.orig))
        return problem_response(known)

    @app.errorhandler(Exception)
    def defect(error: Exception) -> Response:
        log.error("unhandled", path=request.path, method=request.method, exc_info=error)
        if current_app.config.get("PROPAGATE_EXCEPTIONS"):
            raise error
        detail = (
            "Something in Siglab went wrong; it is in the log under this request's id. Nothing was changed."
        )
        body, headers = problem_document(500, detail, "defect", [])
        return Response(body, 500, headers)
