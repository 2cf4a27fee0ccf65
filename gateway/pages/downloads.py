"""Documents and exports of an item as files, fetched for the signed-in person as the API gives them."""

import json
from dataclasses import replace

from flask import Blueprint, Response, abort, render_template, request

from gateway.api import routing
from gateway.api.dispatch import Asked, refused
from gateway.pages.session import api, current_person, get
from shared.bus.messages import BusResponse
from shared.errors import DomainError, Unauthenticated
from shared.identifiers import new_id

blp = Blueprint("downloads", __name__)

_NAMES = {"custody.pdf": "custody-{}.pdf", "case.jsonld": "case-{}.jsonld", "bundle.zip": "evidence-{}.zip"}


#: What is given of a damaged record too, marked, to whoever asks for it; a bundle would not verify.
_MARKED = ("custody.pdf", "case.jsonld")


@blp.get("/items/<item_id>/<any('custody.pdf', 'case.jsonld', 'bundle.zip'):what>")
def of_item(item_id: str, what: str) -> Response:
    """The custody report, the linked data or the evidence bundle of an item, under a name that says whose it is."""
    number = str(get(f"/items/{item_id}")["number"])
    if what in _MARKED and request.args.get("damaged") == "true":
        return download(
            f"/items/{item_id}/{what}", f"DAMAGED-{_NAMES[what].format(number)}", query="damaged=true"
        )
    if what == "bundle.zip" and request.args.get("spectra") == "true":
        name = f"evidence-{number}-with-spectra.zip"
        return download(f"/items/{item_id}/{what}", name, query="spectra=true")
    return download(f"/items/{item_id}/{what}", _NAMES[what].format(number))


def download(path: str, name: str, query: str = "") -> Response:
    """What the API has at a path, as a file; large ones pass through in pieces."""
    person = current_person()
    if person is None:
        raise Unauthenticated("Sign in first.")
    address = f"/api/v1{path}"
    service = routing.service_for(address)
    if service is None or service == routing.GATEWAY:
        abort(404)
    actor = replace(person.actor, request_id=new_id())
    try:
        answer = api().ask(
            service, Asked(actor, "GET", address, query, [], b"", ""), stream=routing.is_stream(address)
        )
    except DomainError as error:
        answer = refused(error)
    if answer.status >= 400:
        return Response(_refusal(answer, path), answer.status)
    response = Response(
        answer.body if answer.parts is None else answer.parts,
        mimetype=answer.header("content-type") or "application/octet-stream",
    )
    inline = "inline" if name.endswith(".pdf") else "attachment"
    response.headers["Content-Disposition"] = f'{inline}; filename="{name}"'
    return response


def _refusal(answer: BusResponse, path: str) -> str:
    """The page in the place of a file: of a damaged record it says what is damaged, and how to have the file all the same."""
    kind = answer.header("content-type") or ""
    problem = json.loads(answer.body) if "json" in kind and answer.body else {}
    if problem.get("code") == "ledger_damaged":
        marked = f"{path}?damaged=true" if path.rpartition("/")[2] in _MARKED else None
        item = path.rpartition("/")[0]
        return render_template("pages/damaged.html", detail=problem["detail"], item=item, marked=marked)
    words = (
        "This cannot be had now; try again in a moment." if answer.status == 503 else "There is no such file."
    )
    return render_template("pages/error.html", status=answer.status, text=words)
