"""Signing in and out, the lock-out and what is recorded of it."""

import contextlib
import threading
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from gateway import repository
from gateway.accounts.service import SYSTEM
from gateway.accounts.tokens import new_token
from shared.errors import Conflict, Forbidden, Invalid
from tests.integration.gateway.conftest import PASSWORDS, Door


def rows(door: Door, query: str, **values: Any) -> list[Any]:
    with door.runtime.unit_of_work() as uow:
        return list(uow.session.execute(text(query), values).all())


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.get_json()["code"]


def test_a_right_password_gives_a_token_that_works(door: Door) -> None:
    answer = door.sign_in("clara")
    assert answer.status_code == 201
    assert answer.get_json()["expires_at"].endswith("Z")
    token = answer.get_json()["token"]
    who = door.call("GET", "/session", token=token).get_json()
    assert (who["login"], who["role"], who["office"]) == ("clara", "custodian", None)
    assert door.call("GET", "/items", token=token).status_code == 200
    assert token not in str(rows(door, "SELECT * FROM gateway.sessions"))


def test_wrong_passwords_no_token_and_forged_tokens_are_the_same_problem(door: Door) -> None:
    token = door.token("clara")
    for answer in (
        door.sign_in("clara", "wrong"),
        door.sign_in("nobody", "wrong"),
        door.call("GET", "/items"),
        door.call("GET", "/items", token="forged" + token),
        door.call("GET", "/items", Authorization="Basic abc"),
    ):
        assert code(answer) == (401, "unauthenticated")
        assert answer.content_type == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert door.bus.asked == []


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/username", "/password"]),
        ({"username": 1, "password": None, "more": 1}, ["/username", "/password", "/more"]),
        ({"username": "clara", "password": "x", "otp": 1}, ["/otp"]),
        ([], [""]),
    ],
)
def test_all_wrong_fields_in_one_answer(door: Door, body: Any, pointers: list[str]) -> None:
    answer = door.call("POST", "/session", body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.get_json()["errors"]] == pointers


def test_the_old_token_in_the_header_does_not_hinder_a_new_sign_in(door: Door) -> None:
    body = {"username": "clara", "password": PASSWORDS["clara"]}
    assert door.call("POST", "/session", body, token="siglab_old").status_code == 201


def test_signing_out_ends_the_token_at_once(door: Door) -> None:
    token, other = door.token("clara"), door.token("clara")
    assert door.call("GET", "/items", token=token).status_code == 200
    assert door.call("DELETE", "/session", token=token).status_code == 204
    assert code(door.call("GET", "/items", token=token)) == (401, "unauthenticated")
    assert door.call("GET", "/items", token=other).status_code == 200


def test_tokens_end_with_their_time(door: Door) -> None:
    token = door.token("clara")
    assert door.call("GET", "/items", token=token).status_code == 200
    door.clock.pass_by(hours=12, seconds=1)
    assert door.call("GET", "/items", token=token).status_code == 401


def test_an_idle_browser_is_signed_out(door: Door) -> None:
    found = door.api.accounts.sign_in("clara", PASSWORDS["clara"], address="192.0.2.7", kind="web")
    for _ in range(3):
        door.clock.pass_by(minutes=50)
        door.api.accounts._recent.forget("clara")
        assert door.call("GET", "/items", token=found.token).status_code == 200
    door.clock.pass_by(minutes=61)
    door.api.accounts._recent.forget("clara")
    assert door.call("GET", "/items", token=found.token).status_code == 401


def test_a_long_lived_token_is_not_ended_by_its_bearer(door: Door) -> None:
    token = door.api.accounts.issue_token(SYSTEM, "gcms1", days=30, label="agent")
    assert code(door.call("DELETE", "/session", token=token)) == (409, "not_a_session")
    assert door.call("GET", "/spectra", token=token).status_code == 200
    _, _, actor = door.last()
    assert actor is not None
    assert actor.kind == "instrument"


def test_a_token_may_be_written_down_before_it_is_issued_but_has_the_one_form(door: Door) -> None:
    secret = new_token()
    assert door.api.accounts.issue_token(SYSTEM, "gcms1", days=1, token=secret) == secret
    assert door.call("GET", "/session", token=secret).get_json()["login"] == "gcms1"
    for wrong in ("short", secret.removeprefix("siglab_")):
        with pytest.raises(Invalid):
            door.api.accounts.issue_token(SYSTEM, "gcms1", days=1, token=wrong)
    with pytest.raises(Invalid):
        door.api.accounts.issue_token(SYSTEM, "gcms1", days=0)


