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


#: The C encoder writes what `_plain` lets pass exactly as RFC 8785 does, several times faster.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)
_LARGEST_INTEGER = 2**53 - 1
#: Between these, Python and ECMAScript write a number that is not whole in the same way.
_LEAST_PLAIN, _MOST_PLAIN = 1e-4, 1e15


class _NotPlain(Exception):
    """A value that only the full algorithm writes (or refuses) rightly."""


def canonical_json(value: Any) -> bytes:
    """`value` in RFC 8785 form.

    EncodingError for what that form cannot hold: NaN, integers beyond 2**53, lone surrogates, deep nesting.
    """
    try:
        return _ENCODER.encode(_plain(value)).encode()
    except (_NotPlain, UnicodeError, RecursionError):
        return _canonical_json(value)


def readable_canonical_json(value: Any) -> bytes:
    """`value` in RFC 8785 form, which every later reader can read back: for what is written once and kept.

    EncodingError also for what can be written but not read, such as a whole number of 2**53 and more written as a float.
    """
    try:
        # What passes here reads back as it was written: plain texts, and numbers that no reader takes for others.
        return _ENCODER.encode(_plain(value)).encode()
    except (_NotPlain, UnicodeError, RecursionError):
        written = _canonical_json(value)
        parse_canonical_json(written)
        return written


def _plain(value: Any) -> Any:
    """`value` with whole numbers written as integers; _NotPlain for what the fast encoder would write otherwise than RFC 8785."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is dict:
        try:
            names = "".join(value)
        except TypeError as error:
            raise _NotPlain from error
        # Names sort by UTF-16 units, which is the order of code points only below the surrogates.
        if not names.isascii():
            raise _NotPlain
        return {name: part if type(part) is str else _plain(part) for name, part in value.items()}
    if kind is list or kind is tuple:
        return [part if type(part) is str else _plain(part) for part in value]
    if kind is int and -_LARGEST_INTEGER <= value <= _LARGEST_INTEGER:
        return value
    if kind is float:
        if _LEAST_PLAIN <= abs(value) <= _MOST_PLAIN:
            return int(value) if value.is_integer() else value
        if value == 0:
            return 0
    raise _NotPlain


def _canonical_json(value: Any) -> bytes:
    """The full algorithm."""
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
