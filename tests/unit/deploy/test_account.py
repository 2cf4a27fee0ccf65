"""Who PostgreSQL runs as."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from deploy.local import account
from deploy.local.account import Account, account_for
from deploy.local.errors import StartRefused


def stand_in(folder: Path, script: str) -> Path:
    for name in ("postgres", "pg_config"):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.skipif(os.geteuid() == 0, reason="as an ordinary user")
def test_an_ordinary_user_runs_it_as_oneself(tmp_path: Path) -> None:
    assert account_for(tmp_path, tmp_path) == Account()


@pytest.mark.skipif(os.geteuid() != 0, reason="as root")
def test_root_runs_it_as_somebody_else_and_lends_no_more_than_is_needed(tmp_path: Path) -> None:
    open_folder = Path(tempfile.mkdtemp(dir="/tmp"))
    open_folder.chmod(0o755)
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    try:
        stand_in(open_folder, "exit 0")
        free, lent = account_for(open_folder, open_folder), account_for(closed / "data", open_folder)
    finally:
        shutil.rmtree(open_folder)
    assert free.uid not in (None, 0)
    assert "caps=+" not in " ".join(free.prefix)
    assert "--ambient-caps=+dac_read_search" in lent.prefix


@pytest.mark.skipif(os.geteuid() != 0, reason="as root")
def test_what_cannot_be_run_is_said_with_the_reason(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(StartRefused, match=r"closed to others is .*closed.*\(it will not\)"):
        account_for(closed / "data", stand_in(tmp_path, "echo 'it will not' >&2; exit 1"))


@pytest.mark.skipif(os.geteuid() != 0, reason="as root")
def test_a_machine_without_setpriv_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account.shutil, "which", lambda name: None)
    with pytest.raises(StartRefused, match="setpriv"):
        account_for(tmp_path, tmp_path)
