"""Errors as pages: in words, without what only the log should say."""

import structlog
from flask import Flask, Response, current_app, make_response, render_template
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from shared.errors import DomainError
from shared.http.problems import database_error, status_of

log = structlog.get_logger(__name__)

_WORDS = {
    403: "You may not see this.",
    404: "There is no such page.",
    405: "This cannot be done here.",
    413: "What you sent is too large.",
    500: "Something in Siglab went wrong. It is in the log; nothing of what you sent was kept.",
}


def install(app: Flask) -> None:
    """Makes every error of the pages a page."""
    app.register_error_handler(CSRFError, _expired_form)
    app.register_error_handler(HTTPException, _transport)
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(PoolTimeout, _busy)


def error_page(status: int, text: str, retry_after: float | None = None) -> Response:
    """A page that says what is the matter."""
    response = make_response(render_template("pages/error.html", status=status, text=text), status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(retry_after)))
    return response


def _expired_form(error: CSRFError) -> Response:
    return error_page(
        400,
        "This form is too old, or was opened in another session. Go back, load the page again and send it once more.",
    )


def _transport(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None:
        return make_response(error.response)
    response = error_page(status, _WORDS.get(status) or str(error.description or "Something went wrong."))
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _refused(error: DomainError) -> Response:
    return error_page(status_of(error), error.detail, error.retry_after)


def _database(error: DBAPIError) -> Response:
    known = database_error(error)
    if known is not None:
        log.warning("database_refused", error=str(error.orig))
        return _refused(known)
    log.error("unhandled", exc_info=error)
    if current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    return error_page(500, _WORDS[500])


def _busy(error: PoolTimeout) -> Response:
    log.warning("database_connections_used_up", error=str(error))
    return error_page(503, "Too many people work with Siglab at this moment; try again.", 1)
