"""The row of an act: the record's own words, its digest and the salt of its leaf."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.chain_of_custody.models import Event
from shared.crypto.canonical import readable_canonical_json
from shared.crypto.ledger import new_salt
from shared.errors import Invalid
from siglab_clients.tlog.errors import EvidenceError


def write_down(record: Mapping[str, Any], *, occurred_at: datetime, recorded_at: datetime) -> Event:
    """The row of a record, upon its item or its other subject; the times are those that the record tells.

    Raises Invalid for numbers and texts that have no canonical form (RFC 8785), since the log could never prove them.
    """
    try:
        written = readable_canonical_json(record)
    except EvidenceError as error:
        raise unprovable(error) from error
    return Event(
        id=record["id"],
        item_id=record["item_id"],
        subject=record.get("subject"),
        sequence=record["sequence"],
        type=record["type"],
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        record=written.decode(),
        digest=hashlib.sha256(written).hexdigest(),
        salt=new_salt(),
    )


def unprovable(error: EvidenceError) -> Invalid:
    """What is answered to words that no log could prove."""
    return Invalid(f"This cannot be recorded as evidence: {error}.")
