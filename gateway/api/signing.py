"""Signatures in request bodies: the password is checked here and never goes further (E16)."""

import json
from collections.abc import Callable
from dataclasses import replace

from shared.actor import Actor, Signature
from shared.errors import Forbidden
from shared.http.blueprint import strict_json

#: What a service sees in the place of a password.
VERIFIED = "verified"
_FIELDS = (("password", None), ("witness_password", "witness"))

#: (login, password) -> signature; raises Forbidden `wrong_password` or TooMany.
Check = Callable[[str, str], Signature]


def sign_body(actor: Actor, body: bytes, check: Check) -> tuple[Actor, bytes]:
    """The actor with the signatures that a JSON body carries, and the body without its secrets.

    A body without `password` or `witness_password` at its top passes untouched. Whatever another parser might still read as a password
    carries no signature, so that the service refuses it.
    """
    if b"password" not in body:
        return actor, body
    content = strict_json(body)
    if not isinstance(content, dict):
        return actor, body
    signatures: list[Signature] = []
    for field, whose in _FIELDS:
        secret = content.get(field)
        if not isinstance(secret, str):
            continue
        login = actor.login if whose is None else content.get(whose)
        if not isinstance(login, str):
            continue
        if whose is not None and login == actor.login:
            raise Forbidden("A witness is somebody else.", code="four_eyes")
        signatures.append(check(login, secret))
        content[field] = VERIFIED
    if not signatures:
        return actor, body
    return replace(actor, signatures=tuple(signatures)), json.dumps(content).encode()
