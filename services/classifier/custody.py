"""What the classifier asks of chain_of_custody: the facts about items at the moment of an act."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.errors import Conflict, NotFound
from shared.runtime import Runtime

_BATCH = 200


@dataclass(frozen=True)
class Facts:
    """An item as custody has it now; `state` as in the contract."""

    id: str
    number: str
    exhibit_id: str
    office: str
    programme: str | None
    kind: str
    state: str
    root_id: str
    description: str = ""
    seizure_id: str | None = None

    @property
    def provenance(self) -> str:
        """SYNTHETIC for what the demo's generator made and stamped so in its description, else laboratory."""
        return "SYNTHETIC" if self.description.startswith("SYNTHETIC") else "laboratory"

    @property
    def group(self) -> str:
        """What must not stand on both sides of a cross-validation: the seizure or collection, else the exhibit itself."""
        return self.seizure_id or self.exhibit_id

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> "Facts":
        """Reads custody's answer; further fields are not ours."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__ if name in row})


class Custody(Protocol):
    """Whom the use cases ask."""

    def facts(
        self, *, ids: Sequence[str] = (), exhibit_ids: Sequence[str] = (), numbers: Sequence[str] = ()
    ) -> list[Facts]:
        """Facts of those that exist, in no certain order; `exhibit_ids` gives their root items."""
        ...


class CustodyOverBus:
    """Asks over the bus."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def facts(
        self, *, ids: Sequence[str] = (), exhibit_ids: Sequence[str] = (), numbers: Sequence[str] = ()
    ) -> list[Facts]:
        """Asks in batches; raises Unavailable while custody cannot be reached."""
        found: list[Facts] = []
        for name, wanted in (("ids", ids), ("exhibit_ids", exhibit_ids), ("numbers", numbers)):
            for start in range(0, len(wanted), _BATCH):
                part = ",".join(wanted[start : start + _BATCH])
                answer = self._runtime.call("chain_of_custody", "GET", "/internal/items", query={name: part})
                found += [Facts.from_json(row) for row in answer["items"]]
        return found


def known(custody: Custody, item_ids: Sequence[str]) -> dict[str, Facts]:
    """Facts of all these items; raises NotFound that names those which custody does not have."""
    odd = [item_id for item_id in item_ids if "," in item_id or not item_id]
    found = {
        facts.id: facts for facts in custody.facts(ids=[i for i in dict.fromkeys(item_ids) if i not in odd])
    }
    missing = [item_id for item_id in item_ids if item_id not in found]
    if missing:
        raise NotFound(f"No such item: {', '.join(missing[:5])}.")
    return found


def require_workable(facts: Facts) -> None:
    """Passes where the item may be measured and classified; raises Conflict `blocked` or `not_in_custody`."""
    if facts.state == "blocked":
        raise Conflict(
            f"{facts.number} has an open discrepancy; a reviewer has to resolve it before work goes on.",
            code="blocked",
        )
    if facts.state in ("disposed", "returned"):
        raise Conflict(f"{facts.number} is {facts.state}.", code="not_in_custody")
