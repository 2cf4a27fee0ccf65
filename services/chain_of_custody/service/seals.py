"""Sealing: the closing label of an item (E3), with the seal, who sealed and who saw it, and the gross weight after analysis.

The witness may sign (E16); whoever is only named is told of as named, not signed.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from services.chain_of_custody.domain.event_record import Author, Signed
from services.chain_of_custody.domain.standing import require_holder, require_not_ended
from services.chain_of_custody.models import Item, Person
from services.chain_of_custody.repository import items as repository
from services.chain_of_custody.repository.seals import seal_bearer
from services.chain_of_custody.service.describe_items import describe_item
from services.chain_of_custody.service.record_event import record_event
from services.chain_of_custody.service.stand_still import require_still
from shared.actor import LABORATORY, Actor, require, signed_by
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, FieldError, Invalid

INTACT = "intact"
_WITNESS = "I have seen that this item was closed with this seal."


def seal_item(
    actor: Actor, uow: UnitOfWork, item_id: str, act: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The holder closes an item with a new seal; possible while it is blocked or on hold, since that only protects it."""
    require(actor, *LABORATORY)
    row = repository.lock_item(uow.session, actor, item_id)
    require_not_ended(row)
    require_holder(row, actor.login)
    require_still(uow, [row])
    sealer, witness = _officials(uow, actor, act)
    signatures = _signatures(actor, act)
    bearer = seal_bearer(uow.session, act["seal_number"])
    if bearer is not None:
        message = (
            f"Seal {act['seal_number']} was put on {bearer} already; a seal is used once, also after it was opened. "
            "Take another seal, or read the number again."
        )
        raise Conflict(message, code="seal_used", errors=[{"pointer": "/seal_number", "message": message}])
    _check_gross_mass(row, act["gross_mass_g"])
    details = {
        "seal_number": act["seal_number"],
        "previous_seal_number": row.seal_number,
        "sealed_by": sealer.login,
        "sealed_by_name": sealer.name,
        "witness": None if witness is None else witness.login,
        "witness_name": None if witness is None else witness.name,
        "gross_mass_g": act["gross_mass_g"],
        "sealed_by_signed": _unsigned(actor, sealer),
        "witness_signed": None if signatures else _unsigned(actor, witness),
    }
    row.seal_number, row.seal_condition = act["seal_number"], INTACT
    record_event(
        uow,
        row,
        "sealed",
        author=Author.of(actor),
        now=now,
        occurred_at=act.get("occurred_at"),
        purpose=act["purpose"],
        details=details,
        signatures=signatures,
    )
    return describe_item(row)


def _signatures(actor: Actor, act: dict[str, Any]) -> list[Signed]:
    """The witness's signature, where they give it; raises Invalid where nobody is named, Forbidden `wrong_password`."""
    if act["witness_password"] is None:
        return []
    if act["witness"] is None:
        message = "Name the witness whose password this is."
        raise Invalid(message, errors=[{"pointer": "/witness", "message": message}])
    return [Signed(signed_by(actor, act["witness"]), _WITNESS)]


def _unsigned(actor: Actor, named: Person | None) -> str | None:
    """What a label says of somebody else whom the actor names: they have not signed, so it is the actor's word alone (E3)."""
    if named is None or named.login == actor.login:
        return None
    return f"named by {actor.login}, not signed"


def _officials(uow: UnitOfWork, actor: Actor, act: dict[str, Any]) -> tuple[Person, Person | None]:
    """Who sealed (the actor where nobody is named) and who saw it, two people of the laboratory; raises Invalid."""
    errors: list[FieldError] = []
    found: dict[str, Person | None] = {}
    for field in ("sealed_by", "witness"):
        login = act[field]
        found[field] = None if login is None else repository.person(uow.session, login)
        person = found[field]
        if login is not None and (person is None or not person.active or person.role not in LABORATORY):
            message = "There is no active person of the laboratory of this name."
            errors.append({"pointer": f"/{field}", "message": message})
    sealer = found["sealed_by"] or Person(login=actor.login, name=actor.name)
    if act["witness"] == sealer.login:
        message = "The witness must be somebody else than who sealed."
        errors.append({"pointer": "/witness", "message": message})
    if errors:
        raise Invalid(errors[0]["message"], errors=errors)
    return sealer, found["witness"]


def _check_gross_mass(row: Item, gross_mass_g: float | None) -> None:
    """Passes where the package weighs no less than what is in it; raises Conflict `mass_balance`."""
    if gross_mass_g is None or row.remaining_mg is None:
        return
    least = row.remaining_mg - (row.uncertainty_mg or Decimal(0))
    if Decimal(str(gross_mass_g)) * 1000 < least:
        raise Conflict(
            f"The package would weigh less ({gross_mass_g} g) than the substance in it ({least / 1000:f} g at least).",
            code="mass_balance",
        )
