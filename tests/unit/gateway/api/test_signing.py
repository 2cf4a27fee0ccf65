"""Passwords in bodies: checked, taken out, and never hidden from the check."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.api.signing import sign_body
from shared.actor import Actor, Role, Signature
from shared.errors import Forbidden, Invalid

CLARA = Actor("clara", "Clara", Role.CUSTODIAN)
GCMS = Actor("gcms1", "GC-MS 1", Role.INSTRUMENT, kind="instrument")
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def check(login: str, password: str) -> Signature:
    """Everybody's password is their login spelt backwards."""
    if password != login[::-1]:
        raise Forbidden("wrong", code="wrong_password")
    return Signature(login, login.title(), Role.CUSTODIAN, "password", NOW)


def signed(body: Any, actor: Actor = CLARA) -> tuple[list[str], Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found, clean = sign_body(actor, raw, check)
    return [signature.login for signature in found.signatures], json.loads(clean)


@pytest.mark.rule("E16")
def test_the_person_signs_and_the_secret_goes_no_further() -> None:
    assert signed({"reason": "appeal", "password": "aralc"}) == (
        ["clara"],
        {"reason": "appeal", "password": "verified"},
    )


@pytest.mark.rule("E16")
def test_a_wrong_password_stops_the_request() -> None:
    with pytest.raises(Forbidden) as refused:
        signed({"password": "guess"})
    assert refused.value.code == "wrong_password"


@pytest.mark.rule("E16")
def test_a_witness_signs_beside_the_person() -> None:
    body = {"password": "aralc", "witness": "hector", "witness_password": "rotceh"}
    clean = {"password": "verified", "witness": "hector", "witness_password": "verified"}
    assert signed(body) == (["clara", "hector"], clean)
    with pytest.raises(Forbidden):
        signed({**body, "witness_password": "aralc"})


@pytest.mark.rule("E16")
def test_nobody_is_their_own_witness() -> None:
    body = {"password": "aralc", "witness": "clara", "witness_password": "aralc"}
    assert signed(body)[0] == ["clara"]


def test_the_word_in_place_of_a_password_signs_nothing() -> None:
    with pytest.raises(Forbidden):
        signed({"password": "verified"})


def test_an_escaped_name_is_still_a_password() -> None:
    assert signed(b'{"p\\u0061ssword": "aralc"}') == (["clara"], {"password": "verified"})


@pytest.mark.parametrize(
    "raw",
    [
        b'{"password": "guess", "password": "aralc"}',
        b'{"password": "aralc"',
        b'{"password": "aralc", "mass": NaN}',
        b'{"password": "aralc", "mass": 1e999}',
        b'\xff{"password": "aralc"}',
        b'{"password": "\\ud800"}',
        b'{"password": "a\\u0000"}',
    ],
)
def test_what_two_parsers_could_read_in_two_ways_is_refused(raw: bytes) -> None:
    with pytest.raises(Invalid):
        sign_body(CLARA, raw, check)


@pytest.mark.parametrize(
    "body", [{"password": 5}, {"password": None}, [{"password": "x"}], "password", {"a": {"password": "x"}}]
)
def test_what_is_no_password_at_the_top_passes_unsigned(body: Any) -> None:
    assert signed(body) == ([], body)


def test_an_instrument_signs_nothing_and_its_secret_is_taken_out() -> None:
    assert signed({"password": "anything"}, GCMS) == ([], {"password": "verified"})


def test_other_bodies_are_not_even_parsed() -> None:
    raw = b'{"description" :  "not JSON'
    assert sign_body(CLARA, raw, check) == (CLARA, raw)


def test_text_in_every_script_survives() -> None:
    assert signed({"reason": "เฮโรอีน ☂", "password": "aralc"})[1]["reason"] == "เฮโรอีน ☂"
