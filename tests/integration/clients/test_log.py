"""`siglab-verify log` as its user runs it: over HTTP, keeping each checkpoint for the next time."""

import json
from pathlib import Path

import pytest

from benchmarks.synthetic_log import WITNESS, commitment, write_log
from tests.integration.clients.programs import run, served


@pytest.mark.rule("E20")
def test_each_check_starts_from_the_last(tmp_path: Path) -> None:
    log, kept = tmp_path / "log", tmp_path / "kept"
    write_log(log, 1000)
    with served(log) as url:
        first = run("log", url, "--key", log / "key", "--save", kept)
        assert (first.returncode, first.stderr) == (0, "")
        assert "has 1000 entries; no earlier checkpoint was given" in first.stdout
        write_log(log, 2000, cosigned_at=1_795_510_083)
        grown = run(
            *(
                "log",
                url,
                "--key",
                log / "key",
                "--since",
                kept,
                "--save",
                kept,
                "--witness",
                WITNESS,
                "--full",
                "--json",
            )
        )
        answer = json.loads(grown.stdout)
        assert grown.returncode == 0
        assert (answer["ok"], answer["since"]["size"], answer["checkpoint"]["size"]) == (True, 1000, 2000)
        assert answer["entries_read"] == 2000
        assert answer["witnesses"] == [{"name": WITNESS.name, "cosigned_at": "2026-11-24T08:48:03Z"}]
        assert kept.read_bytes() == (log / "checkpoint").read_bytes()
        write_log(log, 2001, entry=lambda i: b"x" if i == 3 else commitment(i))
        forged = run("log", url, "--key", log / "key", "--since", kept, "--save", kept)
        assert forged.returncode == 1
        assert "the log was rewritten: the first 2000 of its 2001 entries" in forged.stdout
        assert forged.stdout.endswith("NOT VERIFIED: 1 finding(s).\n")
        assert kept.read_bytes() != (log / "checkpoint").read_bytes()


def test_a_log_that_cannot_be_asked_is_not_called_false(tmp_path: Path) -> None:
    write_log(tmp_path, 10)
    done = run("log", "http://127.0.0.1:1/", "--key", tmp_path / "key", "--timeout", "1")
    assert done.returncode == 2
    assert "nothing can be said" in done.stderr


@pytest.mark.parametrize(
    "change",
    [["--key", "none"], ["--since", "none"], ["--since", "{log}/key"], ["--witness", "none"], ["--url", "x"]],
)
def test_wrong_use_is_told(change: list[str], tmp_path: Path) -> None:
    write_log(tmp_path, 10)
    done = run("log", tmp_path, "--key", tmp_path / "key", *(word.format(log=tmp_path) for word in change))
    assert (done.returncode, "error:" in done.stderr, "Traceback" in done.stderr) == (2, True, False)
    assert run("log", tmp_path / "none", "--key", tmp_path / "key").returncode == 2


def test_help_suffices() -> None:
    for command in ("log", "witness", "keygen"):
        done = run(command, "--help")
        assert (done.returncode, "Exit status" in done.stdout) == (0, True)
