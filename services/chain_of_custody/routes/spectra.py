"""Spectra over HTTP; content in ranges (RFC 9110)."""

from typing import Any

from flask import Response, request
from werkzeug.http import parse_range_header

from services.chain_of_custody.schemas_spectra import SpectrumList, SpectrumQuery, SpectrumSchema
from services.chain_of_custody.service import spectra
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("spectra", __name__, description="Stored raw files")


@blp.get("/spectra")
@blp.arguments(SpectrumQuery, location="query")
@blp.response(200, SpectrumList)
def list_spectra(query: dict[str, Any]) -> dict[str, Any]:
    """Spectra, oldest first."""
    item_id = query.pop("item_id", None)
    return spectra.list_spectra(context.actor(), context.uow(), item_id=item_id, **query)


@blp.get("/spectra/<spectrum_id>")
@blp.response(200, SpectrumSchema)
def get_spectrum(spectrum_id: str) -> dict[str, Any]:
    """One spectrum."""
    return spectra.get_spectrum(context.actor(), context.uow(), spectrum_id)


@blp.get("/spectra/<spectrum_id>/content")
@blp.response(200, content_type="application/octet-stream")
def get_content(spectrum_id: str) -> Response:
    """The bytes as they were stored, whole or a range of them."""
    row = spectra.find_spectrum(context.actor(), context.uow(), spectrum_id)
    start, end, status = _range(row.size)
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": f'"{row.sha256 or row.sha256_declared}"',
        "Content-Disposition": "attachment",
        "X-Content-Type-Options": "nosniff",
    }
    if status == 416:
        return Response(status=416, headers={**headers, "Content-Range": f"bytes */{row.size}"})
    headers["Content-Length"] = str(end - start)
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{row.size}"
    store = context.runtime().extras["store"]
    body = spectra.read_content(store, row, start, end - start) if request.method == "GET" else iter(())
    return Response(body, status=status, headers=headers, mimetype="application/octet-stream")


def _range(size: int) -> tuple[int, int, int]:
    """(first byte, end, status) of the range asked for; several ranges, or one that makes no sense, give the whole."""
    given = parse_range_header(request.headers.get("Range"), make_inclusive=False)
    if given is None or given.units != "bytes" or len(given.ranges) != 1:
        return 0, size, 200
    found = given.range_for_length(size)
    return (0, 0, 416) if found is None else (found[0], found[1], 206)
