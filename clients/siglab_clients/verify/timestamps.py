"""Time stamps by an authority (RFC 3161) over the log's checkpoint: it existed at that time, whoever runs the log.

`timestamps/<n>.tsr` is the authority's whole answer in DER; it is over the note as the log signed it, without the lines of
witnesses, which come later.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from siglab_clients.tlog.encoding import encode_base64
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import VerifierKey, parse_note
from siglab_clients.verify.container import Stored
from siglab_clients.verify.findings import Finding

if TYPE_CHECKING:
    from cryptography import x509

FOLDER = "timestamps/"
TIMESTAMP = "timestamp"


class TimestampError(EvidenceError):
    """A time stamp does not prove that these bytes existed at its time."""


def read_roots(raw: bytes) -> "list[x509.Certificate]":
    """The certificates in a PEM text; ValueError where there is none."""
    from cryptography import x509

    return x509.load_pem_x509_certificates(raw)


def stamped_bytes(note: bytes, key: VerifierKey) -> bytes:
    """The checkpoint's note with the log's own signature alone: what an authority stamps."""
    parsed = parse_note(note)
    mine = [line for line in parsed.signatures if (line.name, line.key_id) == (key.name, key.id)]
    lines = [f"\u2014 {line.name} {encode_base64(line.key_id + line.signature)}\n" for line in mine]
    return f"{parsed.text}\n{''.join(lines)}".encode()


def check_timestamp(token: bytes, data: bytes, roots: "Sequence[x509.Certificate]") -> datetime:
    """When an authority under one of `roots` stamped `data`; raises TimestampError.

    Its certificates must have been valid then, not now: a stamp outlives them.
    """
    from cryptography import x509
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        answer = decode_timestamp_response(token)
        if answer.status != 0:
            raise TimestampError(f"the authority refused to stamp (status {answer.status})")
        said: bytes = answer.tst_info.message_imprint.message
        hashes = {hashlib.new(name, data).digest() for name in ("sha256", "sha384", "sha512")}
        if said not in hashes:
            raise TimestampError("the time stamp is over another checkpoint")
        given = [x509.load_der_x509_certificate(raw) for raw in answer.signed_data.certificates]
        known = set(roots)
        between = [found for found in given if found not in known]
        VerifierBuilder(intermediates=between[1:], roots=list(roots)).build().verify_message(answer, data)
        stamped: datetime = answer.tst_info.gen_time
    except (VerificationError, ValueError, TypeError) as error:
        raise TimestampError(f"the time stamp does not hold: {error}") from error
    return stamped if stamped.tzinfo else stamped.replace(tzinfo=UTC)


def check_timestamps(
    files: Mapping[str, Stored],
    note: bytes | None,
    key: VerifierKey,
    roots: "Sequence[x509.Certificate] | None",
) -> tuple[dict[str, int], list[Finding], list[str]]:
    """(time of each stamp by file, findings, notes); `roots` None: not asked for, so only told of."""
    names = [name for name in sorted(files) if name.startswith(FOLDER)]
    if roots is None:
        told = "a time stamp of an authority is in the bundle; it was not checked (give --tsa-ca to do so)"
        return {}, [], [told] if names else []
    if not names:
        return {}, [Finding(FOLDER.rstrip("/"), "there is no time stamp in the bundle", TIMESTAMP)], []
    if note is None:
        return {}, [], []
    stamped: dict[str, int] = {}
    findings: list[Finding] = []
    for name in names:
        try:
            at = check_timestamp(files[name].data or b"", stamped_bytes(note, key), roots)
        except EvidenceError as error:
            findings.append(Finding(name, str(error), TIMESTAMP))
        else:
            stamped[name] = int(at.timestamp())
    return stamped, findings, []
