"""A log that was tampered with is found by whoever kept one checkpoint, and the fault is named."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import synthetic_log
from benchmarks.synthetic_log import VERIFIER, WITNESS, commitment, write_log
from siglab_clients.log.check_log import check_log
from siglab_clients.log.findings import LogVerdict
from siglab_clients.log.sources import FolderSource, HttpSource, Unreachable, open_source
from siglab_clients.log.tile_tree import TileTree
from siglab_clients.tlog.checkpoints import Checkpoint
from siglab_clients.tlog.proofs import verify_consistency, verify_inclusion

SIZE, KEPT = 70_000, 66_000


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Checkpoint]:
    """A log of SIZE entries, and the head that it had at KEPT."""
    folder = tmp_path_factory.mktemp("log")
    kept = write_log(folder, KEPT)
    write_log(folder, SIZE, cosigned_at=1_795_510_083)
    return folder, kept


@pytest.fixture
def log(whole: tuple[Path, Checkpoint], tmp_path: Path) -> tuple[Path, Checkpoint]:
    """A copy of it to be tampered with."""
    return Path(shutil.copytree(whole[0], tmp_path / "log")), whole[1]


def check(folder: Path, since: Checkpoint | None = None, *, full: bool = False) -> LogVerdict:
    return check_log(FolderSource(folder), VERIFIER, since=since, full=full)


def said(verdict: LogVerdict) -> list[tuple[str, str]]:
    assert not verdict.ok
    return [(finding.code, str(finding)) for finding in verdict.findings]


@pytest.mark.rule("E20")
@pytest.mark.parametrize("full", [False, True])
def test_a_log_that_only_grew_holds(whole: tuple[Path, Checkpoint], full: bool) -> None:
    verdict = check_log(FolderSource(whole[0]), VERIFIER, since=whole[1], witnesses=[WITNESS], full=full)
    assert verdict.findings == ()
    assert verdict.checkpoint is not None and verdict.checkpoint.size == SIZE
    assert verdict.entries_read == (SIZE if full else 0)
    assert verdict.cosigned == {WITNESS.name: 1_795_510_083}


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537])
def test_every_size_holds(size: int, tmp_path: Path) -> None:
    head = write_log(tmp_path, size)
    since = check(tmp_path, full=True).checkpoint
    verdict = check(tmp_path, since, full=True)
    assert (verdict.findings, verdict.checkpoint, verdict.entries_read) == ((), head, size)


@pytest.mark.parametrize("old", [0, 1, 100, 256, 700, 768, 1000])
def test_proofs_out_of_tiles_hold(old: int, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    heads = {size: write_log(folder, size) for size in sorted({old, 1000})}
    tree = TileTree(FolderSource(folder), 1000)
    verify_consistency(old, heads[old].root, 1000, heads[1000].root, tree.consistency_proof(old))
    for index in {0, old - 1, old, 255, 256, 511, 767, 768, 999} & set(range(1000)):
        leaf = synthetic_log.leaf_hash(commitment(index))
        assert tree.leaf(index) == leaf
        verify_inclusion(index, 1000, leaf, tree.inclusion_proof(index), heads[1000].root)


@pytest.mark.rule("E20")
def test_a_fork_is_two_heads_of_one_size(whole: tuple[Path, Checkpoint], tmp_path: Path) -> None:
    forked = write_log(tmp_path, KEPT, entry=lambda i: b"other" if i == 40_000 else commitment(i))
    assert forked.size == whole[1].size
    ((code, sentence),) = said(check(tmp_path, whole[1]))
    assert code == "fork"
    assert f"two different heads of the same size {KEPT}" in sentence


@pytest.mark.rule("E20")
def test_a_log_that_lost_entries_is_truncated(tmp_path: Path, whole: tuple[Path, Checkpoint]) -> None:
    write_log(tmp_path, KEPT - 1)
    ((code, sentence),) = said(check(tmp_path, whole[1]))
    assert code == "truncated"
    assert f"now has {KEPT - 1} entries" in sentence
    assert f"it had {KEPT}" in sentence


CHANGES: dict[str, Callable[[int], bytes]] = {
    "changed": lambda i: b"other" if i == 40_000 else commitment(i),
    "removed": lambda i: commitment(i if i < 40_000 else i + 1),
    "inserted": lambda i: commitment(i if i < 40_000 else i - 1),
    "moved": lambda i: commitment({40_000: 40_001, 40_001: 40_000}.get(i, i)),
    "the first": lambda i: b"other" if i == 0 else commitment(i),
    "the last": lambda i: b"other" if i == KEPT - 1 else commitment(i),
}


@pytest.mark.rule("E20")
@pytest.mark.parametrize("name", CHANGES)
def test_a_log_written_anew_and_signed_anew_is_found(
    name: str, whole: tuple[Path, Checkpoint], tmp_path: Path
) -> None:
    write_log(tmp_path, SIZE, entry=CHANGES[name])
    ((code, sentence),) = said(check(tmp_path, whole[1]))
    assert code == "rewritten"
    assert f"the first {KEPT} of its {SIZE} entries are not those" in sentence


def flip(path: Path, place: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(bytes(raw))


#: File, byte, what is said of it, and whether it is found without reading every entry.
TILES = {
    "leaf in a full tile": ("tile/0/100", 32 * 7, "entry", "entry 25607 in tile/entries/100", False),
    "leaf at the edge": ("tile/0/273.p/112", 32 * 7, "entry", "hash 7 of tile/0/273.p/112", True),
    "a bundle's entry": ("tile/entries/100", 71 * 7 + 20, "entry", "entry 25607 in tile/entries/100", False),
    "an entry at the edge": ("tile/entries/273.p/112", 71 * 3 + 20, "entry", "entry 69891", False),
    "level 1": ("tile/1/000", 32 * 5, "tile", "hash 5 of tile/1/000 is not that of the entries 1280 to 1535", False),
    "level 1 at the edge": ("tile/1/001.p/17", 32 * 5, "tile", "hash 5 of tile/1/001.p/17", True),
    "level 2": ("tile/2/000.p/1", 3, "tile", "hash 0 of tile/2/000.p/1 is not that of the entries 0 to 65535", True),
}  # fmt: skip


@pytest.mark.rule("E20")
@pytest.mark.parametrize("name", TILES)
def test_a_rewritten_tile_is_named(name: str, log: tuple[Path, Checkpoint]) -> None:
    path, place, code, words, quick = TILES[name]
    flip(log[0] / path, place)
    found = said(check(log[0], log[1], full=True))
    assert [kind for kind, _ in found] == [code] or found[0][0] == code
    assert words in found[0][1]
    if quick:
        assert said(check(log[0], log[1])) == found


@pytest.mark.parametrize("path", ["tile/0/273.p/112", "tile/1/001.p/17", "tile/entries/017", "tile/0/017"])
@pytest.mark.parametrize("change", ["gone", "cut", "longer"])
def test_a_file_that_is_missing_or_of_another_length_is_named(
    path: str, change: str, log: tuple[Path, Checkpoint]
) -> None:
    file = log[0] / path
    raw = file.read_bytes()
    file.unlink() if change == "gone" else file.write_bytes(raw[:-1] if change == "cut" else raw + bytes(7))
    found = said(check(log[0], log[1], full=True))
    assert found[0][0] == "tile" and found[0][1].startswith(path)


def test_where_a_partial_tile_has_been_replaced_by_the_full_one_that_is_read(
    log: tuple[Path, Checkpoint], whole: tuple[Path, Checkpoint]
) -> None:
    folder, _ = log
    head = (folder / "checkpoint").read_bytes()
    shutil.rmtree(folder / "tile/0/273.p")
    shutil.rmtree(folder / "tile/entries/273.p")
    write_log(folder, 274 * 256)
    (folder / "checkpoint").write_bytes(head)
    assert check(folder, whole[1], full=True).findings == ()


@pytest.mark.rule("E20")
def test_without_the_witness_that_was_asked_for_nothing_holds(log: tuple[Path, Checkpoint]) -> None:
    folder, kept = log
    note = (folder / "checkpoint").read_text()
    lines = note.splitlines(keepends=True)
    (folder / "checkpoint").write_text("".join(lines[:-1]))
    verdict = check_log(FolderSource(folder), VERIFIER, since=kept, witnesses=[WITNESS])
    ((code, sentence),) = said(verdict)
    assert code == "witness" and f"not cosigned by the witness {WITNESS.name}" in sentence


@pytest.mark.parametrize(
    "content", [b"", b"nothing", b"\xff\n\n", b"a\n1\nAA==\n\n\xe2\x80\x94 a AAAAAAA=\n", None]
)
def test_a_checkpoint_that_is_none_is_refused(content: bytes | None, log: tuple[Path, Checkpoint]) -> None:
    path = log[0] / "checkpoint"
    path.unlink() if content is None else path.write_bytes(content)
    ((code, _),) = said(check(log[0], log[1]))
    assert code == "checkpoint"


def test_a_place_that_is_no_log_is_told(tmp_path: Path) -> None:
    for place in [str(tmp_path / "none"), "ftp://lab.example/", "http:///x", "https://lab.example/?a=b"]:
        with pytest.raises(ValueError, match=r"neither the address|not the address"):
            open_source(place)


def test_a_server_that_does_not_answer_proves_nothing() -> None:
    source = HttpSource("http://127.0.0.1:1/ledger/", timeout=1, pause=lambda seconds: None)
    with pytest.raises(Unreachable, match=r"cannot be had from 127\.0\.0\.1"):
        check_log(source, VERIFIER)
