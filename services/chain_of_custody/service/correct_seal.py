"""The state of a seal at receipt is corrected (E5): what the receipt would have asked a reviewer is asked now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.chain_of_custody.models import Item
from services.chain_of_custody.service.discrepancies import open_seal_discrepancy
from services.chain_of_custody.service.seals import INTACT
from shared.actor import Actor
from shared.db.unit_of_work import UnitOfWork

_FIELD = "seal_condition"


def put_seal_right(item: Item, act: Mapping[str, Any], right: Mapping[str, Any]) -> None:
    """The locked item bears its seal as it was received, where `right` says how that was and it was not sealed anew since."""
    received = act["type"] == "received" and _FIELD in right
    if received and item.seal_number == act["details"]["seal_number"]:
        item.seal_condition = right[_FIELD]


def follow_seal(
    uow: UnitOfWork, item: Item, act: Mapping[str, Any], said: Any, right: Any, actor: Actor, *, now: datetime
) -> None:
    """Opens a discrepancy on the locked item whose seal the receipt, or a correction of it, told as intact and was not."""
    if act["type"] != "received" or _FIELD not in right:
        return
    was = said.get(_FIELD, act["details"].get(_FIELD))
    if was == INTACT and right[_FIELD] != INTACT:
        words = f"the seal of {item.number} was {right[_FIELD]} at its receipt, and was told as {was}"
        open_seal_discrepancy(uow, item, words, actor, now=now)
