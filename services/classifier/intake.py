"""What the classifier asks of intake: where and when exhibits were seized."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from shared.runtime import Runtime


@dataclass(frozen=True)
class Origin:
    """An exhibit as its office announced it; None where the office did not say."""

    exhibit_id: str
    kind: str
    seized_on: date | None
    seized_country: str | None
    received_on: date


class Intake(Protocol):
    """Whom the use cases ask."""

    def origins(self, exhibit_ids: Sequence[str]) -> list[Origin]:
        """Those that exist, in no certain order."""
        ...


class IntakeOverBus:
    """Asks over the bus."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def origins(self, exhibit_ids: Sequence[str]) -> list[Origin]:
        """Asks once; raises Unavailable while intake cannot be reached."""
        answer = self._runtime.call(
            "intake", "GET", "/internal/exhibits", query={"ids": ",".join(exhibit_ids)}
        )
        return [_origin(row) for row in answer["items"]]


def _origin(row: dict[str, Any]) -> Origin:
    seized_on = row["seized_on"]
    return Origin(
        row["exhibit_id"],
        row["kind"],
        None if seized_on is None else date.fromisoformat(seized_on),
        row["seized_country"],
        date.fromisoformat(row["received_on"]),
    )
