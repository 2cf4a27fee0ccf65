"""The log of all acts: its head and key, the last full check, who else vouches for it, and a bundle checked by upload."""

from typing import Any, BinaryIO, cast

from flask import Blueprint, abort, render_template, request

from gateway.pages.session import ask
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import VerifierKey, parse_verifier_key
from siglab_clients.verify.check_bundle import check_bundle

blp = Blueprint("ledger", __name__)


@blp.get("/ledger")
def ledger() -> str:
    """The page; offices see head, key and the check of a bundle, the laboratory also what checks and witnesses say."""
    return _page()


@blp.post("/ledger/bundle")
def check() -> tuple[str, int]:
    """Checks a bundle against this log's key, as siglab-verify does; nothing of it is kept."""
    given = request.files.get("bundle")
    if given is None or not given.filename:
        return _page(
            errors=[{"field": "bundle", "message": "Choose the bundle: a file that ends in .zip."}]
        ), 422
    verdict = check_bundle(cast(BinaryIO, given.stream), _key())
    return _page(verdict=verdict, checked=given.filename[:200]), 200


def _page(**values: Any) -> str:
    state = ask("GET", "/ledger/state")
    key = _key()
    head = ask("GET", "/ledger/checkpoint")
    return render_template(
        "pages/ledger.html",
        state=state.json if state.ok else None,
        key=str(key),
        key_id=key.id.hex(),
        fingerprint=key.fingerprint,
        head=head.raw.body.decode() if head.ok else None,
        **{"errors": [], "verdict": None, "checked": None, **values},
    )


def _key() -> VerifierKey:
    """The log's verifier key as custody tells it; 503 while it cannot."""
    said = ask("GET", "/ledger/key")
    if not said.ok:
        abort(503, said.detail)
    try:
        return parse_verifier_key(said.raw.body.decode().strip())
    except EvidenceError:
        abort(503, "The key of the log cannot be read.")
