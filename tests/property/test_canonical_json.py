"""The fast way to canonical JSON writes what the full algorithm (RFC 8785) writes, and refuses what it refuses."""

import hashlib
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from siglab_clients.tlog.commitments import commitment_entry, entry_of
from siglab_clients.tlog.encoding import (
    canonical_json,
    encode_base64,
    parse_canonical_json,
    readable_canonical_json,
)
from siglab_clients.tlog.errors import EncodingError

_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_NUMBERS = st.floats(1e-8, 1e-3) | st.floats(1e14, 1e23) | st.integers(2**53 - 3, 2**53 + 3)
VALUES = st.recursive(
    _LEAVES | _NUMBERS, lambda part: st.lists(part) | st.dictionaries(st.text(), part), max_leaves=20
)


@given(VALUES)
@example({"\U00010000": 1, "\uffff": 2})
@example([-0.0, 0.0, 1e15, 1e16, 1e21, 1e-5, 1e-7, 5e-324, 1.0, 333333333.33333329])
@example(['\u2028\x7f\x00\x1f/"\\', "é", {"a": [True, None, 1]}])
@example("\ud800")
@example(float("nan"))
@example(2**53)
def test_both_ways_agree(value: Any) -> None:
    try:
        wanted = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeError):
        with pytest.raises(EncodingError):
            canonical_json(value)
    else:
        assert canonical_json(value) == wanted


@given(VALUES)
@example(1e16)
@example({"mass": 9007199254740993.0})
@example([1e15, 1e-4, 2**53 - 1, "\ud800"])
def test_what_is_written_to_be_kept_can_be_read(value: Any) -> None:
    try:
        wanted = canonical_json(value)
        parse_canonical_json(wanted)
    except EncodingError:
        with pytest.raises(EncodingError):
            readable_canonical_json(value)
    else:
        assert readable_canonical_json(value) == wanted


@given(
    st.dictionaries(st.text(max_size=5), _LEAVES.filter(lambda v: v == v), max_size=5), st.binary(min_size=16)
)
def test_an_entry_is_the_canonical_commitment(event: dict[str, Any], salt: bytes) -> None:
    try:
        written = rfc8785.dumps(event)
    except (rfc8785.CanonicalizationError, UnicodeError):
        return
    commitment = encode_base64(hashlib.sha256(salt + written).digest())
    wanted = rfc8785.dumps({"v": 1, "commitment": commitment})
    assert entry_of(written, salt) == commitment_entry(event, salt) == wanted