@pytest.mark.rule("E18")
@pytest.mark.parametrize("login", ["clara", "nobody_here", "ไม่มีใคร", "not a login\n\u202e", "x" * 5000])
def test_guessing_ends_in_a_wait_whether_or_not_the_name_exists(door: Door, login: str) -> None:
    address = "198.51.100.5"
    statuses = [door.sign_in(login, f"guess {n}", address=address).status_code for n in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    locked = door.sign_in(login, PASSWORDS.get(login, "x"), address=address)
    assert code(locked) == (429, "too_many_requests")
    assert 1 <= int(locked.headers["Retry-After"]) <= 15
    door.clock.pass_by(seconds=15)
    assert door.sign_in(login, "guess", address=address).status_code == 401
    assert int(door.sign_in(login, "guess", address=address).headers["Retry-After"]) == 30


@pytest.mark.rule("E18")
def test_a_guesser_hinders_neither_running_sessions_nor_other_networks(door: Door) -> None:
    running = door.token("hector")
    statuses = [door.sign_in("hector", "guess", address="203.0.113.5").status_code for _ in range(11)]
    assert statuses[-1] == 429
    assert door.call("GET", "/items", token=running).status_code == 200
    body = {"reason": "appeal", "password": PASSWORDS["hector"]}
    assert door.call("POST", "/items/x/holds", body, token=running).status_code == 200
    assert door.sign_in("hector").status_code == 201
    assert door.sign_in("clara", address="203.0.113.5").status_code == 201


@pytest.mark.rule("E18")
def test_a_right_password_clears_the_count(door: Door) -> None:
    for _ in range(3):
        assert [door.sign_in("bogota", "guess").status_code for _ in range(9)] == [401] * 9
        assert door.sign_in("bogota").status_code == 201


@pytest.mark.rule("E18")
def test_guesses_at_the_same_moment_are_all_counted(door: Door) -> None:
    statuses: list[int] = []

    def guess() -> None:
        statuses.append(door.sign_in("adam", "guess", address="198.51.100.99").status_code)

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [401] * 10 + [429] * 6


@pytest.mark.rule("E18")
def test_a_count_that_another_clears_at_the_same_moment_is_begun_anew(door: Door) -> None:
    engine, now, cleared = door.runtime.engine, door.runtime.clock(), list[str]()
    with door.runtime.unit_of_work() as uow:
        repository.count_for(uow.session, "ruth", "test", now)
        uow.commit()

    def clear(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not cleared and statement.startswith("INSERT INTO gateway.wrong_passwords"):
            cleared.append(statement)
            with contextlib.suppress(OperationalError), door.runtime.unit_of_work() as other:
                other.session.execute(text("SET LOCAL lock_timeout = 200"))
                repository.clear_count(other.session, "ruth", "test")
                other.commit()

    event.listen(engine, "after_cursor_execute", clear)
    with door.runtime.unit_of_work() as uow:
        count = repository.count_for(uow.session, "ruth", "test", now)
        repository.store_count(uow.session, "ruth", "test", count, now)
        uow.commit()
    event.remove(engine, "after_cursor_execute", clear)
    assert count.attempts == 0 and cleared


@pytest.mark.rule("E18")
def test_wrong_passwords_and_locks_are_recorded_without_what_was_typed(door: Door) -> None:
    secret = "my secret typed as a name"
    for _ in range(11):
        door.sign_in(secret, "guess", address="198.51.101.5")
    query = "SELECT action, subject, actor FROM gateway.audit WHERE client = '198.51.101.5' ORDER BY seq"
    found = rows(door, query)
    assert [row.action for row in found] == ["password:wrong"] * 9 + ["password:locked", "password:wrong"]
    assert {row.subject[:8] for row in found} == {"unknown:"}
    assert {row.actor for row in found} == {"anyone"}
    for table in ("audit", "wrong_passwords"):
        assert secret not in str(rows(door, f"SELECT * FROM gateway.{table}"))


@pytest.mark.rule("E12")
@pytest.mark.parametrize(
    "act",
    ["UPDATE gateway.audit SET actor = 'x'", "DELETE FROM gateway.audit", "DELETE FROM gateway.accounts"],
)
def test_the_trail_only_grows_and_accounts_stay(door: Door, act: str) -> None:
    door.sign_in("clara")
    with pytest.raises(Exception, match=r"permission denied|append-only"), door.runtime.unit_of_work() as uow:
        uow.session.execute(text(act))


@pytest.mark.rule("E31")
def test_an_administrator_manages_everybody_but_themselves(door: Door) -> None:
    _, _, adam = (door.call("GET", "/locations", token=door.token("adam")), *door.last()[1:])
    assert adam is not None
    with pytest.raises(Forbidden) as refused:
        door.api.accounts.put_account(adam, "adam", name="Adam", role="custodian", office=None, password=None)
    assert refused.value.code == "own_account"
    _, _, clara = (door.call("GET", "/items", token=door.token("clara")), *door.last()[1:])
    assert clara is not None
    with pytest.raises(Forbidden):
        door.api.accounts.put_account(
            clara, "eve", name="Eve", role="custodian", office=None, password="x" * 20
        )


def test_a_closed_account_is_out_at_once_and_custody_hears_of_it(door: Door) -> None:
    accounts = door.api.accounts
    accounts.put_account(
        SYSTEM, "temp", name="Temp", role="technician", office=None, password="temp has a long password"
    )
    token = door.call(
        "POST", "/session", {"username": "temp", "password": "temp has a long password"}
    ).get_json()["token"]
    assert door.call("GET", "/items", token=token).status_code == 200
    accounts.close_account(SYSTEM, "temp")
    assert door.call("GET", "/items", token=token).status_code == 401
    assert door.sign_in("temp", "temp has a long password").status_code == 401
    with pytest.raises(Conflict):
        accounts.issue_token(SYSTEM, "temp", days=1)
    told = rows(
        door, "SELECT target, path, body FROM gateway.outbox WHERE ordering_key = 'person:temp' ORDER BY seq"
    )
    assert [(row.target, row.path, row.body["active"]) for row in told] == [
        ("chain_of_custody", "/internal/people", True),
        ("chain_of_custody", "/internal/people", False),
    ]


def test_a_new_role_or_password_ends_running_sessions(door: Door) -> None:
    accounts, password = door.api.accounts, "rita has a long password"
    accounts.put_account(SYSTEM, "rita", name="Rita", role="technician", office=None, password=password)
    for change in ({"role": "reviewer", "password": None}, {"role": "reviewer", "password": password}):
        token = door.call("POST", "/session", {"username": "rita", "password": password}).get_json()["token"]
        accounts.put_account(SYSTEM, "rita", name="Rita", office=None, **change)
        assert door.call("GET", "/items", token=token).status_code == 401
