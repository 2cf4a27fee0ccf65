"""Signed actor assertions: who acts, stated by the gateway (or by a service for itself), believed for 60 seconds.

The form is a JWT signed with Ed25519 (RFC 7519, RFC 8037). A service takes an assertion only from an issuer whose public key lies
in its keys folder; an issuer other than the gateway may speak for nobody but itself. Where people have signed the request, the
assertion carries the SHA-256 of the body that they signed.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.actor import Actor, Role, Signature
from shared.crypto.keys import load_private_key, load_public_key
from shared.errors import Unauthenticated

#: Name of the bus header that carries the assertion.
HEADER = "siglab-actor"
LIFETIME_SECONDS = 60
#: Clocks of two hosts may differ by this much.
LEEWAY_SECONDS = 5


class AssertionSigner:
    """Signs assertions as one issuer: "gateway", or "service-<name>" which may assert only itself."""

    def __init__(self, issuer: str, key: Ed25519PrivateKey) -> None:
        self.issuer = issuer
        self._key = key

    @classmethod
    def from_keys(cls, keys_dir: Path, issuer: str) -> "AssertionSigner":
        """Reads the issuer's key from the keys folder."""
        return cls(issuer, load_private_key(keys_dir / "assertions" / f"{issuer}.key"))

    def sign(self, actor: Actor, body: bytes, now: datetime) -> str:
        """The assertion for one request with this body."""
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": actor.login,
            "name": actor.name,
            "role": actor.role.value,
            "kind": actor.kind,
            "rid": actor.request_id,
            "exp": int(now.timestamp()) + LIFETIME_SECONDS,
        }
        if actor.office is not None:
            claims["office"] = actor.office
        if actor.signatures:
            claims["body"] = _digest(body)
            claims["sig"] = [
                [s.login, s.name, s.role.value, s.method, s.at.timestamp()] for s in actor.signatures
            ]
        return jwt.encode(claims, self._key, algorithm="EdDSA")

    def service_actor(self, request_id: str = "") -> Actor:
        """This issuer as an actor of its own."""
        return Actor(self.issuer, self.issuer, Role.SERVICE, kind="service", request_id=request_id)


class AssertionVerifier:
    """Checks assertions against the known issuers."""

    def __init__(self, keys: dict[str, Ed25519PublicKey]) -> None:
        self._keys = keys

    @classmethod
    def from_keys(cls, keys_dir: Path) -> "AssertionVerifier":
        """Knows every issuer whose public key lies in the keys folder."""
        return cls(
            {path.stem: load_public_key(path) for path in sorted((keys_dir / "assertions").glob("*.pub"))}
        )

    def verify(self, token: str, body: Callable[[], bytes], now: datetime) -> Actor:
        """The asserted actor; raises Unauthenticated where anything about the assertion does not hold."""
        try:
            unverified = jwt.decode(token, options={"verify_signature": False})
            issuer = str(unverified.get("iss"))
            key = self._keys.get(issuer)
            if key is None:
                raise Unauthenticated(f"Nobody here knows the issuer {issuer!r} of the actor assertion.")
            claims = jwt.decode(
                token, key, algorithms=["EdDSA"], options={"require": ["exp", "sub"], "verify_exp": False}
            )
            if now.timestamp() > float(claims["exp"]) + LEEWAY_SECONDS:
                raise Unauthenticated("The actor assertion has expired; send the request again.")
            if float(claims["exp"]) > now.timestamp() + LIFETIME_SECONDS + LEEWAY_SECONDS:
                raise Unauthenticated(
                    "The actor assertion claims to hold longer than any may; is a clock wrong?"
                )
            actor = _actor(claims)
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError) as error:
            raise Unauthenticated(f"The actor assertion does not hold: {error}") from error
        if issuer != "gateway" and (
            actor.login != issuer or actor.role is not Role.SERVICE or actor.signatures
        ):
            raise Unauthenticated(f"{issuer} may speak for nobody but itself.")
        if issuer == "gateway" and actor.role is Role.SERVICE and actor.login != "gateway":
            raise Unauthenticated("The gateway may not speak for another service.")
        if actor.signatures and claims.get("body") != _digest(body()):
            raise Unauthenticated("The body is not the one that was signed.")
        return actor


def _actor(claims: dict[str, Any]) -> Actor:
    return Actor(
        login=str(claims["sub"]),
        name=str(claims["name"]),
        role=Role(claims["role"]),
        office=claims.get("office"),
        kind=str(claims["kind"]),
        signatures=tuple(_signatures(claims.get("sig", []))),
        request_id=str(claims["rid"]),
    )


def _signatures(rows: Iterable[list[Any]]) -> Iterable[Signature]:
    for login, name, role, method, at in rows:
        yield Signature(login, name, Role(role), method, datetime.fromtimestamp(at, UTC))


def _digest(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()
