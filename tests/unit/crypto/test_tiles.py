"""Tiles and entry bundles (C2SP tlog-tiles)."""

import pytest

from shared.crypto import merkle, tiles
from siglab_clients.tlog.hashing import leaf_hash, root_of_subtrees

SIZE = 70_000


@pytest.fixture(scope="module")
def store() -> merkle.MemoryLogStore:
    filled = merkle.MemoryLogStore()
    merkle.append(filled, 0, [leaf_hash(n.to_bytes(4, "big")) for n in range(SIZE)])
    return filled


@pytest.mark.parametrize(
    ("level", "number", "width"),
    [(0, 0, 256), (0, 272, 256), (0, 273, 112), (0, 274, 0), (1, 0, 256), (1, 1, 17), (2, 0, 1), (3, 0, 0)],
)
def test_widths_are_those_of_the_specifications_example(level: int, number: int, width: int) -> None:
    assert tiles.tile_width(level, number, SIZE) == width


def test_a_log_of_256_has_a_full_tile_and_one_above() -> None:
    assert (tiles.tile_width(0, 0, 256), tiles.tile_width(1, 0, 256)) == (256, 1)


@pytest.mark.rule("E19")
def test_tiles_hold_the_hashes_and_lead_to_the_root(store: merkle.MemoryLogStore) -> None:
    assert tiles.tile(store, 0, 1, 3) == b"".join(leaf_hash((256 + n).to_bytes(4, "big")) for n in range(3))
    first = tiles.tile(store, 0, 0, 256)
    assert len(first) == 8192
    sub = merkle.MemoryLogStore()
    merkle.append(sub, 0, [first[at : at + 32] for at in range(0, len(first), 32)])
    assert tiles.tile(store, 1, 0, 1) == merkle.root(sub, 256)
    top = tiles.tile(store, 2, 0, 1)
    ends = [tiles.tile(store, 1, 1, 17), tiles.tile(store, 0, 273, 112)]
    tails = []
    for raw in ends:
        part = merkle.MemoryLogStore()
        count = merkle.append(part, 0, [raw[at : at + 32] for at in range(0, len(raw), 32)])
        tails.append((part, count))
    # 17 subtrees of 256 leaves are 16 and 1; the leaves behind them hang below the last split.
    last = [merkle.root(tails[0][0], 16), tiles.tile(store, 1, 1, 17)[-32:], merkle.root(*tails[1])]
    assert root_of_subtrees([top, *last]) == merkle.root(store, SIZE)


@pytest.mark.parametrize(("level", "number", "width"), [(0, 0, 0), (0, 0, 257), (-1, 0, 1), (0, -1, 1)])
def test_impossible_tiles_are_refused(
    store: merkle.MemoryLogStore, level: int, number: int, width: int
) -> None:
    with pytest.raises(ValueError, match="there is no tile"):
        tiles.tile(store, level, number, width)


def test_a_tile_beyond_the_log_is_missing(store: merkle.MemoryLogStore) -> None:
    with pytest.raises(merkle.MissingHash, match="missing"):
        tiles.tile(store, 0, 273, 113)


@pytest.mark.parametrize(
    ("path", "number", "width"),
    [
        ("000", 0, 256),
        ("067.p/5", 67, 5),
        ("x001/x234/067", 1234067, 256),
        ("x001/000.p/255", 1000, 255),
        ("999", 999, 256),
    ],
)
def test_paths(path: str, number: int, width: int) -> None:
    assert tiles.tile_path(number, width) == path
    assert tiles.parse_tile_path(path) == (number, width)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "0",
            "00",
            "0000",
            "x000/067",
            "x001",
            "001/234",
            "x001/x234",
            "067.p/0",
            "067.p/256",
            "067.p/05",
        ),
        *("067.p/", "067/", "/067", "../067", "067.p/1/", "067.P/1", "٠٦٧", "067\n", "x1/000"),
    ],
)
def test_other_spellings_of_paths_are_refused(path: str) -> None:
    assert tiles.parse_tile_path(path) is None


def test_entry_bundles_carry_lengths() -> None:
    assert tiles.entry_bundle([b"a", b"", b"bcd"]) == b"\x00\x01a\x00\x00\x00\x03bcd"
    assert len(tiles.entry_bundle([bytes(0xFFFF)])) == 0xFFFF + 2
    with pytest.raises(ValueError, match="longer than"):
        tiles.entry_bundle([bytes(0x10000)])
