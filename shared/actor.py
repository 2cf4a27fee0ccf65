"""Who acts: the person, instrument or service behind a request, and what their role lets them do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.errors import Forbidden, Unauthenticated


class Role(StrEnum):
    """The roles of the laboratory, and two that no account can hold: a service, and anyone at all."""

    OFFICE = "office"
    CUSTODIAN = "custodian"
    TECHNICIAN = "technician"
    REVIEWER = "reviewer"
    SCIENTIST = "scientist"
    ANALYST = "analyst"
    ADMIN = "admin"
    AUDITOR = "auditor"
    INSTRUMENT = "instrument"
    SERVICE = "service"
    ANYONE = "anyone"


#: Roles of people inside the laboratory who work with evidence.
LABORATORY = (Role.CUSTODIAN, Role.TECHNICIAN, Role.REVIEWER, Role.SCIENTIST)


@dataclass(frozen=True)
class Signature:
    """One person authenticated again for this very request (E16); `method` says by what."""

    login: str
    name: str
    role: Role
    method: str
    at: datetime


@dataclass(frozen=True)
class Actor:
    """The author of a request as asserted by the gateway; `office` is an office's code, else None."""

    login: str
    name: str
    role: Role
    office: str | None = None
    kind: str = "person"
    signatures: tuple[Signature, ...] = ()
    request_id: str = ""


ANYONE = Actor(login="", name="anyone", role=Role.ANYONE, kind="anyone")


def require(actor: Actor, *roles: Role) -> None:
    """Lets only these roles pass; raises Unauthenticated for a stranger, Forbidden for everybody else."""
    if actor.role in roles:
        return
    if actor.role is Role.ANYONE:
        raise Unauthenticated("Sign in first: send a token as 'Authorization: Bearer <token>'.")
    raise Forbidden(
        f"The role {actor.role.value} may not do this; it is for: {', '.join(r.value for r in roles)}."
    )


def require_service(actor: Actor, *names: str) -> None:
    """Lets only these parties pass, "gateway" or "service-<name>": what one owns, another must not tell for it."""
    require(actor, Role.SERVICE)
    if actor.login not in names:
        raise Forbidden(f"{actor.login} may not do this; it is for: {', '.join(names)}.")


def signed(actor: Actor) -> Signature:
    """The actor's own signature on this request; raises Forbidden `wrong_password` where there is none."""
    return signed_by(actor, actor.login)


def signed_by(actor: Actor, login: str) -> Signature:
    """The signature of `login` on this request; raises Forbidden `wrong_password` where there is none."""
    for signature in actor.signatures:
        if signature.login == login:
            return signature
    raise Forbidden(f"This act needs the password of {login}.", code="wrong_password")
