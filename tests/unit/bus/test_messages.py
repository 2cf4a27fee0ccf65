"""The header frame, which only the two ends read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.messages import BusRequest, decode_request, decode_response_header, encode_response_header
from shared.bus.protocol import MAX_HEADER, ProtocolError

headers = st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=5)


@given(st.text(max_size=10), st.text(max_size=60), st.text(max_size=30), headers, st.binary(max_size=50))
def test_a_request_crosses_unchanged(
    method: str, path: str, query: str, head: list[tuple[str, str]], body: bytes
) -> None:
    request = BusRequest(method, path, query, head, body)
    assert decode_request(request.encode_header(), body) == request


@given(st.integers(100, 599), headers)
def test_a_response_crosses_unchanged(status: int, head: list[tuple[str, str]]) -> None:
    assert decode_response_header(encode_response_header(status, head)) == (status, head)


@given(st.binary(max_size=200))
def test_rubbish_gives_the_specific_error(header: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_request(header, b"")
    with pytest.raises(ProtocolError):
        decode_response_header(header)


@pytest.mark.parametrize(
    "header",
    [
        b'["GET","/","",[["a"]]]',
        b'["GET","/","",[["a",1]]]',
        b'["GET","/","",["ab"]]',
        b'["GET","/",""]',
        b'["GET","/","",{}]',
        b"[" * 100_000,
    ],
)
def test_a_header_of_another_form_is_refused(header: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_request(header, b"")


@pytest.mark.parametrize("header", [b"[99,[]]", b"[600,[]]", b'["200",[]]', b"[200]", b"[true,[]]"])
def test_a_response_needs_a_status_and_headers(header: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_response_header(header)


def test_headers_are_found_whatever_their_case() -> None:
    request = BusRequest("POST", "/", headers=[("Idempotency-Key", "k1"), ("idempotency-key", "k2")])
    assert request.header("IDEMPOTENCY-KEY") == "k1"
    assert request.header("etag") is None


def test_response_headers_that_are_too_long_are_not_sent() -> None:
    with pytest.raises(ProtocolError, match="too long"):
        encode_response_header(200, [("X-Long", "x" * MAX_HEADER)])
