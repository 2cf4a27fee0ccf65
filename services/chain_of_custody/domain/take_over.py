"""When custody may be taken over without its giver: only from somebody who cannot act upon evidence any more (E8)."""

import json
from typing import Protocol

from services.chain_of_custody.domain.house_record import account_facts
from services.chain_of_custody.domain.standing import PERSON, Standing
from shared.actor import LABORATORY
from shared.errors import Conflict

#: Type of the event.
TAKEN_OVER = "taken_over"
#: Why the giver does not sign, as records tell it.
CLOSED, ROLE_GONE = "account closed", "role holds no evidence"


class Account(Protocol):
    """What is known of a person."""

    login: str
    name: str
    role: str
    office: str | None
    active: bool


def why_unable(account: Account) -> str | None:
    """Why this person can give nothing away any more; None where they can, and so must sign themselves (E16)."""
    if not account.active:
        return CLOSED
    return None if account.role in LABORATORY else ROLE_GONE


def require_unable_holder(item: Standing, account: Account | None) -> str:
    """Why the holder does not sign; raises Conflict `not_with_person` or `holder_can_sign`.

    `account` is the holder's; a person of whom no account is known is taken for one who can sign.
    """
    if item.holder_kind != PERSON:
        raise Conflict(
            f"{item.number} is with no person: it is in {item.holder_name}; take it out as usual.",
            code="not_with_person",
        )
    why = None if account is None else why_unable(account)
    if why is None:
        raise Conflict(
            f"{item.number} is with {item.holder_name} ({item.holder}), whose account is open: they hand it over themselves.",
            code="holder_can_sign",
        )
    return why


def require_told(account: Account, record: str | None) -> None:
    """Holds an account against `record`, that of the newest act upon it in the log; raises Conflict `account_untold`.

    A row that somebody changed behind custody's back takes nobody's items away, not even until the self-check finds it.
    """
    if record is None or json.loads(record)["details"] != account_facts(account):
        raise Conflict(
            f"The account of {account.name} ({account.login}) is not what the acts upon it in the log say: nothing is "
            "taken over. The self-check (/ledger) names what differs; the operator mends the account first.",
            code="account_untold",
        )
