"""What the verifier says: where something is wrong, and what."""

from dataclasses import dataclass

from siglab_clients.tlog.checkpoints import Checkpoint


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold: the file, line or event, and a sentence."""

    where: str
    message: str
    #: What kind of thing, for programs.
    code: str = ""

    def __str__(self) -> str:
        """One line; what came out of the bundle cannot break it or speak to the terminal."""
        line = f"{self.where}: {self.message}"
        return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check; without findings everything holds."""

    findings: tuple[Finding, ...]
    item_id: str | None
    events: int
    checkpoint: Checkpoint | None

    @property
    def ok(self) -> bool:
        """Everything holds."""
        return not self.findings
