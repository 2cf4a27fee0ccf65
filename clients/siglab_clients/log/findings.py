"""What a check of a log says."""

from dataclasses import dataclass

from siglab_clients.tlog.checkpoints import Checkpoint
from siglab_clients.verify.findings import Finding

#: Codes of findings, for programs; the sentences are for people.
CHECKPOINT, WITNESS, FORK, TRUNCATED, REWRITTEN, TILE, ENTRY = (
    "checkpoint", "witness", "fork", "truncated", "rewritten", "tile", "entry",
)  # fmt: skip


@dataclass(frozen=True)
class LogVerdict:
    """The outcome of a check of a log; without findings everything that was looked at holds."""

    findings: tuple[Finding, ...]
    checkpoint: Checkpoint | None
    since: Checkpoint | None
    #: When each demanded witness cosigned, in seconds since 1970, by its name.
    cosigned: dict[str, int]
    #: How many entries were read; 0 where only the head was checked.
    entries_read: int
    #: The signed note that was checked, to be kept as the next `--since`.
    note: bytes

    @property
    def ok(self) -> bool:
        """Everything holds."""
        return not self.findings
