"""What a login looks like, and how the audit trail names one that nobody has."""

import hashlib
import re

from shared.actor import Role
from shared.errors import FieldError, Invalid

_LOGIN = re.compile(r"[a-z][a-z0-9_]{0,39}")
#: Names that stand for a part of the system wherever an author is written down.
_RESERVED = frozenset({"gateway", "siglab", "anyone", "verified"})
_LONGEST_NAME = 200


def is_login(text: str) -> bool:
    """True for text that could be the login of an account."""
    return _LOGIN.fullmatch(text) is not None


def name_digest(login: str) -> bytes:
    """By what a tried name is remembered; people type passwords into the field for names."""
    return hashlib.sha256(login.encode(errors="surrogatepass")).digest()


def subject_of(login: str, *, known: bool) -> str:
    """How the audit trail names somebody: by login, or by a digest where there is no such account."""
    return login if known else f"unknown:{name_digest(login).hex()[:16]}"


def check_account(login: str, name: str, role: str, office: str | None) -> None:
    """Passes for an account that can be; raises Invalid that names every wrong field."""
    errors: list[FieldError] = []

    def wrong(field: str, message: str) -> None:
        errors.append(FieldError(pointer=f"/{field}", message=message))

    if not is_login(login) or login in _RESERVED:
        wrong(
            "login",
            "1 to 40 small letters, digits and underscores, the first a letter; and no reserved name.",
        )
    if not (name.strip() and name.isprintable() and len(name) <= _LONGEST_NAME):
        wrong("name", f"1 to {_LONGEST_NAME} printable characters.")
    if role not in set(Role) - {Role.SERVICE, Role.ANYONE}:
        wrong("role", f"There is no role {role!r}.")
    if (role == Role.OFFICE) != bool(office):
        wrong("office", "An account of the role office belongs to an office, and no other account does.")
    if errors:
        raise Invalid("; ".join(f"{e['pointer']}: {e['message']}" for e in errors), errors=errors)
