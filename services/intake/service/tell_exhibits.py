"""What the classifier asks for its statistics: where and when exhibits were seized."""

from collections.abc import Sequence
from typing import Any

from services.intake import repository
from shared.actor import Actor, require_service
from shared.db.unit_of_work import UnitOfWork


def tell_exhibits(actor: Actor, uow: UnitOfWork, exhibit_ids: Sequence[str]) -> dict[str, Any]:
    """Facts of those that exist, in no certain order; dates as YYYY-MM-DD, null where the office did not say."""
    require_service(actor, "service-classifier")
    rows = [
        {
            "exhibit_id": exhibit.id,
            "kind": exhibit.kind,
            "seized_on": None if line is None or line.seized_on is None else line.seized_on.isoformat(),
            "seized_country": None if line is None else line.seized_country,
            "received_on": exhibit.received_at.date().isoformat(),
        }
        for exhibit, line in repository.exhibits_with_lines(uow.session, exhibit_ids)
    ]
    return {"items": rows, "next": None}
