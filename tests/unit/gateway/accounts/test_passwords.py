"""Password hashes."""

import pytest

from gateway.accounts.passwords import LONGEST, Passwords
from shared.errors import Invalid

RIGHT = "a right long password"


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords()


def test_hashes_are_argon2id_with_the_chosen_parameters(passwords: Passwords) -> None:
    stored = passwords.hash(RIGHT)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert stored != passwords.hash(RIGHT)
    assert not passwords.is_outdated(stored)
    assert passwords.is_outdated(stored.replace("t=2", "t=1"))


def test_only_the_password_itself_matches(passwords: Passwords) -> None:
    stored = passwords.hash(RIGHT)
    assert passwords.matches(stored, RIGHT)
    for wrong in ("", RIGHT + " ", RIGHT.upper(), "\ud800", "\x00", RIGHT * 100):
        assert not passwords.matches(stored, wrong)


def test_nobody_has_a_password(passwords: Passwords) -> None:
    assert not passwords.matches(None, "")
    assert not passwords.matches(None, RIGHT)


def test_what_is_cut_off_is_not_a_match(passwords: Passwords) -> None:
    longest = "x" * LONGEST
    assert not passwords.matches(passwords.hash(longest), longest + "y")


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * (LONGEST + 1)])
def test_too_short_or_too_long_is_refused(passwords: Passwords, password: str) -> None:
    with pytest.raises(Invalid):
        passwords.hash(password)
