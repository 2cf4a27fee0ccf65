"""The witness as a program: over HTTP, with many at once, killed and started again."""

import threading
from pathlib import Path

import pytest

from siglab_clients.tlog.cosignatures import open_cosignature, parse_witness_key
from tests.integration.clients.programs import run, witness
from tests.unit.clients.witness.logs import LOG, growth, note, request


@pytest.mark.rule("E20")
def test_it_cosigns_and_answers_as_the_protocol_says(tmp_path: Path) -> None:
    with witness(tmp_path, str(LOG)) as running:
        status, _, line = running.post(growth(0, 5), "/prefix/add-checkpoint")
        assert status == 200
        assert open_cosignature((note(5) + line).encode(), parse_witness_key(running.key)) > 1_700_000_000
        assert running.post(growth(0, 7)) == (409, "text/x.tlog.size", "5\n")
        assert running.post(growth(5, 7, b"x"))[0] == 422
        assert running.post(b"\xff")[0] == 400
        assert running.post(growth(5, 7), "/elsewhere")[0] == 404
        assert running.post(bytes(70_000))[0] == 413
        assert "5 entries" in run_about(running.port)


def run_about(port: int) -> str:
    from urllib.request import urlopen

    with urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
        return str(answer.read().decode())


@pytest.mark.rule("E20")
def test_killed_it_remembers_what_it_signed(tmp_path: Path) -> None:
    with witness(tmp_path, str(LOG)) as running:
        assert running.post(growth(0, 5))[0] == 200
        running.process.kill()
        running.process.wait(20)
    with witness(tmp_path, str(LOG)) as running:
        assert running.post(request(5, [], note(5, b"x")))[0] == 409
        assert running.post(growth(5, 8, b"x"))[0] == 422
        assert running.post(growth(5, 8))[0] == 200


@pytest.mark.rule("E20")
def test_of_two_forks_at_once_one_is_signed(tmp_path: Path) -> None:
    with witness(tmp_path, str(LOG)) as running:
        assert running.post(growth(0, 3))[0] == 200
        answers: list[int] = []
        bodies = [growth(3, 8), growth(3, 8, b"x")] * 4
        threads = [threading.Thread(target=lambda b=b: answers.append(running.post(b)[0])) for b in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [200] + [409] * 7


def test_one_memory_serves_one_witness(tmp_path: Path) -> None:
    with witness(tmp_path, str(LOG)):
        second = run(
            *("witness", "--key-file", tmp_path / "witness.key", "--log", LOG, "--listen", "127.0.0.1:0"),
            *("--state", tmp_path / "state"),
        )
        assert second.returncode == 2
        assert "another witness is using it" in second.stderr


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    made = run("keygen", "--name", "office.example/w1", "--out", tmp_path / "key")
    assert made.returncode == 0
    assert made.stdout == (tmp_path / "key.vkey").read_text()
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    again = run("keygen", "--name", "office.example/w1", "--out", tmp_path / "key")
    assert (again.returncode, "never written over" in again.stderr) == (2, True)
    assert run("keygen", "--name", "two words", "--out", tmp_path / "other").returncode == 2


@pytest.mark.parametrize(
    "change", [["--listen", "nowhere"], ["--key-file", "none"], ["--log", "none"], ["--log", str(LOG)]]
)
def test_wrong_use_is_told(change: list[str], tmp_path: Path) -> None:
    run("keygen", "--name", "office.example/w1", "--out", tmp_path / "key")
    right = [
        "--key-file",
        tmp_path / "key",
        "--log",
        LOG,
        "--listen",
        "127.0.0.1:0",
        "--state",
        tmp_path / "state",
    ]
    done = run("witness", *right, *change)
    assert (done.returncode, "error:" in done.stderr, "Traceback" in done.stderr) == (2, True, False)
