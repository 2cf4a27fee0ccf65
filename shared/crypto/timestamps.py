"""Requests for time stamps (RFC 3161); what is answered is checked by `siglab_clients.verify.timestamps`, as a stranger does."""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from rfc3161_client import HashAlgorithm, TimeStampRequest, TimestampRequestBuilder

from siglab_clients.verify.timestamps import TimestampError, check_timestamp
from siglab_clients.verify.timestamps import read_roots as read_pem

__all__ = [
    "ANSWER_TYPE",
    "REQUEST_TYPE",
    "TimestampError",
    "check_timestamp",
    "make_timestamp_request",
    "read_roots",
]

REQUEST_TYPE = "application/timestamp-query"
ANSWER_TYPE = "application/timestamp-reply"


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
    try:
        return read_pem(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} holds no certificate") from error
