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
from siglab_clients.verify.certificates_in_order import certificates_in_order
from siglab_clients.verify.container import Stored
from siglab_clients.verify.findings import Finding

if TYPE_CHECKING:
    from cryptography import x509
    from rfc3161_client import TimeStampResponse

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


def check_timestamp(
    token: bytes, data: bytes, roots: "Sequence[x509.Certificate]", *, nonce: int | None = None
) -> datetime:
    """When an authority under one of `roots` stamped `data`; raises TimestampError.

    Only `roots` are trusted. Certificates that came with the stamp may link the authority's to one of them, and no more. All
    must have been valid at the time of the stamp, not now: a stamp outlives them. Where `nonce` was sent it must have
    come back.
    """
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        answer = decode_timestamp_response(certificates_in_order(token))
        if answer.status != 0:
            raise TimestampError(f"the authority refused to give one (status {answer.status})")
        hashes = {hashlib.new(name, data).digest() for name in ("sha256", "sha384", "sha512")}
        if answer.tst_info.message_imprint.message not in hashes:
            raise TimestampError("it is over another checkpoint")
        _check_signer(answer)
        # The library trusts all that it is given, intermediates too; those in the stamp itself it takes as links only.
        VerifierBuilder(roots=list(roots), nonce=nonce).build().verify_message(answer, data)
        stamped: datetime = answer.tst_info.gen_time
    except (VerificationError, ValueError, TypeError, OverflowError) as error:
        raise TimestampError(f"the time stamp does not hold: {_in_words(error)}") from error
    return stamped if stamped.tzinfo else stamped.replace(tzinfo=UTC)


def _in_words(error: Exception) -> str:
    """What the libraries say of a stamp, for people."""
    said = str(error)
    if "certificate verify error" in said:
        return (
            "the certificate that signed it is not under one of the authority's certificates that were given"
        )
    if "digest failure" in said or "signature failure" in said:
        return "it was changed after the authority had signed it"
    return "it cannot be read as one" if "ASN.1" in said else said


def _check_signer(answer: "TimeStampResponse") -> None:
    """The certificate that signed must be for time stamps alone (RFC 3161 section 2.3) and valid at the time of the stamp."""
    from cryptography import x509

    signers = list(answer.signed_data.signer_infos)
    given = [x509.load_der_x509_certificate(raw) for raw in answer.signed_data.certificates]
    signer = signers[0] if len(signers) == 1 else None
    mine = [
        c for c in given if signer and (c.issuer, c.serial_number) == (signer.issuer, signer.serial_number)
    ]
    if len(mine) != 1:
        raise TimestampError("it does not carry the one certificate that signed it")
    try:
        uses = mine[0].extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        uses = None
    if uses is None or not uses.critical or list(uses.value) != [x509.ExtendedKeyUsageOID.TIME_STAMPING]:
        raise TimestampError("the certificate that signed it is not one for time stamps alone")
    at = answer.tst_info.gen_time
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if not mine[0].not_valid_before_utc <= at <= mine[0].not_valid_after_utc:
        raise TimestampError(
            f"it bears {at:%Y-%m-%d}, when its authority's certificate was not valid "
            f"({mine[0].not_valid_before_utc:%Y-%m-%d} to {mine[0].not_valid_after_utc:%Y-%m-%d})"
        )


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
        if files[name].damaged:
            continue  # Said of the file itself.
        try:
            at = check_timestamp(files[name].data or b"", stamped_bytes(note, key), roots)
        except EvidenceError as error:
            findings.append(Finding(name, str(error), TIMESTAMP))
        else:
            stamped[name] = int(at.timestamp())
    return stamped, findings, []
