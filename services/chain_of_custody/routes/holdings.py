"""What is out of storage over HTTP."""

from typing import Any

from services.chain_of_custody.schemas_holdings import HoldingList, HoldingQuery
from services.chain_of_custody.service import holdings
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("holdings", __name__, description="What is out of storage, with whom")


@blp.get("/holdings")
@blp.arguments(HoldingQuery, location="query")
@blp.response(200, HoldingList)
def list_holdings(query: dict[str, Any]) -> dict[str, Any]:
    """Items in people's hands, the longest out of storage first."""
    return holdings.list_holdings(context.actor(), context.uow(), query, now=context.now())
