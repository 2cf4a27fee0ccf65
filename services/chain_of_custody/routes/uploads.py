"""Uploads as the gateway hands them on, and readings of the classifier; reached over the bus only."""

from typing import Any

from flask import request

from services.chain_of_custody.schemas_spectra import NewUploadSchema, OffsetQuery, ReadingSchema
from services.chain_of_custody.service import uploads, verify_spectrum
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("uploads", __name__)


@blp.post("/uploads")
@blp.arguments(NewUploadSchema)
@blp.response(201)
def begin(body: dict[str, Any]) -> dict[str, Any]:
    """Opens an upload."""
    years = context.runtime().settings.retention_years
    return uploads.begin_upload(
        context.actor(), context.uow(), body, now=context.now(), retention_years=years
    )


@blp.get("/uploads/<upload_id>")
@blp.response(200)
def get_upload(upload_id: str) -> dict[str, Any]:
    """How far it is."""
    return uploads.get_upload(context.actor(), context.uow(), upload_id)


@blp.patch("/uploads/<upload_id>")
@blp.arguments(OffsetQuery, location="query")
@blp.response(200)
def append(query: dict[str, int], upload_id: str) -> dict[str, Any]:
    """Takes the next bytes."""
    store = context.runtime().extras["store"]
    return uploads.append_piece(
        context.actor(),
        context.uow(),
        store,
        upload_id,
        query["offset"],
        request.get_data(),
        now=context.now(),
    )


@blp.post("/spectra/<spectrum_id>/reading")
@blp.arguments(ReadingSchema)
@blp.response(200)
def take_reading(body: dict[str, Any], spectrum_id: str) -> dict[str, str]:
    """What the classifier's reader found."""
    verify_spectrum.take_reading(context.actor(), context.uow(), spectrum_id, body, now=context.now())
    return {"spectrum_id": spectrum_id}
