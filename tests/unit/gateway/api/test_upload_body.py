"""Bodies of uploads are cut into pieces while they come; hardly more than a piece is ever held."""

import io
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.pieces import PIECE
from gateway.api.upload_body import Body
from shared.errors import TooLarge


class Source(io.RawIOBase):
    """A body of `size` bytes that come in portions of at most `portion`, and that stand nowhere."""

    def __init__(self, size: int, portion: int = 1 << 20) -> None:
        self.left, self.portion, self.most_asked = size, portion, 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        assert size > 0, "the whole body is never asked for at once"
        self.most_asked = max(self.most_asked, size)
        size = min(size, self.left, self.portion)
        self.left -= size
        return bytes(size)


def body(source: Source, room: int, announced: int | None) -> Body:
    environ: dict[str, Any] = {"wsgi.input": source, "wsgi.input_terminated": True}
    if announced is not None:
        environ["CONTENT_LENGTH"] = str(announced)
    return Body(environ, room)


@given(
    size=st.integers(0, 3 * PIECE),
    portion=st.sampled_from([1 << 20, 65_536, 50_001]),
    announced=st.booleans(),
)
def test_pieces_are_the_body_in_order(size: int, portion: int, announced: bool) -> None:
    found = body(Source(size, portion), size, size if announced else None)
    sizes = [len(piece) for piece in found.pieces()]
    assert sum(sizes) == size and not found.broken
    assert all(given == PIECE for given in sizes[:-1]) and all(0 < given <= PIECE for given in sizes)


def test_a_large_body_is_never_held() -> None:
    source = Source(500_000_000)
    tracemalloc.start()
    count = sum(1 for _ in body(source, 500_000_000, 500_000_000).pieces())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == -(-500_000_000 // PIECE) and source.left == 0
    assert most < 4 * PIECE, f"{most} bytes were held at once"


def test_without_a_length_and_without_an_end_there_is_no_body() -> None:
    found = Body({"wsgi.input": Source(10)}, 10)
    assert list(found.pieces()) == [] and not found.broken


def test_an_unannounced_body_is_read_no_further_than_needed_to_see_that_it_is_too_long() -> None:
    source = Source(10**9)
    with pytest.raises(TooLarge):
        list(body(source, 100, None).pieces())
    assert source.left == 10**9 - 101
