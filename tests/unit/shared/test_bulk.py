"""Bytes handed over beside the bus: all of them or a refusal, and nothing is left behind."""

import os
from pathlib import Path

import pytest

from shared.bulk import BulkFolder
from shared.errors import Invalid, Unavailable


@pytest.fixture
def folder(tmp_path: Path) -> BulkFolder:
    return BulkFolder(tmp_path)


def test_what_was_written_is_read_and_then_gone(folder: BulkFolder, tmp_path: Path) -> None:
    file = folder.create(1 << 20)
    assert file is not None
    file.write(b"evi")
    file.write(b"dence")
    with folder.reading(file.name, file.size) as view:
        file.close()
        assert bytes(view) == b"evidence"
    file.close()
    assert list(tmp_path.iterdir()) == []


def test_an_error_inside_stays_what_it_was(folder: BulkFolder) -> None:
    """Its frames hold a slice of the bytes, which must not make another error of it."""
    file = folder.create(8)
    assert file is not None
    file.write(b"evidence")

    def fail(part: memoryview) -> None:
        raise Unavailable(f"The store does not answer; {len(part)} bytes wait.")

    with pytest.raises(Unavailable, match="8 bytes wait"), folder.reading(file.name, file.size) as view:
        fail(view[:])
    file.close()


def test_only_its_owner_may_read_it(folder: BulkFolder, tmp_path: Path) -> None:
    file = folder.create(1)
    assert file is not None
    assert (tmp_path / file.name).stat().st_mode & 0o777 == 0o600
    file.close()


@pytest.mark.parametrize("name", ["../secret", "a" * 32, "", "A" * 32, "a" * 31 + "\n"])
def test_a_name_that_was_not_given_is_refused(folder: BulkFolder, tmp_path: Path, name: str) -> None:
    (tmp_path.parent / "secret").write_bytes(b"x")
    with pytest.raises(Invalid), folder.reading(name, 1):
        pass


def test_a_link_is_not_followed(folder: BulkFolder, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"secret")
    (tmp_path / ("b" * 32)).symlink_to(target)
    with pytest.raises(Invalid), folder.reading("b" * 32, 1):
        pass


def test_more_than_there_is_is_refused(folder: BulkFolder) -> None:
    file = folder.create(16)
    assert file is not None
    with pytest.raises(Invalid, match="too short"), folder.reading(file.name, 17):
        pass
    file.close()


def test_without_folder_or_room_bytes_go_another_way(tmp_path: Path) -> None:
    assert BulkFolder(tmp_path / "missing").create(1) is None
    assert BulkFolder(tmp_path).create(1 << 60) is None
    assert list(tmp_path.iterdir()) == []


def test_what_killed_processes_left_is_swept_and_nothing_else(folder: BulkFolder, tmp_path: Path) -> None:
    old, new, other = tmp_path / ("a" * 32), tmp_path / ("b" * 32), tmp_path / "notes"
    for path in (old, new, other):
        path.write_bytes(b"x")
    for path in (old, other):
        os.utime(path, (0, 0))
    folder.sweep()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b" * 32, "notes"]
