"""`siglab-verify`: one command for whoever must not have to believe the laboratory.

    siglab-verify BUNDLE.zip --key KEY      an item's history, offline
    siglab-verify log URL --key KEY         the whole log: it may only grow
    siglab-verify witness, keygen           cosign the log, from an office

A bundle's check asks no network, and trusts nothing but the keys that are given: lines `name+id+base64` that one should
have had by another way than the bundle.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from siglab_clients.tlog.encoding import encode_base64
from siglab_clients.tlog.notes import VerifierKey
from siglab_clients.verify.check_bundle import check_bundle
from siglab_clients.verify.container import CONTAINER, MAX_BUNDLE_BYTES
from siglab_clients.verify.findings import Finding, Verdict
from siglab_clients.verify.given import EXIT_STATUS, Parser, WrongUse, log_key, read_at_most

_EPILOG = f"""\
Other commands, each with --help:
  siglab-verify log URL --key KEY    proves that the whole log has only grown since a checkpoint that was kept
  siglab-verify witness              cosigns the log's checkpoints, from an office
  siglab-verify keygen               makes a witness's key
A bundle whose file is called like one of them is given as ./log.

{EXIT_STATUS}"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    other = _others(given[0]) if given else None
    return other(given[1:]) if other else _bundle(given)


def _others(name: str) -> Callable[[Sequence[str]], int] | None:
    """The sub-command of that name; imported only then, since a bundle's check needs no network at all."""
    if name == "log":
        from siglab_clients.log.cli import main as check_log

        return check_log
    if name in ("witness", "keygen"):
        from siglab_clients.witness import cli

        return cli.witness if name == "witness" else cli.keygen
    return None


def _bundle(arguments: Sequence[str]) -> int:
    parser = Parser(
        "siglab-verify",
        "Checks offline that an evidence bundle is whole, unchanged and proved by the log.",
        _EPILOG,
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE.zip", help="the bundle")
    parser.add_argument(
        "--key", required=True, help="the log's verifier key: a file, or the line name+id+base64"
    )
    parser.add_argument("--json", action="store_true", help="say it in JSON")
    given = parser.parse_args(arguments)
    try:
        raw = read_at_most(given.bundle, MAX_BUNDLE_BYTES)
        key = log_key(given.key)
    except WrongUse as error:
        parser.error(str(error))
    verdict = _check(raw, key)
    _say_json(verdict) if given.json else _say(verdict)
    return 0 if verdict.ok else 1


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
