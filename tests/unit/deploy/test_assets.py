"""What set-up puts into its places, and when it asks the registry."""

import json
from pathlib import Path

import pytest

from deploy.assets.build import swap_in
from deploy.assets.installed import installed_as_locked

LOCK = {"packages": {"": {}, "node_modules/uplot": {"version": "1", "integrity": "sha512-a"}}}


def put(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def test_the_registry_is_asked_only_for_what_differs(tmp_path: Path) -> None:
    put(tmp_path / "package-lock.json", LOCK)
    assert not installed_as_locked(tmp_path)
    put(tmp_path / "node_modules" / ".package-lock.json", LOCK)
    assert not installed_as_locked(tmp_path), "the package's files are gone"
    put(tmp_path / "node_modules" / "uplot" / "package.json", {})
    assert installed_as_locked(tmp_path)
    put(tmp_path / "package-lock.json", {"packages": {"node_modules/uplot": {"integrity": "sha512-b"}}})
    assert not installed_as_locked(tmp_path)


def test_a_broken_build_leaves_the_old_folder(tmp_path: Path) -> None:
    target = tmp_path / "vendor"
    swap_in(lambda folder: put(folder / "a.json", 1), target)

    def broken(folder: Path) -> None:
        put(folder / "b.json", 2)
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        swap_in(broken, target)
    assert [path.name for path in target.iterdir()] == ["a.json"]
    swap_in(lambda folder: put(folder / "c.json", 3), target)
    assert [path.name for path in target.iterdir()] == ["c.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["vendor"]
