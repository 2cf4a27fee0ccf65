"""The command: exit status and what it prints."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from siglab_clients.verify.cli import main
from tests.unit.clients.verify.bundles import ITEM_ID, ORIGIN, TRUSTED, bundle


@pytest.fixture
def key(tmp_path: Path) -> str:
    path = tmp_path / "key"
    path.write_text(f"{TRUSTED}\n")
    return str(path)


def written(tmp_path: Path, raw: bytes) -> str:
    path = tmp_path / "bundle.zip"
    path.write_bytes(raw)
    return str(path)


def test_a_good_bundle_is_verified(tmp_path: Path, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([written(tmp_path, bundle()), "--key", key]) == 0
    assert capsys.readouterr().out == (
        f"VERIFIED: item {ITEM_ID}, 4 event(s), all in the log {ORIGIN} of 9 entries.\n"
        f"Checked with the key {ORIGIN}: id {TRUSTED.id.hex()}, SHA-256 of its 32 bytes {TRUSTED.fingerprint}.\n"
    )


def test_a_bad_bundle_is_not(tmp_path: Path, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    raw = bundle(lambda files: files.__delitem__("item.json"))
    assert main([written(tmp_path, raw), "--key", key]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "item.json: the file is missing",
        "NOT VERIFIED: 1 finding(s).",
    ]


def test_answers_in_json(tmp_path: Path, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([written(tmp_path, bundle()), "--key", key, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is True
    assert answer["findings"] == []
    assert answer["checkpoint"]["size"] == 9
    assert main([written(tmp_path, b"not a zip"), "--key", key, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert [finding["where"] for finding in answer["findings"]] == ["bundle"]


USAGE = {
    "no arguments": [],
    "no key": ["{bundle}"],
    "no such key": ["{bundle}", "--key", "{folder}/none"],
    "no such bundle": ["{folder}/none", "--key", "{key}"],
    "folder as bundle": ["{folder}", "--key", "{key}"],
    "bundle as key": ["{bundle}", "--key", "{bundle}"],
    "unknown option": ["{bundle}", "--key", "{key}", "--fast"],
}


@pytest.mark.parametrize("name", USAGE)
def test_wrong_use_is_told_apart(
    name: str, tmp_path: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"bundle": written(tmp_path, bundle()), "folder": str(tmp_path), "key": key}
    with pytest.raises(SystemExit) as stopped:
        main([text.format(**places) for text in USAGE[name]])
    assert stopped.value.code == 2
    assert "siglab-verify: error:" in capsys.readouterr().err


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "Exit status" in capsys.readouterr().out


def test_the_verifier_needs_nothing_of_the_server(tmp_path: Path, key: str) -> None:
    """Run where only its own package and its two libraries can be imported."""
    program = (
        "import sys; sys.modules.update(dict.fromkeys(('shared', 'services', 'gateway', 'socket', 'ssl')));"
        "from siglab_clients.verify.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, written(tmp_path, bundle()), "--key", key],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
