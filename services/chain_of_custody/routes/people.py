"""Who may take evidence, over HTTP."""

from typing import Any

from services.chain_of_custody.schemas import EventList
from services.chain_of_custody.schemas_people import PersonList, PersonQuery
from services.chain_of_custody.service import people
from shared.http import context
from shared.http.blueprint import Blueprint
from shared.http.lists import ListQuery

blp = Blueprint("people", __name__, description="Who may take evidence")


@blp.get("/people")
@blp.arguments(PersonQuery, location="query")
@blp.response(200, PersonList)
def list_people(query: dict[str, Any]) -> dict[str, Any]:
    """People with an open account to whom the caller may give evidence or whom they may name, by name; not the caller."""
    return people.list_people(context.actor(), context.uow(), query)


@blp.get("/people/<login>/acts")
@blp.arguments(ListQuery, location="query")
@blp.response(200, EventList)
def list_acts(query: dict[str, Any], login: str) -> dict[str, Any]:
    """How an account was opened, changed and closed, each act with its place in the log; for custodians, reviewers, auditors and
    administrators."""
    return people.list_acts(context.actor(), context.uow(), login, query)
