"""What a storm's people know of their items, and how many acts there shall be."""

import threading
from dataclasses import dataclass, field
from decimal import Decimal

PLACE = "place"


@dataclass
class Held:
    """An item as its own people know it: what was answered, and nothing else."""

    id: str
    holder: str
    remaining: Decimal | None = None
    weighed: Decimal | None = None
    consumed: Decimal = Decimal(0)
    divided: Decimal = Decimal(0)
    offer: tuple[str, str, str] | None = None
    holds: list[str] = field(default_factory=list)
    #: What was divided off it, and how many holds on what it came from cover it.
    parts: list["Held"] = field(default_factory=list)
    covered: int = 0
    #: (type, purpose) of every act that was answered, in order.
    acts: list[tuple[str, str]] = field(default_factory=list)
    spectra: dict[str, str] = field(default_factory=dict)

    def lineage(self) -> list["Held"]:
        """All that came from it."""
        return [found for part in self.parts for found in (part, *part.lineage())]


class Target:
    """How many acts there shall be in all."""

    def __init__(self, acts: int) -> None:
        self._lock = threading.Lock()
        self._left = acts
        self.done = 0
        self.kinds: dict[str, int] = {}
        self.more = threading.Event()

    def wanted(self) -> bool:
        """Whether another act is to be begun; also while somebody asks for `more`."""
        with self._lock:
            return self.done < self._left or self.more.is_set()

    def count(self, kind: str) -> None:
        """One more was answered."""
        with self._lock:
            self.done += 1
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
