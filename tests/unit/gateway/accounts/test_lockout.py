"""When wrong passwords end in a wait, on a clock of the test's own."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.accounts import lockout
from gateway.accounts.lockout import Count, begin_attempt, sign_in_scope, signing_scope, wait_after
from shared.errors import TooMany

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def after(attempts: int) -> Count:
    """The count after so many wrong passwords, each tried as soon as one was looked at again."""
    count, now = Count(), NOW
    for _ in range(attempts):
        now = max(now, count.locked_until or now)
        count = begin_attempt(count, now)
    return count


@pytest.mark.rule("E18")
def test_ten_attempts_are_looked_at_and_the_eleventh_is_not() -> None:
    count = Count()
    for _ in range(lockout.FREE_ATTEMPTS):
        count = begin_attempt(count, NOW)
    with pytest.raises(TooMany, match="15 seconds") as refused:
        begin_attempt(count, NOW)
    assert refused.value.retry_after == lockout.FIRST_WAIT.total_seconds()


@pytest.mark.rule("E18")
def test_asking_during_the_wait_does_not_lengthen_it() -> None:
    count = after(10)
    assert count.locked_until is not None
    for seconds in range(14):
        with pytest.raises(TooMany):
            begin_attempt(count, NOW + timedelta(seconds=seconds))
    assert begin_attempt(count, count.locked_until).attempts == 11


@pytest.mark.rule("E18")
def test_each_further_wrong_one_doubles_the_wait_to_a_limit() -> None:
    waits = [wait_after(attempts).total_seconds() for attempts in range(9, 20)]
    assert waits == [0, 15, 30, 60, 120, 240, 480, 900, 900, 900, 900]
    assert wait_after(10**6) == lockout.LONGEST_WAIT


@pytest.mark.rule("E18")
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.7", "192.0.2.250", True),
        ("192.0.2.7", "192.0.3.7", False),
        ("::ffff:192.0.2.7", "192.0.2.9", True),
        ("2001:db8:1:2::5", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::5", "2001:db8:1:3::5", False),
        ("", "/run/socket", True),
    ],
)
def test_a_scope_is_the_network_that_one_guesser_can_hold(one: str, other: str, same: bool) -> None:
    assert (sign_in_scope(one) == sign_in_scope(other)) is same


@pytest.mark.rule("E18")
def test_guesses_at_the_door_do_not_count_against_signatures_in_a_running_session() -> None:
    assert signing_scope("clara") != sign_in_scope("192.0.2.7")
