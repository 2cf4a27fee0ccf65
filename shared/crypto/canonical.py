"""Canonical JSON (RFC 8785) and digests over it, the same code that verifiers run."""

import hashlib
from typing import Any

from siglab_clients.tlog.encoding import canonical_json, parse_canonical_json, readable_canonical_json

__all__ = ["canonical_digest", "canonical_json", "parse_canonical_json", "readable_canonical_json"]


def canonical_digest(value: Any) -> str:
    """SHA-256 over the canonical JSON of `value`, in hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
