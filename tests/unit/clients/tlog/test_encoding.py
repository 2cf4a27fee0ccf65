"""One text for one value: base64 and canonical JSON in exactly one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siglab_clients.tlog.encoding import canonical_json, decode_base64, encode_base64, parse_canonical_json
from siglab_clients.tlog.errors import EncodingError


@given(st.binary(max_size=100))
def test_base64_there_and_back(raw: bytes) -> None:
    assert decode_base64(encode_base64(raw)) == raw


@given(st.binary(min_size=1, max_size=40), st.data())
def test_no_changed_character_of_base64_goes_unnoticed(raw: bytes, data: st.DataObject) -> None:
    text = encode_base64(raw)
    at = data.draw(st.integers(0, len(text) - 1))
    bit = data.draw(st.integers(0, 6))
    changed = text[:at] + chr(ord(text[at]) ^ 1 << bit) + text[at + 1 :]
    try:
        assert decode_base64(changed) != raw
    except EncodingError:
        return


@pytest.mark.parametrize(
    "text", ["QQ", "QQ=", "QR==", "QQ==\n", " QQ==", "Q Q==", "QQ==QQ==", "_-==", "é", "Q===", "="]
)
def test_other_spellings_of_base64_are_refused(text: str) -> None:
    with pytest.raises(EncodingError, match="base64"):
        decode_base64(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 2, "a": 1}, '{"a":1,"b":2}'),
        ([56.0, 1e30, 4.5, 0.002, 1e-27], "[56,1e+30,4.5,0.002,1e-27]"),
        ({"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}, None),
        ('\u20ac$\u000f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        ([None, True, False], "[null,true,false]"),
    ],
)
def test_canonical_forms_of_the_rfc(value: object, text: str | None) -> None:
    """RFC 8785 sections 3.2.2 and 3.2.3; where no text stands, the order of the keys is what is meant."""
    raw = canonical_json(value)
    assert raw.decode() == (text or '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}')
    assert parse_canonical_json(raw) == value


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 2**53, {"a": {1, 2}}, {1: "a"}, "\ud800", {"\ud800": 1}, b"x"]
)
def test_values_without_a_canonical_form_are_refused(value: object) -> None:
    with pytest.raises(EncodingError, match="no canonical JSON form"):
        canonical_json(value)


@pytest.mark.parametrize(
    "text",
    [
        *(b'{"a": 1}', b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{"a":1}\n', b"1.0", b'"\\u0041"', b"1E3", b"-0"),
        *(b'\xef\xbb\xbf"a"', b"", b"{", b"NaN", b"Infinity", b"1e999", b"\xff", b'"\\ud800"', b"1" * 5000),
        *(b"nul", b"[1,]"),
    ],
)
def test_other_spellings_of_json_are_refused(text: bytes) -> None:
    with pytest.raises(EncodingError, match="JSON"):
        parse_canonical_json(text)


@pytest.mark.parametrize("depth", [5000, 200_000])
def test_deep_nesting_is_refused_and_not_a_crash(depth: int) -> None:
    with pytest.raises(EncodingError, match="nested too deeply"):
        parse_canonical_json(b"[" * depth + b"]" * depth)
