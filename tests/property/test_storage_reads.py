"""Any range of an object in parts is the slice of its bytes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.storage import directory_files
from shared.storage.directory_files import read_parts


@given(
    st.lists(st.binary(max_size=40), max_size=6),
    st.integers(0, 120),
    st.integers(0, 120),
    st.integers(1, 9),
)
def test_ranges_are_slices(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], start: int, end: int, chunk: int
) -> None:
    folder: Path = tmp_path_factory.mktemp("parts")
    parts = []
    for number, piece in enumerate(pieces):
        (folder / str(number)).write_bytes(piece)
        parts.append((str(number), len(piece)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(directory_files, "CHUNK_SIZE", chunk)
        chunks = list(read_parts(folder, parts, start, end))
    assert b"".join(chunks) == b"".join(pieces)[start:end]
    assert all(0 < len(piece) <= chunk for piece in chunks)
