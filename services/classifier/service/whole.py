"""Whether what was measured, concluded and reported is still what its digest, which custody's log holds, was made of (E19).

It is held against its digest wherever something rests on it: a row that somebody changed in the database is refused, never shown
or computed with as though it were whole.
"""

import hashlib
from datetime import datetime
from typing import Any

from services.classifier.models import Measurement, Report, Result
from shared.crypto.canonical import canonical_digest
from shared.errors import Conflict
from shared.http.schemas import format_time
from siglab_clients.tlog.errors import EncodingError

MEASURED = (
    "item_id", "programme", "programme_version", "method", "instrument", "values", "qc", "corrects", "reason", "measured_by",
)  # fmt: skip
#: What a result says, beside its id and time; the first of them an amendment copies.
COPIED = (
    "item_id", "exhibit_id", "item_number", "office", "programme", "programme_version",
    "determinations", "model", "inputs", "profile",
)  # fmt: skip
TOLD = (*COPIED, "job_id", "performers", "replaces", "reason", "remarks")


def measurement_digest(content: dict[str, Any], occurred_at: datetime) -> str:
    """Of what a measurement says, by the names in MEASURED."""
    return canonical_digest({**content, "occurred_at": format_time(occurred_at)})


def result_digest(result_id: str, told: dict[str, Any], created_at: datetime) -> str:
    """Of what a result says, by the names in TOLD."""
    return canonical_digest({"id": result_id, "created_at": format_time(created_at), **told})


def require_whole_measurement(row: Measurement) -> None:
    """Raises Conflict `damaged` where the row is not what was measured, or holds a number that no record can hold."""
    try:
        found = measurement_digest({name: getattr(row, name) for name in MEASURED}, row.occurred_at)
    except EncodingError as error:
        # As one of old may, from before such values were refused: it would end every job in which its item stands.
        raise Conflict(
            f"Nothing can be concluded from measurement {row.id} of item {row.item_id}: {error}.",
            code="damaged",
        ) from error
    if found != row.digest:
        _refuse(f"measurement {row.id}", row.digest)


def require_whole_result(row: Result) -> None:
    """Raises Conflict `damaged` where the row is not what was concluded, and signed at its review."""
    if result_digest(row.id, {name: getattr(row, name) for name in TOLD}, row.created_at) != row.digest:
        _refuse(f"result {row.id}", row.digest)


def require_whole_report(row: Report) -> None:
    """Raises Conflict `damaged` where the file is not the one that was released."""
    if hashlib.sha256(row.pdf).hexdigest() != row.sha256:
        _refuse(f"report of result {row.result_id}", row.sha256)


def _refuse(what: str, digest: str) -> None:
    raise Conflict(
        f"The {what} was changed in the database since it was recorded: it has no longer the SHA-256 {digest} of then. "
        "Tell the laboratory's administrator; what was recorded can come back from a backup alone.",
        code="damaged",
    )
