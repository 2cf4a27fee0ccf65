"""Range headers: what a span is, and what means the whole file. The requests themselves are tested at /spectra/{id}/content."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chain_of_custody.domain.byte_range import Span, Unsatisfiable, read_range


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, None),
        ("", None),
        ("bytes=0-", Span(0, 99)),
        ("bytes=99-99", Span(99, 99)),
        ("bytes=-100", Span(0, 99)),
        ("bytes=-101", Span(0, 99)),
        ("bytes= 5-7 ", Span(5, 7)),
        ("bytes=7-5", None),
        ("bytes=0-1,3-4", None),
        ("BYTES=0-1", None),
        ("bytes=٣-٤", None),
        ("bytes=" + "9" * 30 + "-", None),
    ],
)
def test_of_a_hundred_bytes(header: str | None, span: Span | None) -> None:
    assert read_range(header, 100) == span


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-5", 0)]
)
def test_behind_the_end(header: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        read_range(header, size)


@given(st.integers(1, 10_000), st.integers(0, 20_000), st.integers(0, 20_000))
def test_a_span_lies_within_the_file(size: int, first: int, last: int) -> None:
    try:
        span = read_range(f"bytes={first}-{last}", size)
    except Unsatisfiable:
        assert first >= size
        return
    if span is None:
        assert last < first
    else:
        assert 0 <= span.first <= span.last < size and span.length == min(last, size - 1) - first + 1
