"""A folder on a disk that is really full: refused as such, told before, and well again once there is room."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.api.health import look_at_disk, summarise
from shared.storage.directory import DirectoryStore
from shared.storage.errors import StoreFull

STORE = {"kind": "directory", "versioning": True, "object_lock": True, "state": "ok"}
UP: dict[str, dict[str, Any] | None] = {"chain_of_custody": {"database": "up", "store": STORE}}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(tmp_path)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("no file system may be mounted here")
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_full_folder_is_told_and_keeps_what_it_has(small: Path) -> None:
    store = DirectoryStore(small / "objects")
    assert store.prepare(datetime.now(UTC)).object_lock
    until = datetime.now(UTC) + timedelta(days=1)
    first = store.put("spectra/first", b"kept", retain_until=until)
    disk = look_at_disk(small, 1_000_000)
    assert disk is not None and disk["state"] == "ok"
    assert summarise(UP, database=True, disk=disk)["status"] == "ok"
    filler = small / "somebody else's"
    with suppress(OSError), filler.open("wb", buffering=0) as handle:
        while handle.write(bytes(65_536)):
            pass
    assert store.free_bytes() < 65_536
    disk = look_at_disk(small, 1_000_000)
    assert disk is not None and disk["state"] == "low" and "0 MB are left" in str(disk["detail"])
    assert summarise(UP, database=True, disk=disk)["status"] == "degraded"
    with pytest.raises(StoreFull):
        store.require_room()
    with pytest.raises(StoreFull):
        store.put("spectra/second", bytes(100_000), retain_until=until)
    assert b"".join(store.read("spectra/first", first.version_id)) == b"kept"
    filler.unlink()
    store.require_room()
    store.put("spectra/second", bytes(100_000), retain_until=until)


def test_a_process_without_the_folder_says_nothing_of_it(tmp_path: Path) -> None:
    assert look_at_disk(tmp_path / "elsewhere", 1) is None
    assert summarise(UP, database=True, disk=None)["status"] == "ok"
