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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from siglab_clients.tlog.cosignatures import WitnessKey
from siglab_clients.tlog.encoding import encode_base64
from siglab_clients.tlog.notes import VerifierKey
from siglab_clients.verify.check_bundle import check_bundle
from siglab_clients.verify.container import CONTAINER
from siglab_clients.verify.findings import Finding, Verdict, quiet
from siglab_clients.verify.given import (
    EXIT_STATUS,
    Parser,
    WrongUse,
    log_key,
    moment,
    read_at_most,
    witness_keys,
)
from siglab_clients.verify.timestamps import read_roots

if TYPE_CHECKING:
    from cryptography import x509

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
    parser.add_argument(
        "--witness",
        action="append",
        default=[],
        metavar="KEY",
        help="the checkpoint must be cosigned by this witness (a file, or its key); may be given several times",
    )
    parser.add_argument(
        "--tsa-ca",
        type=Path,
        metavar="FILE",
        help="a time stamp (RFC 3161) must be there, by an authority under these certificates (PEM)",
    )
    parser.add_argument("--json", action="store_true", help="say it in JSON")
    given = parser.parse_args(arguments)
    try:
        asked = Asked(log_key(given.key), witness_keys(given.witness), _roots(given.tsa_ca))
        with given.bundle.open("rb") as handle:
            verdict = _check(handle, asked)
    except WrongUse as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"{given.bundle} cannot be read: {error.strerror}")
    print(json.dumps(as_json(verdict)) if given.json else as_text(verdict))
    return 0 if verdict.ok else 1


@dataclass(frozen=True)
class Asked:
    """Whom the user trusts."""

    key: VerifierKey
    witnesses: list[WitnessKey]
    roots: "list[x509.Certificate] | None"


def _roots(path: Path | None) -> "list[x509.Certificate] | None":
    if path is None:
        return None
    try:
        return read_roots(read_at_most(path, 1 << 20))
    except ValueError as error:
        raise WrongUse(f"{path} holds no certificate in PEM form") from error


def _check(handle: BinaryIO, asked: Asked) -> Verdict:
    """The verdict; whatever a hostile file may do to the checks, the answer is a refusal and not a stack
    trace.
    """
    try:
        return check_bundle(handle, asked.key, witnesses=asked.witnesses, roots=asked.roots)
    except Exception as error:  # noqa: BLE001 - a verifier fails closed, and says so in a sentence
        message = f"the check itself failed ({type(error).__name__}); nothing is proved"
        return Verdict((Finding(CONTAINER, message, "failed"),), None, 0, None, key=asked.key)


def as_text(verdict: Verdict) -> str:
    """The verdict in sentences, the first event that fails before everything else."""
    first = verdict.first_event
    lines: list[str] = []
    if first is not None:
        lines.append(f"First event that fails: {first}")
    findings = sorted(verdict.findings, key=lambda finding: finding.event is None or finding.event != first)
    lines += [str(finding) for finding in findings]
    if not verdict.ok:
        return "\n".join([*lines, f"NOT VERIFIED: {len(verdict.findings)} finding(s)."])
    head, key = verdict.checkpoint, verdict.key
    assert head is not None and key is not None
    lines.append(
        f"VERIFIED: item {quiet(str(verdict.item_id))}, {verdict.events} event(s), all in the log "
        f"{head.origin} of {head.size} entries."
    )
    lines.append(
        f"Checked with the key {key.name}: id {key.id.hex()}, SHA-256 of its 32 bytes {key.fingerprint}."
    )
    for name, count in verdict.lineage.items():
        lines.append(f"Its lineage too: item {name}, {count} event(s).")
    if verdict.spectra:
        lines.append(f"The bytes of {len(verdict.spectra)} spectra are those that the events verified.")
    lines += [f"Cosigned by the witness {name} at {moment(at)}." for name, at in verdict.cosigned.items()]
    lines += [f"Time stamp of an authority: {moment(at)} ({name})." for name, at in verdict.stamped.items()]
    lines += [f"Note: {quiet(note)}." for note in verdict.notes]
    return "\n".join(lines)


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict for programs."""
    head, key, first = verdict.checkpoint, verdict.key, verdict.first_event
    return {
        "ok": verdict.ok,
        "key": key and {"name": key.name, "id": key.id.hex(), "fingerprint": key.fingerprint},
        "item_id": verdict.item_id,
        "events": verdict.events,
        "checkpoint": head and {"origin": head.origin, "size": head.size, "root": encode_base64(head.root)},
        "witnesses": [{"name": name, "cosigned_at": moment(at)} for name, at in verdict.cosigned.items()],
        "timestamps": [{"file": name, "stamped_at": moment(at)} for name, at in verdict.stamped.items()],
        "lineage": [{"item_id": name, "events": count} for name, count in verdict.lineage.items()],
        "spectra": list(verdict.spectra),
        "first_event": first and asdict(first),
        "findings": [
            {
                "where": finding.where,
                "message": finding.message,
                "code": finding.code,
                "event": finding.event and asdict(finding.event),
            }
            for finding in verdict.findings
        ],
        "notes": list(verdict.notes),
    }


if __name__ == "__main__":
    sys.exit(main())
