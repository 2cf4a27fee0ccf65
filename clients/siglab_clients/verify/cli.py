"""`siglab-verify BUNDLE.zip --key KEY`: exit 0 when everything holds, 1 when something does not, 2 on wrong
use.

It asks no network, and trusts nothing but the key: a line `name+id+base64` that one should have had from
the laboratory by another way than the bundle.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from siglab_clients.tlog.encoding import encode_base64
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import VerifierKey, parse_verifier_key
from siglab_clients.verify.check_bundle import check_bundle
from siglab_clients.verify.container import CONTAINER, MAX_BUNDLE_BYTES
from siglab_clients.verify.findings import Finding, Verdict

_MAX_KEY_BYTES = 4096


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="siglab-verify",
        description="Checks offline that an evidence bundle is whole, unchanged and proved by the log.",
        epilog="Exit status: 0 everything holds, 1 something does not (one line each), 2 wrong use.",
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE.zip", help="the bundle")
    parser.add_argument("--key", type=Path, required=True, help="file with the log's verifier key")
    parser.add_argument("--json", action="store_true", help="say it in JSON")
    given = parser.parse_args(arguments)
    try:
        raw = _read(given.bundle, MAX_BUNDLE_BYTES)
        key = _key(given.key)
    except OSError as error:
        parser.error(f"{error.filename} cannot be read: {error.strerror}")
    except EvidenceError as error:
        parser.error(f"{given.key} is not a usable key: {error}")
    verdict = _check(raw, key)
    _say_json(verdict) if given.json else _say(verdict)
    return 0 if verdict.ok else 1


def _read(path: Path, limit: int) -> bytes:
    """At most one byte more than `limit`, so that the check sees that there is too much."""
    with path.open("rb") as handle:
        return handle.read(limit + 1)


def _key(path: Path) -> VerifierKey:
    try:
        return parse_verifier_key(_read(path, _MAX_KEY_BYTES).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise EvidenceError("it is not a line of text") from error


def _check(raw: bytes, key: VerifierKey) -> Verdict:
    """The verdict; whatever a hostile file may do to the checks, the answer is a refusal and not a stack
    trace.
    """
    try:
        return check_bundle(raw, key)
    except Exception as error:  # noqa: BLE001 - a verifier fails closed, and says so in a sentence
        finding = Finding(CONTAINER, f"the check itself failed ({type(error).__name__}); nothing is proved")
        return Verdict((finding,), None, 0, None)


def _say(verdict: Verdict) -> None:
    for finding in verdict.findings:
        print(finding)
    if not verdict.ok:
        print(f"NOT VERIFIED: {len(verdict.findings)} finding(s).")
    elif verdict.checkpoint is not None:
        print(
            f"VERIFIED: item {verdict.item_id}, {verdict.events} event(s), all in the log "
            f"{verdict.checkpoint.origin} of {verdict.checkpoint.size} entries."
        )


def _say_json(verdict: Verdict) -> None:
    head = verdict.checkpoint
    answer = {
        "ok": verdict.ok,
        "item_id": verdict.item_id,
        "events": verdict.events,
        "checkpoint": head and {"origin": head.origin, "size": head.size, "root": encode_base64(head.root)},
        "findings": [{"where": finding.where, "message": finding.message} for finding in verdict.findings],
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    sys.exit(main())
