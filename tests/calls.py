"""Requests to a service's application as a given actor, with a real signed assertion."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from flask.testing import FlaskClient

from shared.actor import Actor, Role, Signature
from shared.crypto.assertions import HEADER, AssertedRequest, AssertionSigner


def call(
    client: FlaskClient,
    method: str,
    path: str,
    body: Any = None,
    *,
    actor: Actor | None,
    prefix: str = "/api/v1",
    **headers: str,
) -> Any:
    """One request; `body` may be bytes. A JSON body with `password` is signed by the actor as the gateway would."""
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    head = {name.replace("_", "-"): value for name, value in headers.items()}
    if raw:
        head.setdefault("Content-Type", "application/json")
    if actor is not None:
        signer = AssertionSigner.from_keys(
            client.application.extensions["siglab"].settings.keys_dir, "gateway"
        )
        now = datetime.now(UTC)
        if isinstance(body, dict) and "password" in body:
            signature = Signature(actor.login, actor.name, actor.role, "password", now)
            actor = Actor(actor.login, actor.name, actor.role, actor.office, actor.kind, (signature,))
        head[HEADER] = signer.sign(actor, asserted(method, prefix + path, head, raw), now)
    return client.open(prefix + path, method=method, data=raw, headers=head)


def asserted(method: str, address: str, headers: dict[str, str], body: bytes) -> AssertedRequest:
    """The request as its assertion names it; `address` may hold a query."""
    path, _, query = address.partition("?")
    in_wsgi = unquote(path).encode().decode("latin-1")
    return AssertedRequest.of(method, in_wsgi, query, headers.items(), body)


def as_service(
    client: FlaskClient, name: str, method: str, path: str, body: Any = None, **headers: str
) -> Any:
    """One request of another service, signed with that service's own key; `path` from the root."""
    raw = b"" if body is None else json.dumps(body).encode()
    signer = AssertionSigner.from_keys(
        client.application.extensions["siglab"].settings.keys_dir,
        name if name == "gateway" else f"service-{name}",
    )
    head = {"Content-Type": "application/json", **headers} if raw else dict(headers)
    request = asserted(method, path, head, raw)
    head[HEADER] = signer.sign(signer.service_actor(), request, datetime.now(UTC))
    return client.open(path, method=method, data=raw, headers=head)


CUSTODIAN = Actor("custodian", "Clara", Role.CUSTODIAN)
TECHNICIAN = Actor("technician", "Tess", Role.TECHNICIAN)
REVIEWER = Actor("reviewer", "Ruth", Role.REVIEWER)
SCIENTIST = Actor("scientist", "Sofia", Role.SCIENTIST)
AUDITOR = Actor("auditor", "Aiko", Role.AUDITOR)
ANALYST = Actor("analyst", "Ana", Role.ANALYST)
ADMIN = Actor("admin", "Adam", Role.ADMIN)
BOGOTA = Actor("bogota", "Lucia", Role.OFFICE, "BOG")
BANGKOK = Actor("bangkok", "Niran", Role.OFFICE, "BKK")
