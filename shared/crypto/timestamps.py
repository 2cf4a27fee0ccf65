"""Time stamps by an authority (RFC 3161): the request, and the check of what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

REQUEST_TYPE = "application/timestamp-query"
ANSWER_TYPE = "application/timestamp-reply"


class TimestampRefused(Exception):
    """The authority's answer does not prove that it saw these bytes; says why."""


@dataclass(frozen=True)
class TimestampRequest:
    """What is sent, and what the answer must fit."""

    raw: bytes
    nonce: int | None


def make_timestamp_request(data: bytes) -> TimestampRequest:
    """A request for a time stamp over the SHA-256 of `data`, with a nonce, the authority's certificate asked for."""
    made: TimeStampRequest = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
    return TimestampRequest(made.as_bytes(), made.nonce)


def read_roots(path: Path) -> list[x509.Certificate]:
    """The certificates in a PEM file; raises ValueError where there is none, OSError where it cannot be read."""
    found = x509.load_pem_x509_certificates(path.read_bytes())
    if not found:
        raise ValueError(f"{path} holds no certificate")
    return found


def check_timestamp(
    token: bytes, data: bytes, roots: Sequence[x509.Certificate], *, nonce: int | None = None
) -> datetime:
    """When the authority stamped `data`; raises TimestampRefused where the answer `token` does not prove it.

    The certificates must have been valid at that time, not now: a stamp outlives its authority's certificate.
    """
    try:
        answer = decode_timestamp_response(token)
        if answer.status != 0:
            raise TimestampRefused(f"the authority refused: status {answer.status} {answer.status_string}")
        # The certificates that came along are no roots: only the configured ones are trusted.
        verifier = VerifierBuilder(roots=list(roots), nonce=nonce).build()
        verifier.verify_message(answer, data)
        stamped: datetime = answer.tst_info.gen_time
    except (VerificationError, ValueError, TypeError) as error:
        raise TimestampRefused(f"the time stamp does not hold: {error}") from error
    return stamped if stamped.tzinfo else stamped.replace(tzinfo=UTC)
