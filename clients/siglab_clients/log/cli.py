"""`siglab-verify log URL --key KEY --since CHECKPOINT`: proves that a log has only grown since a checkpoint that was kept."""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from siglab_clients.log.check_log import check_log
from siglab_clients.log.findings import LogVerdict
from siglab_clients.log.sources import Unreachable, open_source
from siglab_clients.tlog.checkpoints import Checkpoint
from siglab_clients.tlog.encoding import encode_base64
from siglab_clients.verify.given import (
    EXIT_STATUS,
    Parser,
    WrongUse,
    kept_checkpoint,
    log_key,
    moment,
    save,
    witness_keys,
)

_EPILOG = f"""\
The consistency proof (RFC 6962) is built here from the log's tiles; the log is not believed in anything but
what its signature and its hashes prove. What can be found:
  truncated   the log has fewer entries than it once signed for
  forked      the log has signed two different heads of one size
  rewritten   entries that the kept checkpoint covers were changed, removed, inserted or moved
  tile, entry a file of the log is not what the log's entries make it; the file and the entry are named
  witness     a cosignature that was asked for is missing or false

Examples:
  siglab-verify log https://lab.example/api/v1/ledger/ --key ledger.vkey --save kept.checkpoint
  siglab-verify log https://lab.example/api/v1/ledger/ --key ledger.vkey --since kept.checkpoint --save kept.checkpoint
  siglab-verify log /media/mirror --key ledger.vkey --since bundle.zip --full

{EXIT_STATUS}"""


def main(arguments: Sequence[str]) -> int:
    """Runs the command and returns its exit status."""
    parser = Parser(
        "siglab-verify log", "Proves that a log has only grown, and on demand reads all of it.", _EPILOG
    )
    parser.add_argument(
        "url", metavar="URL", help="the log's address (http, https), or a folder that mirrors it"
    )
    parser.add_argument(
        "--key", required=True, help="the log's verifier key: a file, or the line name+id+base64"
    )
    parser.add_argument(
        "--since",
        type=Path,
        metavar="CHECKPOINT",
        help="a checkpoint of the log that was kept earlier, or a bundle",
    )
    parser.add_argument(
        "--witness",
        action="append",
        default=[],
        metavar="KEY",
        help="the checkpoint must be cosigned by this witness; may be given several times",
    )
    parser.add_argument("--full", action="store_true", help="read every entry and every tile")
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="keep the checkpoint in FILE when everything holds"
    )
    parser.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="for one answer (30)")
    parser.add_argument("--json", action="store_true", help="say it in JSON")
    given = parser.parse_args(arguments)
    try:
        key = log_key(given.key)
        witnesses = witness_keys(given.witness)
        since = kept_checkpoint(given.since, key) if given.since else None
        source = open_source(given.url, timeout=given.timeout)
        verdict = check_log(
            source, key, since=since, witnesses=witnesses, full=given.full, progress=_progress(since)
        )
        if verdict.ok and given.save:
            save(given.save, verdict.note)
    except (WrongUse, ValueError) as error:
        parser.error(str(error))
    except Unreachable as error:
        print(f"siglab-verify log: nothing can be said: {error}", file=sys.stderr)
        return 2
    print(json.dumps(_as_json(verdict)) if given.json else _as_text(verdict))
    return 0 if verdict.ok else 1


def _progress(since: Checkpoint | None) -> Callable[[int], None]:
    """Tells a person at a terminal how far the reading is; nobody else."""
    began = last = time.monotonic()

    def tell(read: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= 1:
            last = now
            print(
                f"\r{read:,} entries read, {read / (now - began):,.0f} a second ",
                end="",
                file=sys.stderr,
                flush=True,
            )

    return tell if sys.stderr.isatty() else lambda read: None


def _as_text(verdict: LogVerdict) -> str:
    lines = [str(finding) for finding in verdict.findings]
    if not verdict.ok:
        return "\n".join([*lines, f"NOT VERIFIED: {len(verdict.findings)} finding(s)."])
    head = verdict.checkpoint
    assert head is not None
    if verdict.since is None:
        grown = "no earlier checkpoint was given to compare it with"
    elif verdict.since.size == head.size:
        grown = "it has not changed since the kept checkpoint"
    else:
        grown = f"it has only grown since the kept checkpoint of {verdict.since.size} entries"
    lines.append(f"VERIFIED: the log {head.origin} has {head.size} entries; {grown}.")
    if verdict.entries_read:
        lines.append(
            f"Every one of the {verdict.entries_read} entries was read; all tiles are what they make them."
        )
    lines += [f"Cosigned by the witness {name} at {moment(at)}." for name, at in verdict.cosigned.items()]
    return "\n".join(lines)


def _as_json(verdict: LogVerdict) -> dict[str, Any]:
    return {
        "ok": verdict.ok,
        "checkpoint": head_as_json(verdict.checkpoint),
        "since": head_as_json(verdict.since),
        "entries_read": verdict.entries_read,
        "witnesses": [{"name": name, "cosigned_at": moment(at)} for name, at in verdict.cosigned.items()],
        "findings": [
            {"code": finding.code, "where": finding.where, "message": finding.message}
            for finding in verdict.findings
        ],
    }


def head_as_json(head: Checkpoint | None) -> dict[str, Any] | None:
    """A head as JSON output has it."""
    if head is None:
        return None
    return {"origin": head.origin, "size": head.size, "root": encode_base64(head.root)}
