"""What is beyond its time limit, over HTTP."""

from typing import Any

from services.chain_of_custody.schemas_limits import (
    OverdueCountsSchema,
    OverdueFilter,
    OverdueList,
    OverdueQuery,
)
from services.chain_of_custody.service import overdue
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("overdue", __name__, description="What is beyond its time limit")


@blp.get("/overdue")
@blp.arguments(OverdueQuery, location="query")
@blp.response(200, OverdueList)
def list_overdue(query: dict[str, Any]) -> dict[str, Any]:
    """What is, or was, beyond its limit."""
    return overdue.list_overdue(context.actor(), context.uow(), query, now=context.now())


@blp.get("/overdue/counts")
@blp.arguments(OverdueFilter, location="query")
@blp.response(200, OverdueCountsSchema)
def count_overdue(query: dict[str, Any]) -> dict[str, Any]:
    """How many of each kind are overdue now."""
    return overdue.count_overdue(context.actor(), context.uow(), query, now=context.now())
