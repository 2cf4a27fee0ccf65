"""The object stores over HTTP: what they are, how the scrub goes on, and what it found."""

from typing import Any

from services.chain_of_custody.schemas_store import (
    ClosingSchema,
    FindingList,
    FindingQuery,
    FindingSchema,
    NothingSchema,
    RoundSchema,
    ScrubSchema,
    StoreSchema,
)
from services.chain_of_custody.service import store_state
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint(
    "store", __name__, description="Where raw files lie, and whether they are as they were stored"
)


@blp.get("/store")
@blp.response(200, StoreSchema)
def get_store() -> dict[str, Any]:
    """The stores: what they guarantee and by whom, whether their locks hold, how far second copies are."""
    return store_state.get_store(context.actor(), context.uow(), context.runtime())


@blp.get("/store/scrub")
@blp.response(200, ScrubSchema)
def get_scrub() -> dict[str, Any]:
    """How the scrub goes on."""
    return store_state.get_scrub(context.actor(), context.uow(), context.runtime())


@blp.post("/store/scrub")
@blp.arguments(NothingSchema)
@blp.response(202, RoundSchema)
def ask_for_round(body: dict[str, Any]) -> dict[str, Any]:
    """Begins a round now; where one goes on already, that one is told."""
    return store_state.ask_for_round(context.actor(), context.uow(), context.runtime())


@blp.get("/store/findings")
@blp.arguments(FindingQuery, location="query")
@blp.response(200, FindingList)
def list_findings(query: dict[str, Any]) -> dict[str, Any]:
    """What the scrub found, the newest first; `open=true` for what is neither mended nor explained."""
    return store_state.list_findings(context.actor(), context.uow(), query)


@blp.post("/store/findings/<finding_id>/closing")
@blp.arguments(ClosingSchema)
@blp.response(200, FindingSchema)
@blp.alt_response(409, description="It is closed already")
def close_finding(body: dict[str, Any], finding_id: str) -> dict[str, Any]:
    """Says what became of a finding that cannot be mended."""
    return store_state.close_finding(
        context.actor(), context.uow(), finding_id, body["reason"], now=context.now()
    )
