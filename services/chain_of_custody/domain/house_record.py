"""The record of an act upon the house, not upon an item: an account that opens or closes, a place that changes.

Such an act has a place in the log as every act upon an item has. `subject` says upon what it is, and takes the place of the item:
the acts upon one subject are one chain.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from services.chain_of_custody.domain.event_record import VERSION, Author

#: What acts upon accounts and places are called.
ACCOUNT_OPENED, ACCOUNT_CHANGED, ACCOUNT_CLOSED = "account_opened", "account_changed", "account_closed"
PLACE_CHANGED = "place_changed"


class Told(Protocol):
    """What is told of an account."""

    name: str
    role: str
    office: str | None
    active: bool


def account_facts(account: Told) -> dict[str, Any]:
    """What the record of an act upon an account tells of it."""
    return {
        "name": account.name,
        "role": account.role,
        "office": account.office,
        "active": account.active,
    }


def account_act(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> str | None:
    """What became of an account; None where nothing did."""
    if before == after:
        return None
    if before is not None and before["active"] == after["active"]:
        return ACCOUNT_CHANGED
    return ACCOUNT_OPENED if after["active"] else ACCOUNT_CLOSED


def subject_of(kind: str, name: str) -> str:
    """The subject of acts upon an `account` or a `place`."""
    return f"{kind}:{name}"


def build_house_record(
    *,
    event_id: str,
    subject: str,
    sequence: int,
    previous: str | None,
    kind: str,
    author: Author,
    occurred_at: str,
    recorded_at: str,
    purpose: str,
    details: Mapping[str, Any],
) -> dict[str, Any]:
    """The record, in the form of an item's without what only items have; `previous` is the digest of the subject's act before."""
    return {
        "v": VERSION,
        "id": event_id,
        "item_id": None,
        "subject": subject,
        "sequence": sequence,
        "previous": previous,
        "type": kind,
        "actor": author.login,
        "actor_name": author.name,
        "actor_role": author.role,
        "occurred_at": occurred_at,
        "recorded_at": recorded_at,
        "purpose": purpose,
        "details": dict(details),
        "signatures": [],
    }
