"""Digests of records: SHA-256 over canonical JSON (RFC 8785), in hex."""

import hashlib
from typing import Any

import rfc8785


def digest_of(record: Any) -> str:
    """The digest of plain data."""
    return hashlib.sha256(rfc8785.dumps(record)).hexdigest()
