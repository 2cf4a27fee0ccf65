"""The errors that use cases raise.

Each has a stable `code` that clients may rely on and a sentence for people in `detail`. Which HTTP status belongs to which class
is known only to `shared.http.problems`, so that the rules of the house never speak of transport.
"""

from collections.abc import Sequence
from typing import TypedDict


class FieldError(TypedDict):
    """One wrong field: a JSON pointer (RFC 6901) into the body or query, and what to do about it."""

    pointer: str
    message: str


class DomainError(Exception):
    """Base of all refusals: `detail` for people, `code` for programs, `errors` where single fields are to blame."""

    code = "error"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.errors = list(errors)
        self.retry_after = retry_after


class Malformed(DomainError):
    """The request itself cannot be read: its framing or its address, before any question of what it asks."""

    code = "bad_request"


class Unauthenticated(DomainError):
    """Nobody is signed in, or the token has ended."""

    code = "unauthenticated"


class Forbidden(DomainError):
    """The actor is known but may not do this."""

    code = "forbidden"


class NotFound(DomainError):
    """There is no such thing, or it belongs to another office (which must not be told apart)."""

    code = "not_found"


class Conflict(DomainError):
    """The state of the thing does not allow the act; `code` says which rule."""

    code = "conflict"


class Stale(DomainError):
    """The caller's version of the thing is not the current one."""

    code = "stale"


class PreconditionRequired(DomainError):
    """An update came without If-Match."""

    code = "precondition_required"


class Invalid(DomainError):
    """The input is wrong; `errors` names every wrong field."""

    code = "invalid"


class Unsupported(DomainError):
    """The body is of a media type that is not taken here."""

    code = "unsupported_media_type"


class TooLarge(DomainError):
    """The body is larger than is taken here."""

    code = "too_large"


class TooMany(DomainError):
    """The caller has asked too often; `retry_after` says when to come back, in seconds."""

    code = "too_many_requests"


class WorkerLost(DomainError):
    """The process that worked on the request is gone; whether the act was done is not known."""

    code = "worker_lost"


class Unavailable(DomainError):
    """A part that is needed does not answer now; `retry_after` says when to come back, in seconds."""

    code = "unavailable"


class Deadline(DomainError):
    """The time allowed for the request ran out."""

    code = "deadline"
