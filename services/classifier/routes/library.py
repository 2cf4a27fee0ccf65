"""The reference library over HTTP."""

from typing import Any

from services.classifier.models import LibraryAct
from services.classifier.schemas_library import (
    AcceptedEntrySchema,
    LabelsSchema,
    LibraryEntriesSchema,
    LibraryEntrySchema,
    LibraryList,
    LibraryQuery,
    LibraryWarningList,
    ReasonSchema,
    WarningsQuery,
)
from services.classifier.service import library, library_warnings
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("library", __name__, description="Authentics that models are trained from")


@blp.get("/library")
@blp.arguments(LibraryQuery, location="query")
@blp.response(200, LibraryList)
def list_library(query: dict[str, Any]) -> dict[str, Any]:
    """What is in the library now."""
    programme = query.pop("programme", None)
    return library.list_library(context.actor(), context.uow(), programme=programme, **query)


@blp.get("/library/warnings")
@blp.arguments(WarningsQuery, location="query")
@blp.response(200, LibraryWarningList)
def list_warnings(query: dict[str, Any]) -> dict[str, Any]:
    """Authentics far from their own class, and pairs too alike to be of two collections."""
    return library_warnings.get_warnings(context.actor(), context.uow(), query["programme"])


@blp.post("/library/accept")
@blp.arguments(LibraryEntriesSchema)
@blp.response(200)
def accept_many(body: dict[str, Any]) -> dict[str, Any]:
    """Takes many authentics in, all or none."""
    return library.accept_many(context.actor(), context.uow(), _custody(), body["entries"], now=context.now())


@blp.post("/library/<exhibit_id>/accept")
@blp.arguments(LabelsSchema)
@blp.response(200, AcceptedEntrySchema)
def accept(body: dict[str, Any], exhibit_id: str) -> dict[str, Any]:
    """Takes one authentic in; `warnings` say what about it asks for a second look."""
    return library.accept_one(
        context.actor(), context.uow(), _custody(), exhibit_id, body["labels"], now=context.now()
    )


@blp.post("/library/<exhibit_id>/refuse")
@blp.arguments(ReasonSchema)
@blp.response(200, LibraryEntrySchema)
def refuse(body: dict[str, Any], exhibit_id: str) -> LibraryAct:
    """Keeps an authentic out."""
    return library.refuse_authentic(
        context.actor(), context.uow(), _custody(), exhibit_id, body["reason"], now=context.now()
    )


@blp.post("/library/<exhibit_id>/withdraw")
@blp.arguments(ReasonSchema)
@blp.response(200, LibraryEntrySchema)
def withdraw(body: dict[str, Any], exhibit_id: str) -> LibraryAct:
    """Takes an authentic out again."""
    return library.withdraw_authentic(
        context.actor(), context.uow(), _custody(), exhibit_id, body["reason"], now=context.now()
    )


def _custody() -> Any:
    return context.runtime().extras["custody"]
