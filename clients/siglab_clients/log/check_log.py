"""Checks a log against a checkpoint that one has kept: it may only have grown (RFC 6962 section 2.1.4.2).

Nothing is trusted but the log's key and the keys of the witnesses asked for. The consistency proof is built here, from
tiles; the log is not asked for any proof.
"""

from collections.abc import Sequence

from siglab_clients.log.check_entries import EntriesCheck, Progress
from siglab_clients.log.findings import CHECKPOINT, FORK, REWRITTEN, TILE, TRUNCATED, WITNESS, LogVerdict
from siglab_clients.log.sources import Source
from siglab_clients.log.tile_tree import BadTile, TileTree
from siglab_clients.tlog.checkpoints import Checkpoint, open_checkpoint
from siglab_clients.tlog.cosignatures import WitnessKey, open_cosignature
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import MAX_NOTE_BYTES, VerifierKey
from siglab_clients.tlog.proofs import verify_consistency
from siglab_clients.verify.findings import Finding

_HEAD = "checkpoint"


def check_log(
    source: Source,
    key: VerifierKey,
    *,
    since: Checkpoint | None = None,
    witnesses: Sequence[WitnessKey] = (),
    full: bool = False,
    progress: Progress = lambda read: None,
) -> LogVerdict:
    """The verdict on the log at `source`, against the checkpoint `since` where one was kept; raises Unreachable.

    `full` reads every entry. It is also done where the tiles do not lead to the roots, so that the file at fault is named.
    """
    raw = source.get(_HEAD, MAX_NOTE_BYTES)
    if raw is None:
        return _refused(b"", since, "the log does not serve a checkpoint")
    try:
        head = open_checkpoint(raw, key)
    except EvidenceError as error:
        return _refused(raw, since, str(error))
    findings: list[Finding] = []
    cosigned = check_cosignatures(raw, witnesses, findings)
    heads = _compare_heads(since, head)
    findings += heads
    read = 0
    if not heads or full:
        wrong = _check_tiles(source, since, head)
        if wrong or full:
            found, read = _check_entries(source, since, head, progress)
            # What the entries show is more exact than what the tiles alone did.
            wrong = found or wrong
        findings += wrong
    return LogVerdict(tuple(findings), head, since, cosigned, read, raw)


def check_cosignatures(
    raw: bytes, witnesses: Sequence[WitnessKey], findings: list[Finding]
) -> dict[str, int]:
    """When each of `witnesses` cosigned the note `raw`; what is missing or false is added to the findings."""
    cosigned: dict[str, int] = {}
    for witness in witnesses:
        try:
            cosigned[witness.name] = open_cosignature(raw, witness)
        except EvidenceError as error:
            findings.append(Finding(_HEAD, str(error), WITNESS))
    return cosigned


def _refused(raw: bytes, since: Checkpoint | None, message: str) -> LogVerdict:
    return LogVerdict((Finding(_HEAD, message, CHECKPOINT),), None, since, {}, 0, raw)


def _compare_heads(since: Checkpoint | None, head: Checkpoint) -> list[Finding]:
    """A fork or a truncation shows in the two heads alone; both are signed by the log's own key."""
    if since is None:
        return []
    if head.size < since.size:
        message = (
            f"the log was truncated: it now has {head.size} entries, but a checkpoint with the same log's signature "
            f"says that it had {since.size}"
        )
        return [Finding(_HEAD, message, TRUNCATED)]
    if head.size == since.size and head.root != since.root:
        message = (
            f"the log was forked: it has signed two different heads of the same size {head.size}; "
            "keep both checkpoints, together they prove it"
        )
        return [Finding(_HEAD, message, FORK)]
    return []


def _check_tiles(source: Source, since: Checkpoint | None, head: Checkpoint) -> list[Finding]:
    """Whether the tiles lead to the signed root, and from the kept head to it."""
    tree = TileTree(source, head.size)
    try:
        if tree.root() != head.root:
            message = (
                f"the log's tiles do not lead to the root in its checkpoint of {head.size} entries: "
                "a tile was rewritten"
            )
            return [Finding("tiles", message, TILE)]
        if since is None or since.size > head.size:
            return []
        proof = tree.consistency_proof(since.size)
    except BadTile as error:
        return [Finding(error.path, str(error), TILE)]
    try:
        verify_consistency(since.size, since.root, head.size, head.root, proof)
    except EvidenceError:
        return [_rewritten(since, head)]
    return []


def _check_entries(
    source: Source, since: Checkpoint | None, head: Checkpoint, progress: Progress
) -> tuple[list[Finding], int]:
    """(what is wrong with entries and tiles, or else with the roots that the entries make; entries read)."""
    sizes = {head.size} | ({since.size} if since and since.size <= head.size else set())
    check = EntriesCheck(source, head.size, sizes, progress)
    check.run()
    findings = check.findings
    if check.roots.get(head.size, head.root) != head.root:
        message = f"the {head.size} entries of the log are not those that its checkpoint was signed for"
        findings.append(Finding(_HEAD, message, REWRITTEN))
    if since and check.roots.get(since.size, since.root) != since.root:
        findings.append(_rewritten(since, head))
    return findings, check.read


def _rewritten(since: Checkpoint, head: Checkpoint) -> Finding:
    message = (
        f"the log was rewritten: the first {since.size} of its {head.size} entries are not those that the kept "
        "checkpoint was signed for; an entry among them was changed, removed, inserted or moved. "
        "Keep both checkpoints, together they prove it"
    )
    return Finding(_HEAD, message, REWRITTEN)
