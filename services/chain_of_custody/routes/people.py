"""Who may take evidence, over HTTP."""

from typing import Any

from services.chain_of_custody.schemas_people import PersonList, PersonQuery
from services.chain_of_custody.service import people
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("people", __name__, description="Who may take evidence")


@blp.get("/people")
@blp.arguments(PersonQuery, location="query")
@blp.response(200, PersonList)
def list_people(query: dict[str, Any]) -> dict[str, Any]:
    """People with an open account to whom the caller may give evidence or whom they may name, by name; not the caller."""
    return people.list_people(context.actor(), context.uow(), query)
