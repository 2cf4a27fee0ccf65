"""Signatures in request bodies: the password is checked here and never goes further (E16)."""

import json
from collections.abc import Callable
from dataclasses import replace

from shared.actor import Actor, Signature
from shared.errors import Invalid
from shared.http.blueprint import strict_json

#: What a service sees in the place of a password.
VERIFIED = "verified"
_FIELDS = (("password", None), ("witness_password", "witness"))

#: (login, password) -> signature; raises Forbidden `wrong_password` or TooMany.
Check = Callable[[str, str], Signature]


def sign_body(actor: Actor, body: bytes, check: Check) -> tuple[Actor, bytes]:
    """The actor with the signatures that a JSON body carries, and the body without its secrets.

    Passwords stand at the top of the body and nowhere else. The body that goes on is written anew from what was read here, so
    that no service can read another one. Only a person signs; what others send as a password is taken out too, unchecked.
    """
    # A name may be spelt with escapes (\u0070assword), so an escape is reason enough to look.
    if b"password" not in body and b"\\u" not in body:
        return actor, body
    content = strict_json(body)
    if not isinstance(content, dict):
        return actor, body
    signatures: list[Signature] = []
    found = False
    for field, whose in _FIELDS:
        secret = content.get(field)
        if not isinstance(secret, str):
            continue
        found = True
        content[field] = VERIFIED
        login = actor.login if whose is None else content.get(whose)
        if (
            actor.kind != "person"
            or not isinstance(login, str)
            or (whose is not None and login == actor.login)
        ):
            continue
        signatures.append(check(login, secret))
    if not found:
        return actor, body
    try:
        clean = json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        raise Invalid("The body holds a number that is too large.") from error
    return replace(actor, signatures=tuple(signatures)), clean
