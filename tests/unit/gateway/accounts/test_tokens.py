"""Tokens: their form, and how long their owner is remembered."""

from datetime import UTC, datetime, timedelta

from gateway.accounts.tokens import Identity, RecentIdentities, digest_of, new_token
from shared.actor import Actor, Role

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def identity(login: str = "clara") -> Identity:
    return Identity(Actor(login, login, Role.CUSTODIAN), "s1", "session", NOW + timedelta(hours=1))


def test_tokens_differ_and_have_256_bits_behind_a_prefix() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(token.startswith("siglab_") and len(token) == 50 for token in tokens)


def test_text_that_cannot_be_a_token_has_no_digest() -> None:
    token = new_token()
    for wrong in ("", "forged" + token, token + "x", token[:-1], token + "\n", "siglab_" + "é" * 43):
        assert digest_of(wrong) is None
    digest = digest_of(token)
    assert digest is not None
    assert len(digest) == 32


def test_an_identity_is_forgotten_with_its_time_its_login_or_its_session() -> None:
    recent = RecentIdentities()
    recent.put(b"a", identity())
    assert recent.get(b"a", NOW) == identity()
    assert recent.get(b"a", NOW + timedelta(hours=1)) is None
    recent.put(b"b", identity("hector"))
    recent.forget("clara")
    assert recent.get(b"a", NOW) is None
    assert recent.get(b"b", NOW) is not None
    stale = RecentIdentities(seconds=-1)
    stale.put(b"a", identity())
    assert stale.get(b"a", NOW) is None


def test_memory_of_identities_is_bounded() -> None:
    recent = RecentIdentities(most=3)
    for number in range(10):
        recent.put(bytes([number]), identity())
    assert [n for n in range(10) if recent.get(bytes([n]), NOW)] == [7, 8, 9]
