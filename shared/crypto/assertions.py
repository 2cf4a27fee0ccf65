"""Signed actor assertions: who acts, stated by the gateway (or a service for itself), believed for 60 seconds, for one request.

The form is a JWT signed with Ed25519 (RFC 7519, RFC 8037). A service takes an assertion only from an issuer whose public key lies
in its keys folder; an issuer other than the gateway may speak for nobody but itself. An assertion names the request that it was
made for (method, address, Idempotency-Key, If-Match, and the SHA-256 of the body), so that one that was caught on the way serves
for no other act; its id lets the service take a write once (`shared.http.transaction`).
"""

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.actor import Actor, Role, Signature
from shared.crypto.keys import load_private_key, load_public_key
from shared.errors import Unauthenticated

#: Name of the bus header that carries the assertion.
HEADER = "siglab-actor"
LIFETIME_SECONDS = 60
#: Clocks of two hosts may differ by this much.
LEEWAY_SECONDS = 5


@dataclass(frozen=True)
class AssertedRequest:
    """The request that an assertion is for: what decides its effect. `path` as WSGI has it, `query` as in the address."""

    method: str
    path: str
    query: str = ""
    key: str = ""
    match: str = ""
    body: Callable[[], bytes] = bytes

    @classmethod
    def of(
        cls, method: str, path: str, query: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> "AssertedRequest":
        """The request as it is sent over the bus."""
        named = {name.lower(): value for name, value in headers}
        return cls(
            method, path, query, named.get("idempotency-key", ""), named.get("if-match", ""), lambda: body
        )

    @property
    def is_piece(self) -> bool:
        """Whether it brings a piece of a file: its offset lets it count once, and the file's own digest proves its bytes."""
        return self.method == "PATCH" and self.path.startswith("/internal/uploads/")

    def digest(self) -> str:
        """What the assertion names of the request beside its body."""
        digest = hashlib.sha256()
        for part in (
            self.method.encode(),
            _wsgi_bytes(self.path),
            self.query.encode(),
            self.key.encode(),
            self.match.encode(),
        ):
            digest.update(len(part).to_bytes(8, "big") + part)
        return base64.b64encode(digest.digest()).decode()

    def body_digest(self) -> str:
        """What it names of the body; nothing of a piece, which would be hashed three times for one proof."""
        return "" if self.is_piece else base64.b64encode(hashlib.sha256(self.body()).digest()).decode()


class AssertionSigner:
    """Signs assertions as one issuer: "gateway", or "service-<name>" which may assert only itself."""

    def __init__(self, issuer: str, key: Ed25519PrivateKey) -> None:
        self.issuer = issuer
        self._key = key

    @classmethod
    def from_keys(cls, keys_dir: Path, issuer: str) -> "AssertionSigner":
        """Reads the issuer's key from the keys folder."""
        return cls(issuer, load_private_key(keys_dir / "assertions" / f"{issuer}.key"))

    def sign(self, actor: Actor, request: AssertedRequest, now: datetime) -> str:
        """The assertion for this one request."""
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": actor.login,
            "name": actor.name,
            "role": actor.role.value,
            "kind": actor.kind,
            "rid": actor.request_id,
            "exp": int(now.timestamp()) + LIFETIME_SECONDS,
            "jti": base64.b64encode(os.urandom(12)).decode(),
            "req": request.digest(),
            "body": request.body_digest(),
        }
        if actor.office is not None:
            claims["office"] = actor.office
        if actor.signatures:
            claims["sig"] = [
                [s.login, s.name, s.role.value, s.method, s.at.timestamp()] for s in actor.signatures
            ]
        signed = f"{_HEAD}.{_encode(json.dumps(claims, separators=(',', ':')).encode())}"
        return f"{signed}.{_encode(self._key.sign(signed.encode()))}"

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

    def verify(self, token: str, request: AssertedRequest, now: datetime) -> Actor:
        """The asserted actor of this request; raises Unauthenticated where anything about the assertion does not hold."""
        try:
            claims = _claims_told(token)
            issuer = str(claims.get("iss"))
            key = self._keys.get(issuer)
            if key is None:
                raise Unauthenticated(f"Nobody here knows the issuer {issuer!r} of the actor assertion.")
            signed, _, signature = token.rpartition(".")
            key.verify(_decode(signature), signed.encode())
            if now.timestamp() > float(claims["exp"]) + LEEWAY_SECONDS:
                raise Unauthenticated("The actor assertion has expired; send the request again.")
            if float(claims["exp"]) > now.timestamp() + LIFETIME_SECONDS + LEEWAY_SECONDS:
                raise Unauthenticated(
                    "The actor assertion claims to hold longer than any may; is a clock wrong?"
                )
            actor = _actor(claims)
        except InvalidSignature as error:
            raise Unauthenticated("The actor assertion does not hold: its signature is wrong.") from error
        except (KeyError, ValueError, TypeError, RecursionError) as error:
            raise Unauthenticated(f"The actor assertion does not hold: {error}") from error
        if issuer != "gateway" and (
            actor.login != issuer or actor.role is not Role.SERVICE or actor.signatures
        ):
            raise Unauthenticated(f"{issuer} may speak for nobody but itself.")
        if issuer == "gateway" and actor.role is Role.SERVICE and actor.login != "gateway":
            raise Unauthenticated("The gateway may not speak for another service.")
        if claims.get("req") != request.digest():
            raise Unauthenticated("The actor assertion was made for another request.")
        if claims.get("body") != request.body_digest():
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


def _claims_told(token: str) -> dict[str, Any]:
    """What a token says of itself, nothing of it proved; raises ValueError for what has not the one form that is signed here.

    Its head is compared and never read: a token cannot choose how it is verified.
    """
    head, payload, _ = token.split(".") if token.count(".") == 2 else ("", "", "")
    if head != _HEAD:
        raise ValueError("it is not a token signed with Ed25519")
    claims = json.loads(_decode(payload))
    if not isinstance(claims, dict):
        raise ValueError("its payload is not an object")
    return claims


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(segment: str) -> bytes:
    """The bytes of a segment; raises ValueError unless it is the one text that stands for them."""
    raw = base64.urlsafe_b64decode(segment.encode("ascii") + b"=" * (-len(segment) % 4))
    if _encode(raw) != segment:
        raise ValueError("a segment of it is not base64url in its canonical form")
    return raw


_HEAD = _encode(b'{"alg":"EdDSA","typ":"JWT"}')


def assertion_id(token: str) -> str:
    """The id of an assertion that was verified."""
    return str(_claims_told(token)["jti"])


def _wsgi_bytes(path: str) -> bytes:
    """The bytes of a path, in WSGI's form (Latin-1) or in its own letters."""
    try:
        return path.encode("latin-1")
    except UnicodeEncodeError:
        return path.encode()
