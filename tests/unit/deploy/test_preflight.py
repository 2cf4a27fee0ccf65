"""What is looked at before a start: each finding is one sentence, and nothing is made."""

import os
import shutil
import socket
from collections import namedtuple
from pathlib import Path

import pytest

from deploy.local import preflight
from deploy.local.errors import StartRefused
from deploy.local.layout import FORMAT_VERSION, Layout
from deploy.local.preflight import check_data_folder, check_port, check_store, nearest_folder

Usage = namedtuple("Usage", "total used free")


def test_a_folder_that_does_not_exist_yet_is_accepted_and_not_made(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "a" / "b")
    check_data_folder(layout)
    assert not layout.data_dir.exists()
    assert nearest_folder(layout.data_dir) == tmp_path


def test_a_file_is_no_data_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StartRefused, match="is a file"):
        check_data_folder(Layout(tmp_path / "data"))


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartRefused, match="cannot be written"):
        check_data_folder(Layout(tmp_path / "file" / "data"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StartRefused, match="cannot be written"):
        check_data_folder(Layout(tmp_path / "data"))


def test_a_full_disk_is_refused_with_what_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(2**40, 2**40, 120 * 2**20))
    with pytest.raises(StartRefused, match="only 120 MB are free"):
        check_data_folder(Layout(tmp_path))


@pytest.mark.parametrize(
    ("text", "said"), [("99", "newer version"), ("", "should hold a number"), ("x" * 90, "should hold")]
)
def test_a_version_that_is_not_known_is_refused(tmp_path: Path, text: str, said: str) -> None:
    layout = Layout(tmp_path)
    layout.version.write_text(text)
    with pytest.raises(StartRefused, match=said):
        check_data_folder(layout)


def test_the_version_of_this_code_is_accepted(tmp_path: Path) -> None:
    Layout(tmp_path).version.write_text(f"{FORMAT_VERSION}\n")
    check_data_folder(Layout(tmp_path))


def test_ports() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder, pytest.raises(StartRefused, match="in use"):
        check_port(holder.getsockname()[1])
    for number in (0, -1, 65536):
        with pytest.raises(StartRefused, match="no port number"):
            check_port(number)


def test_a_store_is_not_changed_under_existing_data(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert check_store(layout, "directory", None) == "directory"
    layout.store_kind.write_text("directory\n")
    assert check_store(layout, "directory", None) == "directory"
    with pytest.raises(StartRefused, match="keeps its spectra in store 'directory', not 's3'"):
        check_store(layout, "directory", "https://s3.example")


def test_minio_must_have_been_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "minio_binary", lambda: tmp_path / "minio")
    with pytest.raises(StartRefused, match="make minio"):
        check_store(Layout(tmp_path), "minio", None)
    (tmp_path / "minio").touch(mode=0o755)
    assert check_store(Layout(tmp_path), "minio", None) == "minio"
    with pytest.raises(StartRefused, match="exclude each other"):
        check_store(Layout(tmp_path), "minio", "https://s3.example")


def test_an_unknown_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match="directory or minio"):
        check_store(Layout(tmp_path), "tape", None)
