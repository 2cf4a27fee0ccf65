"""The log over HTTP: what anybody may mirror (C2SP tlog-tiles), the proof of a release, proofs for who may see an event."""

from typing import Any

from flask import Response

from services.chain_of_custody.schemas_ledger import LedgerStateSchema, ProofSchema, VerificationSchema
from services.chain_of_custody.service import ledger
from services.chain_of_custody.service.ledger_state import get_ledger_state
from shared.http import context
from shared.http.blueprint import Blueprint

blp = Blueprint("ledger", __name__, description="The log that proves what was recorded")

#: A tile of one width never changes; the next width has another address.
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_BYTES = "application/octet-stream"


@blp.get("/ledger/checkpoint")
@blp.response(200, content_type="text/plain")
def get_checkpoint() -> Response:
    """The signed head of the log."""
    note = ledger.get_checkpoint(context.actor(), context.uow())
    return Response(note, mimetype="text/plain", headers={"Cache-Control": "no-cache"})


@blp.get("/ledger/witnessed-checkpoint")
@blp.response(200, content_type="text/plain")
def get_witnessed_checkpoint() -> Response:
    """The largest head that a witness has cosigned; 404 while there is none."""
    note = ledger.get_witnessed_checkpoint(context.actor(), context.uow())
    return Response(note, mimetype="text/plain", headers={"Cache-Control": "no-cache"})


@blp.get("/ledger/key")
@blp.response(200, content_type="text/plain")
def get_key() -> Response:
    """The log's verifier key."""
    keys_dir = context.runtime().settings.keys_dir
    return Response(ledger.get_key(context.actor(), keys_dir), mimetype="text/plain")


@blp.get("/ledger/tile/entries/<path:tile>")
@blp.response(200, content_type=_BYTES)
def get_entries(tile: str) -> Response:
    """A bundle of entries: `<N>`, or `<N>.p/<W>` for a part of it."""
    found = ledger.get_entries(context.actor(), context.uow(), tile)
    return Response(found, mimetype=_BYTES, headers=_FOREVER)


@blp.get("/ledger/tile/<int:level>/<path:tile>")
@blp.response(200, content_type=_BYTES)
def get_tile(level: int, tile: str) -> Response:
    """A tile of hashes: `<N>`, or `<N>.p/<W>` for a part of it."""
    found = ledger.get_tile(context.actor(), context.uow(), level, tile)
    return Response(found, mimetype=_BYTES, headers=_FOREVER)


@blp.get("/ledger/events/<int:index>/proof")
@blp.response(200, ProofSchema)
def get_proof(index: int) -> dict[str, Any]:
    """The proof that an event is in the log."""
    return ledger.get_proof(context.actor(), context.uow(), index)


@blp.get("/ledger/releases/<result_id>/proof")
@blp.response(200, ProofSchema)
def get_release_proof(result_id: str) -> dict[str, Any]:
    """The proof that the release of a result is in the log, for whoever has its report."""
    return ledger.get_release_proof(context.actor(), context.uow(), result_id)


@blp.get("/ledger/verification")
@blp.response(200, VerificationSchema)
def get_verification() -> dict[str, Any]:
    """What the last full check found."""
    return ledger.get_verification(context.actor(), context.uow(), context.runtime().settings.keys_dir)


@blp.get("/ledger/state")
@blp.response(200, LedgerStateSchema)
def get_state() -> dict[str, Any]:
    """The log at a glance: size, key, the last check, witnesses, time stamps and copies with their ages."""
    return get_ledger_state(context.actor(), context.uow(), context.runtime().settings)
