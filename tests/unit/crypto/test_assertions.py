"""Actor assertions are ordinary JSON Web Tokens, and no token chooses how it is verified; PyJWT is the judge."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.actor import Actor, Role
from shared.crypto.assertions import AssertedRequest, AssertionSigner, AssertionVerifier, assertion_id
from shared.errors import Unauthenticated

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ACTOR = Actor("tess", "Tess Ångström", Role.TECHNICIAN, request_id="r")
ASKED = AssertedRequest("POST", "/api/v1/x", body=lambda: b"{}")
SIGNER = AssertionSigner("gateway", KEY)
VERIFIER = AssertionVerifier({"gateway": KEY.public_key()})


def claims() -> dict[str, Any]:
    """What a good assertion claims."""
    options: Any = {"verify_exp": False}
    return dict(jwt.decode(SIGNER.sign(ACTOR, ASKED, NOW), KEY.public_key(), ["EdDSA"], options=options))


def segment(value: object) -> str:
    """A segment of a token by hand."""
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(head: object, payload: object) -> str:
    """A token with any head and payload, signed with the right key."""
    text = f"{segment(head)}.{segment(payload)}"
    return f"{text}.{segment(KEY.sign(text.encode()))}"


def is_taken(token: str) -> bool:
    """Whether a token passes for the request."""
    try:
        return VERIFIER.verify(token, ASKED, NOW) == ACTOR
    except Unauthenticated:
        return False


def test_another_library_reads_what_is_signed_and_signs_what_is_read() -> None:
    token = jwt.encode(claims(), KEY, algorithm="EdDSA")
    assert VERIFIER.verify(token, ASKED, NOW) == ACTOR
    assert (
        claims()["sub"] == "tess"
        and assertion_id(token) == jwt.decode(token, options={"verify_signature": False})["jti"]
    )


def test_no_token_chooses_how_it_is_verified() -> None:
    public = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    good = SIGNER.sign(ACTOR, ASKED, NOW)
    head, payload, signature = good.split(".")
    bad = {
        "no algorithm": jwt.encode(claims(), "", algorithm="none"),
        "the public key as a secret": jwt.encode(claims(), public, algorithm="HS256"),
        "another head, rightly signed": signed({"alg": "EdDSA", "typ": "JWT", "kid": "x"}, claims()),
        "not an object": signed({"alg": "EdDSA", "typ": "JWT"}, [1]),
        "no signature": f"{head}.{payload}.",
        "half a signature": f"{head}.{payload}.{signature[:40]}",
        "padded": f"{head}.{payload}.{signature}==",
        "a character that does not belong there": f"{head}.{payload}.{signature[:-1]}!{signature[-1]}",
        "a letter beyond ASCII": f"{head}.{payload}.{signature}é",
        "four parts": f"{good}.x",
        "not JSON": f"{head}.{segment(b'x')}.{signature}",
        "nested without end": f"{head}.{segment(b'[' * 100_000)}.{signature}",
    }
    for name, token in bad.items():
        assert not is_taken(token), name
    assert VERIFIER.verify(good, ASKED, NOW) == ACTOR
