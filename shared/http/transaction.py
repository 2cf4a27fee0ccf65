"""Runs each write request as one transaction, and once only for one Idempotency-Key.

The key's record is inserted first, in the transaction of the effect: a second request with the same key waits on the unique index
until the first has ended, and then either gives its answer again or, where it was refused and so left nothing, does the work.
Without a key the actor's assertion is what counts once: a request that was caught on the way acts no second time.
"""

import functools
import hashlib
import re
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, g, request
from sqlalchemy import CursorResult

from shared.crypto.assertions import HEADER, assertion_id
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Invalid, Unauthenticated
from shared.http import context

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

View = Callable[..., Any]


def transactional(view: View) -> View:
    """Wraps a view: writes are committed below status 400 and rolled back above; reads never write."""

    @functools.wraps(view)
    def run(*args: Any, **kwargs: Any) -> Any:
        if request.method not in WRITES:
            return view(*args, **kwargs)
        unit = context.uow()
        key = request.headers.get("Idempotency-Key")
        if key is None:
            _take_once(unit)
            return _finish(unit, current_app.make_response(view(*args, **kwargs)))
        if not _KEY.fullmatch(key):
            raise Invalid(
                "Idempotency-Key must be 1 to 255 visible ASCII characters.", code="idempotency_key_malformed"
            )
        name = {"actor": context.actor().login, "key": key}
        digest = _request_digest()
        if not _claim(unit, name, digest):
            return _replay(unit, name, digest)
        response = current_app.make_response(view(*args, **kwargs))
        if response.status_code < 400:
            _remember(unit, name, response)
        return _finish(unit, response)

    return run


def close(_: BaseException | None = None) -> None:
    """Gives the request's connection back; whatever was not committed is forgotten."""
    unit = g.pop("uow", None)
    if unit is not None:
        unit.close()


def _finish(unit: UnitOfWork, response: Response) -> Response:
    if response.status_code < 400:
        unit.commit()
    else:
        unit.rollback()
    return response


def _request_digest() -> bytes:
    digest = hashlib.sha256()
    for part in (request.method.encode(), request.path.encode(), request.query_string, request.get_data()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


_CLAIM = (
    "INSERT INTO {schema}.idempotency (actor, key, request_sha256) VALUES (%(actor)s, %(key)s, %(digest)s) "
    "ON CONFLICT DO NOTHING RETURNING 1"
)
_REMEMBER = (
    "UPDATE {schema}.idempotency SET status = %(status)s, headers = CAST(%(headers)s AS jsonb), "
    "body = %(body)s WHERE actor = %(actor)s AND key = %(key)s"
)
_RECALL = (
    "SELECT request_sha256, status, headers, body FROM {schema}.idempotency "
    "WHERE actor = %(actor)s AND key = %(key)s"
)


def _run(unit: UnitOfWork, words: str, values: dict[str, Any]) -> CursorResult[Any]:
    """Runs one of the statements above as it is: every write passes here, and these need no compiler."""
    return unit.session.connection().exec_driver_sql(words.format(schema=unit.schema), values)


def _claim(unit: UnitOfWork, name: dict[str, str], digest: bytes) -> bool:
    return _run(unit, _CLAIM, {**name, "digest": digest}).scalar() is not None


def _take_once(unit: UnitOfWork) -> None:
    """Marks the request's assertion as used, in the transaction of the effect; raises Unauthenticated where it was before."""
    token = request.headers.get(HEADER)
    if token is None or context.asserted_request().is_piece:
        return
    # A blank, which no Idempotency-Key can hold, keeps the two apart.
    name = {"actor": context.actor().login, "key": f"assertion {assertion_id(token)}"}
    if not _claim(unit, name, b""):
        raise Unauthenticated("This very request was made already; it does not act twice.")


def _remember(unit: UnitOfWork, name: dict[str, str], response: Response) -> None:
    kept = {header: response.headers[header] for header in _KEPT_HEADERS if header in response.headers}
    values = {
        "status": response.status_code,
        "headers": current_app.json.dumps(kept),
        "body": response.get_data(),
    }
    _run(unit, _REMEMBER, {**name, **values})


def _replay(unit: UnitOfWork, name: dict[str, str], digest: bytes) -> Response:
    row = _run(unit, _RECALL, name).one()
    if bytes(row.request_sha256) != digest:
        raise Invalid(
            "This Idempotency-Key was used for another request; use a new key for a new act.",
            code="idempotency_key_reused",
        )
    response = Response(bytes(row.body), row.status, row.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response
