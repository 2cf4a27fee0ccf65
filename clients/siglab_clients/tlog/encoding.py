"""Base64 and canonical JSON in exactly one form, so that no two texts stand for the same evidence."""

import base64
import binascii
import json
from typing import Any

import rfc8785

from siglab_clients.tlog.errors import EncodingError


def encode_base64(raw: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(raw).decode("ascii")


def decode_base64(text: str) -> bytes:
    """The bytes of `text`; EncodingError unless it is the very text that `encode_base64` would give for them.

    Plain decoders skip foreign characters and ignore the unused last bits, so that a changed character may
    go unnoticed.
    """
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise EncodingError("the text is not base64") from error
    if encode_base64(raw) != text:
        raise EncodingError("the base64 is not in its canonical form")
    return raw


def canonical_json(value: Any) -> bytes:
    """`value` in RFC 8785 form.

    EncodingError for what that form cannot hold: NaN, integers beyond 2**53, lone surrogates, deep nesting.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeError) as error:
        raise EncodingError(f"the value has no canonical JSON form: {error}") from error
    except RecursionError as error:
        raise EncodingError("the value is nested too deeply") from error


def parse_canonical_json(raw: bytes) -> Any:
    """The value whose RFC 8785 form is exactly `raw`.

    Other spellings of it (white space, key order, doubled keys) are refused with EncodingError.
    """
    try:
        value = json.loads(raw.decode("utf-8"))
    except RecursionError as error:
        raise EncodingError("the JSON is nested too deeply") from error
    except ValueError as error:
        raise EncodingError("the text is not JSON in UTF-8") from error
    if canonical_json(value) != raw:
        raise EncodingError("the JSON is not in its canonical form (RFC 8785)")
    return value
