"""Items, their histories and their exports over HTTP."""

import json
from typing import Any

from flask import Response, request

from services.chain_of_custody.schemas import (
    BundleQuery,
    EventList,
    ExportQuery,
    ItemList,
    ItemQuery,
    WholeItemSchema,
)
from services.chain_of_custody.schemas_acts import EventQuery
from services.chain_of_custody.service import custody_report, exports, items
from services.chain_of_custody.store import stores_of
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("items", __name__, description="Exhibits and aliquots in the laboratory")


@blp.get("/items")
@blp.arguments(ItemQuery, location="query")
@blp.response(200, ItemList)
def list_items(query: dict[str, Any]) -> dict[str, Any]:
    """Items, the newest first."""
    return items.list_items(context.actor(), context.uow(), query)


@blp.get("/items/<item_id>")
@blp.response(200, WholeItemSchema)
def get_item(item_id: str) -> dict[str, Any]:
    """One item as it stands."""
    return items.get_item(context.actor(), context.uow(), item_id)


@blp.get("/items/<item_id>/events")
@blp.arguments(EventQuery, location="query")
@blp.response(200, EventList)
def list_events(query: dict[str, Any], item_id: str) -> dict[str, Any]:
    """An item's events in order."""
    return items.list_events(context.actor(), context.uow(), item_id, query)


@blp.get("/items/<item_id>/custody.pdf")
@blp.arguments(ExportQuery, location="query")
@blp.response(200, content_type="application/pdf")
def get_custody_pdf(query: dict[str, Any], item_id: str) -> Response:
    """The item's chain of custody on paper."""
    actor, uow, runtime = context.actor(), context.uow(), context.runtime()
    pdf = custody_report.make_custody_pdf(
        actor, uow, runtime, item_id, damaged=query["damaged"], now=context.now()
    )
    return Response(pdf, mimetype="application/pdf")


@blp.get("/items/<item_id>/bundle.zip")
@blp.arguments(BundleQuery, location="query")
@blp.response(200, content_type="application/zip")
def get_bundle(query: dict[str, Any], item_id: str) -> Response:
    """The item's evidence, for `siglab-verify`; with `spectra=true` the bytes of its verified spectra too."""
    actor, uow, runtime = context.actor(), context.uow(), context.runtime()
    if not query["spectra"]:
        bundle = exports.make_bundle(actor, uow, item_id, runtime.settings)
        return Response(bundle, mimetype="application/zip")
    chunks = exports.stream_bundle(actor, uow, stores_of(runtime), item_id, runtime.settings)
    body = () if request.method == "HEAD" else chunks
    return Response(body, mimetype="application/zip", direct_passthrough=True)


@blp.get("/items/<item_id>/case.jsonld")
@blp.arguments(ExportQuery, location="query")
@blp.response(200, content_type="application/ld+json")
def get_case(query: dict[str, Any], item_id: str) -> Response:
    """The item's history as CASE/UCO linked data."""
    actor, uow, keys_dir = context.actor(), context.uow(), context.runtime().settings.keys_dir
    graph = exports.make_case(actor, uow, item_id, keys_dir, damaged=query["damaged"])
    return Response(json.dumps(graph), mimetype="application/ld+json")
