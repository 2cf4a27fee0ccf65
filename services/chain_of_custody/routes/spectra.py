"""Spectra over HTTP: what is known of them, their bytes, and the classifier's readings."""

from typing import Any
from urllib.parse import quote

from flask import Response, request
from werkzeug.http import dump_options_header

from services.chain_of_custody.domain.byte_range import Unsatisfiable
from services.chain_of_custody.schemas_spectra import (
    ReadingSchema,
    SpectrumList,
    SpectrumQuery,
    SpectrumSchema,
)
from services.chain_of_custody.service import spectra, verify_spectrum
from shared.http import context
from shared.http.blueprint import Blueprint
from shared.http.problems import problem_document

blp = Blueprint("spectra", __name__, description="Stored runs of instruments")
internal = Blueprint("custody_spectra_internal", __name__)

_OCTETS = "application/octet-stream"


@blp.get("/spectra")
@blp.arguments(SpectrumQuery, location="query")
@blp.response(200, SpectrumList)
def list_spectra(query: dict[str, Any]) -> dict[str, Any]:
    """Spectra, the newest first."""
    return spectra.list_spectra(context.actor(), context.uow(), query)


@blp.get("/spectra/<spectrum_id>")
@blp.response(200, SpectrumSchema)
def get_spectrum(spectrum_id: str) -> dict[str, Any]:
    """What is known of one spectrum."""
    return spectra.get_spectrum(context.actor(), context.uow(), spectrum_id)


@blp.get("/spectra/<spectrum_id>/content")
@blp.response(200, content_type=_OCTETS)
@blp.alt_response(206, description="The range asked for", content_type=_OCTETS)
@blp.alt_response(304, description="The bytes are those of If-None-Match")
@blp.alt_response(416, description="The range lies behind the end")
def get_content(spectrum_id: str) -> Response:
    """The bytes as they were uploaded; Range, If-Range and If-None-Match are kept."""
    asked = {"asked": request.headers.get("Range"), "if_range": request.headers.get("If-Range")}
    try:
        found = spectra.get_content(context.actor(), context.uow(), context.runtime(), spectrum_id, **asked)
    except Unsatisfiable:
        size = spectra.get_spectrum(context.actor(), context.uow(), spectrum_id)["size"]
        return _unsatisfiable(size)
    if found.etag is not None and request.if_none_match.contains(found.etag):
        return Response(status=304, headers={"ETag": f'"{found.etag}"'})
    return _content(found)


def _content(found: spectra.Content) -> Response:
    body = () if request.method == "HEAD" else found.read()
    response = Response(body, 200 if found.span is None else 206, mimetype=_OCTETS, direct_passthrough=True)
    response.headers["Content-Length"] = str(found.length)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Disposition"] = _attachment(found.filename)
    if found.span is not None:
        response.headers["Content-Range"] = f"bytes {found.span.first}-{found.span.last}/{found.size}"
    if found.etag is not None:
        response.set_etag(found.etag)
    return response


def _attachment(filename: str) -> str:
    """Content-Disposition with the name as it is (RFC 8187), and one in ASCII for clients that do not know that form."""
    plain = filename.encode("ascii", "replace").decode().replace("?", "_")
    options = {"filename": plain}
    if plain != filename:
        options["filename*"] = f"UTF-8''{quote(filename, safe='')}"
    return dump_options_header("attachment", options)


def _unsatisfiable(size: int) -> Response:
    detail = f"The range lies behind the end of the file, which has {size} bytes."
    body, headers = problem_document(416, detail, "range_not_satisfiable", [])
    return Response(body, 416, [*headers, ("Content-Range", f"bytes */{size}")])


@internal.post("/spectra/<spectrum_id>/reading")
@internal.arguments(ReadingSchema)
@internal.response(200)
def take_reading(body: dict[str, Any], spectrum_id: str) -> dict[str, str]:
    """Keeps what the classifier read."""
    row = verify_spectrum.take_reading(context.actor(), context.uow(), spectrum_id, body, now=context.now())
    return {"state": row.state}
