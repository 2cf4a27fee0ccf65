"""Key files."""

from pathlib import Path

import pytest

from shared.bus.curve import load_allow_list, load_public_keys, load_secret_key, make_curve_keypair


def write(folder: Path, name: str, content: bytes) -> None:
    (folder / "bus").mkdir(exist_ok=True)
    (folder / "bus" / name).write_bytes(content)


def test_keys_are_read_with_or_without_a_line_end(tmp_path: Path) -> None:
    public, secret = make_curve_keypair()
    write(tmp_path, "gateway.key", secret)
    write(tmp_path, "gateway.pub", public + b"\n")
    assert load_secret_key(tmp_path, "gateway") == secret
    assert load_public_keys(tmp_path, "gateway") == [public]


def test_a_party_may_have_an_old_and_a_new_key(tmp_path: Path) -> None:
    (new, _), (old, _), (other, _) = make_curve_keypair(), make_curve_keypair(), make_curve_keypair()
    write(tmp_path, "service-intake.pub", new + b"\n" + old + b"\n")
    write(tmp_path, "gateway.pub", other)
    assert load_allow_list(tmp_path) == {new: "service-intake", old: "service-intake", other: "gateway"}


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 40, b"~" * 40, b"0" * 45])
def test_a_file_that_holds_no_key_is_named(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, "gateway.pub", content)
    with pytest.raises(ValueError, match=r"gateway\.pub"):
        load_public_keys(tmp_path, "gateway")
