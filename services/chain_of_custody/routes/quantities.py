"""Weighings, what is taken, composites, the mass balance and the register of balances over HTTP."""

from typing import Any

from services.chain_of_custody.schemas import ItemSchema
from services.chain_of_custody.schemas_quantities import (
    BalanceList,
    BalanceSchema,
    CalibrationSchema,
    CompositePreviewSchema,
    LossSchema,
    MassBalanceSchema,
    NewBalanceSchema,
    NewCompositeSchema,
    TakingSchema,
    WeighingSchema,
)
from services.chain_of_custody.service import (
    balances,
    composites,
    mass_balance,
    preview_composite,
    takings,
    weighings,
)
from shared.http import context
from shared.http.blueprint import Blueprint
from shared.http.lists import ListQuery

blp = Blueprint("quantities", __name__, description="How much there is, and what was taken")


@blp.post("/items/<item_id>/weighings")
@blp.arguments(WeighingSchema)
@blp.response(201, ItemSchema)
def weigh_item(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """The holder weighs an item."""
    return weighings.weigh_item(context.actor(), context.uow(), item_id, body, now=context.now())


@blp.post("/items/<item_id>/aliquots")
@blp.arguments(TakingSchema)
@blp.response(201, ItemSchema)
def take_aliquot(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """The holder divides an aliquot off; the answer is the new item."""
    return takings.take_aliquot(context.actor(), context.uow(), item_id, body, now=context.now())


@blp.post("/items/<item_id>/consumptions")
@blp.arguments(TakingSchema)
@blp.response(201, ItemSchema)
def consume(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """The holder uses some of an item up."""
    return takings.consume(context.actor(), context.uow(), item_id, body, now=context.now())


@blp.post("/items/<item_id>/losses")
@blp.arguments(LossSchema)
@blp.response(201, ItemSchema)
def lose(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """The holder tells that some of an item was lost."""
    return takings.lose(context.actor(), context.uow(), item_id, body, now=context.now())


@blp.post("/composites")
@blp.arguments(NewCompositeSchema)
@blp.response(201, ItemSchema)
def add_composite(body: dict[str, Any]) -> dict[str, Any]:
    """The holder makes one item of portions of several; the answer is the new item."""
    return composites.add_composite(context.actor(), context.uow(), body, now=context.now())


@blp.post("/composites/preview")
@blp.arguments(NewCompositeSchema)
@blp.response(200, CompositePreviewSchema)
def preview(body: dict[str, Any]) -> dict[str, Any]:
    """The mass balance of a composite before it is made; nothing is recorded."""
    return preview_composite.preview_composite(context.actor(), context.uow(), body, now=context.now())


@blp.get("/items/<item_id>/balance")
@blp.response(200, MassBalanceSchema)
def get_mass_balance(item_id: str) -> dict[str, Any]:
    """The mass balance of the whole lineage that an item stands in."""
    return mass_balance.get_mass_balance(context.actor(), context.uow(), item_id)


@blp.get("/balances")
@blp.arguments(ListQuery, location="query")
@blp.response(200, BalanceList)
def list_balances(query: dict[str, Any]) -> dict[str, Any]:
    """The register of balances."""
    return balances.list_balances(context.actor(), context.uow(), query, now=context.now())


@blp.post("/balances")
@blp.arguments(NewBalanceSchema)
@blp.response(201, BalanceSchema)
def add_balance(body: dict[str, Any]) -> dict[str, Any]:
    """An administrator adds a balance with its first calibration."""
    return balances.add_balance(context.actor(), context.uow(), body, now=context.now())


@blp.post("/balances/<balance_id>/calibrations")
@blp.arguments(CalibrationSchema)
@blp.response(201, BalanceSchema)
def add_calibration(body: dict[str, Any], balance_id: str) -> dict[str, Any]:
    """An administrator adds a calibration of a balance."""
    return balances.add_calibration(context.actor(), context.uow(), balance_id, body, now=context.now())
