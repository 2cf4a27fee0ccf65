"""Links between exhibits over HTTP."""

from typing import Any

from services.classifier.schemas_links import (
    ComparisonSchema,
    LinksQuery,
    LinksSchema,
    NetworkQuery,
    NetworkSchema,
    PopulationQuery,
    PopulationSchema,
)
from services.classifier.service import compare_profiles, links
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("links", __name__, description="Profiles that are alike, and what their likeness is worth")


@blp.get("/items/<item_id>/links")
@blp.arguments(LinksQuery, location="query")
@blp.response(200, LinksSchema)
def find_links(query: dict[str, Any], item_id: str) -> dict[str, Any]:
    """The profiles most alike to this item's, of all profiles of the programme."""
    return links.find_links(
        context.actor(), context.runtime(), context.uow(), item_id, query, now=context.now()
    )


@blp.get("/items/<item_id>/links/<other_id>")
@blp.arguments(PopulationQuery, location="query")
@blp.response(200, ComparisonSchema)
def compare_profiles_of(query: dict[str, Any], item_id: str, other_id: str) -> dict[str, Any]:
    """Two profiles analyte by analyte, for a mirror or an overlay, and what their likeness is worth."""
    return compare_profiles.compare_profiles(
        context.actor(), context.runtime(), context.uow(), (item_id, other_id), query, now=context.now()
    )


@blp.get("/links/network")
@blp.arguments(NetworkQuery, location="query")
@blp.response(200, NetworkSchema)
def link_network(query: dict[str, Any]) -> dict[str, Any]:
    """An item, those beyond the threshold, the links among them and their groups."""
    return links.link_network(context.actor(), context.runtime(), context.uow(), query, now=context.now())


@blp.get("/links/population")
@blp.arguments(PopulationQuery, location="query")
@blp.response(200, PopulationSchema)
def link_population(query: dict[str, Any]) -> dict[str, Any]:
    """The rule behind the likelihood ratios, and how they did (Cllr, Tippett)."""
    return links.link_population(context.actor(), context.runtime(), context.uow(), query, now=context.now())
