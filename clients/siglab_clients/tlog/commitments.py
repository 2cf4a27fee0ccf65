"""Salted commitments: what of an event stands in the public log.

The log's entry tells a stranger nothing about the event; who is given event and salt can recompute the entry.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from siglab_clients.tlog.encoding import canonical_json, encode_base64
from siglab_clients.tlog.errors import EncodingError

#: Least length of a salt in bytes: with less, short events could be guessed from the log.
SALT_SIZE = 16


def commitment_entry(event: Mapping[str, Any], salt: bytes) -> bytes:
    """The log entry of `event`: RFC 8785 JSON of {"v": 1, "commitment": C}.

    C is the base64 of SHA-256(salt || canonical event).
    """
    return entry_of(canonical_json(dict(event)), salt)


def entry_of(record: bytes, salt: bytes) -> bytes:
    """The log entry of an event whose canonical form is `record`; whether it is that is for the caller to know."""
    if len(salt) < SALT_SIZE:
        raise EncodingError(f"the salt has {len(salt)} bytes, at least {SALT_SIZE} are needed")
    commitment = encode_base64(hashlib.sha256(salt + record).digest())
    return b'{"commitment":"%s","v":1}' % commitment.encode()


def event_digest(event: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical event in hexadecimal: what an item's next event carries as `previous`."""
    return hashlib.sha256(canonical_json(dict(event))).hexdigest()
