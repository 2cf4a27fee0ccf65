"""Uploads as the gateway brings them: pieces of a file, each a request of its own. Never reached from outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import request

from services.chain_of_custody.models_spectra import FINISHED, Upload
from services.chain_of_custody.schemas_spectra import NewUploadSchema, OffsetQuery
from services.chain_of_custody.service import uploads
from services.chain_of_custody.service.complete_upload import complete_own_upload
from shared.bulk import BulkFolder
from shared.errors import Invalid
from shared.http import context
from shared.http.blueprint import Blueprint
from shared.http.schemas import format_time

blp = Blueprint("custody_uploads", __name__)


@blp.post("/uploads")
@blp.arguments(NewUploadSchema)
@blp.response(201)
def begin_upload(body: dict[str, Any]) -> dict[str, Any]:
    """Begins an upload."""
    row = uploads.begin_upload(context.actor(), context.uow(), _stores(), body, now=context.now())
    return _told(row)


@blp.get("/uploads/<upload_id>")
@blp.response(200)
def get_upload(upload_id: str) -> dict[str, Any]:
    """How far an upload is."""
    return _told(uploads.get_upload(context.actor(), context.uow(), upload_id))


@blp.patch("/uploads/<upload_id>")
@blp.arguments(OffsetQuery, location="query")
@blp.response(200)
def append_piece(query: dict[str, Any], upload_id: str) -> dict[str, Any]:
    """Adds the bytes of the body, or of the piece that was handed over beside it."""
    with _piece(query) as piece:
        row = uploads.append_piece(
            context.actor(), context.uow(), _stores(), upload_id, query["offset"], piece, now=context.now()
        )
    return _told(row)


@contextmanager
def _piece(query: dict[str, Any]) -> Iterator[bytes | memoryview]:
    if query["piece"] is None:
        yield request.get_data(cache=False)
        return
    folder = context.runtime().settings.bulk_dir
    if folder is None:
        raise Invalid("Pieces are not handed over beside the bus here.", code="no_such_piece")
    with BulkFolder(folder).reading(query["piece"], query["size"]) as view:
        yield view


@blp.post("/uploads/<upload_id>/completion")
@blp.response(200)
def complete_upload(upload_id: str) -> dict[str, Any]:
    """Makes a spectrum of an upload whose bytes are all here."""
    row = complete_own_upload(context.actor(), context.uow(), _stores(), upload_id, now=context.now())
    return _told(row)


def _stores() -> uploads.Stores:
    return uploads.Stores.of(context.runtime())


def _told(row: Upload) -> dict[str, Any]:
    names = ("filename", "item_id", "technique", "instrument", "method", "run_role", "sha256")
    return {
        "id": row.id,
        "state": row.state,
        "size": row.size,
        "offset": row.offset,
        "spectrum_id": row.spectrum_id if row.state == FINISHED else None,
        "expires_at": format_time(row.touched_at + uploads.KEPT_UNFINISHED),
        "metadata": {
            **{name: getattr(row, name) for name in names},
            "acquired_at": format_time(row.acquired_at),
        },
    }
