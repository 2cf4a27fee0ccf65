"""Holds and disposals over HTTP."""

from typing import Any

from services.chain_of_custody.models import Disposal
from services.chain_of_custody.schemas import (
    DisposalSchema,
    ExecutionSchema,
    SignedReasonSchema,
    SigningSchema,
)
from services.chain_of_custody.schemas_holds import (
    DisposalAnswerSchema,
    DisposalList,
    DisposalQuery,
    HoldList,
    HoldQuery,
    HoldSchema,
)
from services.chain_of_custody.service import disposals, holds
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("holds", __name__, description="What must be kept, and what is destroyed")


@blp.get("/holds")
@blp.arguments(HoldQuery, location="query")
@blp.response(200, HoldList)
def list_holds(query: dict[str, Any]) -> dict[str, Any]:
    """Holds, the newest first."""
    return holds.list_holds(context.actor(), context.uow(), query)


@blp.get("/disposals")
@blp.arguments(DisposalQuery, location="query")
@blp.response(200, DisposalList)
def list_disposals(query: dict[str, Any]) -> dict[str, Any]:
    """Disposals, the newest first."""
    return disposals.list_disposals(context.actor(), context.uow(), query)


@blp.post("/items/<item_id>/holds")
@blp.arguments(SignedReasonSchema)
@blp.response(201, HoldSchema)
def place_hold(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """Puts an item and all that came from it on hold."""
    return holds.place_hold(context.actor(), context.uow(), item_id, body, now=context.now())


@blp.post("/holds/<hold_id>/release")
@blp.arguments(SignedReasonSchema)
@blp.response(200, HoldSchema)
def release_hold(body: dict[str, Any], hold_id: str) -> dict[str, Any]:
    """Ends a hold."""
    return holds.release_hold(context.actor(), context.uow(), hold_id, body, now=context.now())


@blp.post("/items/<item_id>/disposals")
@blp.arguments(DisposalSchema)
@blp.response(201, DisposalAnswerSchema)
def request_disposal(body: dict[str, Any], item_id: str) -> Disposal:
    """A custodian asks for a destruction."""
    return disposals.request_disposal(context.actor(), context.uow(), item_id, body, now=context.now())


@blp.post("/disposals/<disposal_id>/authorise")
@blp.arguments(SigningSchema)
@blp.response(200, DisposalAnswerSchema)
def authorise_disposal(body: dict[str, Any], disposal_id: str) -> Disposal:
    """A reviewer agrees."""
    return disposals.authorise_disposal(context.actor(), context.uow(), disposal_id, body, now=context.now())


@blp.post("/disposals/<disposal_id>/execute")
@blp.arguments(ExecutionSchema)
@blp.response(200, DisposalAnswerSchema)
def execute_disposal(body: dict[str, Any], disposal_id: str) -> Disposal:
    """A custodian destroys the item before a witness."""
    return disposals.execute_disposal(context.actor(), context.uow(), disposal_id, body, now=context.now())


@blp.post("/disposals/<disposal_id>/withdraw")
@blp.arguments(SignedReasonSchema)
@blp.response(200, DisposalAnswerSchema)
def withdraw_disposal(body: dict[str, Any], disposal_id: str) -> Disposal:
    """A custodian or a reviewer stops a disposal before it is executed."""
    return disposals.withdraw_disposal(context.actor(), context.uow(), disposal_id, body, now=context.now())
