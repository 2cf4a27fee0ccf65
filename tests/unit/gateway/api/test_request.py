"""What is let in of a request."""

import io
from typing import Any

import pytest

from gateway.api.request import bearer_token, is_json, passed_headers, read_body
from shared.errors import Malformed, TooLarge, Unsupported


class Untouched(io.RawIOBase):
    """A body that must not be read."""

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("the body was read")


def environ(body: bytes = b"", **over: Any) -> dict[str, Any]:
    return {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), **over}


def test_a_body_of_declared_length_is_read() -> None:
    assert read_body(environ(b"abc")) == b"abc"
    assert read_body(environ(b"abc", CONTENT_LENGTH="2")) == b"ab"


@pytest.mark.parametrize("length", ["-1", "1.5", "+3", "0x10", "1 2", "²", "9" * 19, "three"])
def test_a_length_that_is_none(length: str) -> None:
    with pytest.raises(Malformed):
        read_body(environ(b"abc", CONTENT_LENGTH=length))


def test_too_large_is_refused_before_reading() -> None:
    with pytest.raises(TooLarge, match="8 MiB"):
        read_body({"wsgi.input": Untouched(), "CONTENT_LENGTH": str(8 * 1024 * 1024 + 1)})


def test_a_body_without_a_length_is_read_with_a_bound() -> None:
    chunked = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    assert read_body(environ(b"abc", **chunked), most=3) == b"abc"
    with pytest.raises(TooLarge):
        read_body(environ(b"abcd", **chunked), most=3)
    assert read_body({"wsgi.input": Untouched()}) == b""


def test_a_body_that_breaks_off() -> None:
    with pytest.raises(Malformed):
        read_body(environ(b"abc", CONTENT_LENGTH="4"))


def test_a_compressed_body_is_not_taken() -> None:
    with pytest.raises(Unsupported):
        read_body(environ(b"abc", HTTP_CONTENT_ENCODING="gzip"))


def test_only_named_headers_pass() -> None:
    sent: dict[str, Any] = {
        "HTTP_SIGLAB_ACTOR": "forged", "HTTP_X_ACTOR": "forged", "HTTP_X_REQUEST_ID": "mine", "HTTP_X_FORWARDED_FOR": "192.0.2.1",
        "HTTP_FORWARDED": "for=192.0.2.1", "HTTP_AUTHORIZATION": "Bearer x", "HTTP_COOKIE": "x=y", "HTTP_CONNECTION": "close",
        "HTTP_TRANSFER_ENCODING": "chunked", "HTTP_IDEMPOTENCY_KEY": "k", "CONTENT_TYPE": "application/json", "HTTP_ACCEPT": "",
    }  # fmt: skip
    assert passed_headers(environ(**sent)) == [("content-type", "application/json"), ("idempotency-key", "k")]


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (None, None),
        ("Bearer abc_-1", "abc_-1"),
        ("bearer  abc", "abc"),
        ("Basic abc", ""),
        ("Bearer", ""),
        ("Bearer a b", ""),
        ("Bearer a, Bearer b", ""),
    ],
)
def test_tokens(header: str | None, token: str | None) -> None:
    assert bearer_token({} if header is None else {"HTTP_AUTHORIZATION": header}) == token


def test_json_is_what_services_take_for_json() -> None:
    for kind in ("application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json"):
        assert is_json([("content-type", kind)])
    for kind in (
        "text/plain",
        "multipart/form-data; boundary=application/json",
        "application/jsonx",
        "application/yaml",
    ):
        assert not is_json([("content-type", kind)])
    assert not is_json([])
