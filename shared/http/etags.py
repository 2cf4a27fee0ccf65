"""Entity tags of records that can change: a strong tag from id and version, required back as If-Match on updates."""

from flask import request

from shared.errors import PreconditionRequired, Stale


def etag_of(record_id: str, version: int) -> str:
    """The tag of one version of a record, quoted as it stands in the header."""
    return f'"{record_id}.{version}"'


def require_match(record_id: str, version: int) -> None:
    """Passes where If-Match names this version; raises PreconditionRequired without one, Stale for another."""
    if "If-Match" not in request.headers:
        raise PreconditionRequired(
            "Send If-Match with the ETag of the version that you saw, so that no other change is lost."
        )
    if not request.if_match.contains(f"{record_id}.{version}"):
        raise Stale("Somebody has changed this since you read it; read it again and decide anew.")
