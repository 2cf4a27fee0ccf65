"""What other services tell and ask custody."""

from typing import Any

from services.chain_of_custody.schemas_internal import (
    BlockSchema,
    FactsQuery,
    PersonSchema,
    ReceiptSchema,
    RecordSchema,
    UnblockSchema,
)
from services.chain_of_custody.service import internal
from services.chain_of_custody.service.put_person import put_person as remember
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("custody_internal", __name__)


@blp.get("/items")
@blp.arguments(FactsQuery, location="query")
@blp.response(200)
def get_facts(query: dict[str, Any]) -> dict[str, Any]:
    """Facts of items by id, exhibit or number."""
    return {"items": internal.get_facts(context.actor(), context.uow(), **query)}


@blp.post("/items")
@blp.arguments(ReceiptSchema)
@blp.response(200)
def open_received(body: dict[str, Any]) -> dict[str, Any]:
    """Opens an item for each exhibit of a receipt."""
    return {"items": internal.open_items(context.actor(), context.uow(), body, now=context.now())}


@blp.post("/items/block")
@blp.arguments(BlockSchema)
@blp.response(200)
def block_item(body: dict[str, Any]) -> dict[str, str]:
    """Stops work on an exhibit and all that came from it."""
    internal.block_item(context.actor(), context.uow(), body, now=context.now())
    return {"exhibit_id": body["exhibit_id"]}


@blp.post("/items/unblock")
@blp.arguments(UnblockSchema)
@blp.response(200)
def unblock_item(body: dict[str, Any]) -> dict[str, str]:
    """Lets work on an exhibit go on."""
    internal.unblock_item(context.actor(), context.uow(), body, now=context.now())
    return {"exhibit_id": body["exhibit_id"]}


@blp.post("/people")
@blp.arguments(PersonSchema)
@blp.response(200)
def put_person(body: dict[str, Any]) -> dict[str, str]:
    """Remembers an account."""
    remember(context.actor(), context.uow(), body, now=context.now())
    return {"login": body["login"]}


@blp.post("/records")
@blp.arguments(RecordSchema)
@blp.response(200)
def add_record(body: dict[str, Any]) -> dict[str, str]:
    """Adds an act of another service to an item's history."""
    return internal.add_record(context.actor(), context.uow(), body, now=context.now())
