"""What the verifier says: where something is wrong, and what."""

from dataclasses import dataclass, field

from siglab_clients.tlog.checkpoints import Checkpoint
from siglab_clients.tlog.notes import VerifierKey


def quiet(text: str) -> str:
    """`text` on one line; what came out of a bundle cannot break it or speak to the terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


@dataclass(frozen=True)
class EventRef:
    """Which event a finding is about: file and line always, the rest as far as the line could be read.

    What is read from a line that does not hold is what the bundle claims, not what was recorded.
    """

    file: str
    line: int
    index: int | None = None
    sequence: int | None = None
    type: str | None = None
    actor: str | None = None
    recorded_at: str | None = None

    def __str__(self) -> str:
        """In words."""
        said = [f"number {self.sequence} of the history"] if self.sequence is not None else []
        if self.type is not None:
            said.append(f'"{self.type.replace("_", " ")[:60]}"')
        if self.actor is not None:
            said.append(f"by {self.actor[:60]}")
        if self.recorded_at is not None:
            said.append(f"recorded {self.recorded_at[:40]}")
        place = f"line {self.line} of {self.file}"
        if self.index is not None:
            place += f", entry {self.index} of the log"
        return quiet(f"{', '.join(said)} ({place})" if said else place)


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold: the file, line or event, and a sentence."""

    where: str
    message: str
    #: What kind of thing, for programs.
    code: str = ""
    event: EventRef | None = None

    def __str__(self) -> str:
        """One line."""
        return quiet(f"{self.where}: {self.message}")


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check; without findings everything holds."""

    findings: tuple[Finding, ...]
    item_id: str | None
    events: int
    checkpoint: Checkpoint | None
    #: When each demanded witness cosigned, and each time stamp was given, in seconds since 1970.
    cosigned: dict[str, int] = field(default_factory=dict)
    stamped: dict[str, int] = field(default_factory=dict)
    #: Ancestors whose histories are in the bundle (id -> events), and spectra whose bytes are.
    lineage: dict[str, int] = field(default_factory=dict)
    spectra: tuple[str, ...] = ()
    #: What holds but should be known.
    notes: tuple[str, ...] = ()
    #: Whose signature was trusted, where a check came so far.
    key: VerifierKey | None = None

    @property
    def ok(self) -> bool:
        """Everything holds."""
        return not self.findings

    @property
    def first_event(self) -> EventRef | None:
        """The first event that fails: of the item's own history, or else of an ancestor's."""
        found = [finding.event for finding in self.findings if finding.event is not None]
        return found[0] if found else None
