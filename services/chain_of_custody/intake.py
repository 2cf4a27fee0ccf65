"""What custody asks of intake: whose days count, and what of shipments and receipts runs against a time limit."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Protocol

from services.chain_of_custody.domain.time_limits import Kind, Waiting
from services.chain_of_custody.domain.working_days import Calendar
from shared.http.schemas import parse_time
from shared.runtime import Runtime

_PAGE = 500


class Intake(Protocol):
    """Whom the check of time limits asks; each raises the DomainError that fits where intake does not answer."""

    def calendars(self) -> dict[str, Calendar]:
        """Calendars by the code of their office."""
        ...

    def waiting(self) -> list[Waiting]:
        """What of intake's runs against a limit."""
        ...


class IntakeOverBus:
    """Asks over the bus, page by page."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def calendars(self) -> dict[str, Calendar]:
        """Calendars by the code of their office."""
        return {row["code"]: read_calendar(row) for row in self._all("/internal/limits/calendars")}

    def waiting(self) -> list[Waiting]:
        """Shipments on their way or unopened, and open discrepancies."""
        paths = ("/internal/limits/shipments", "/internal/limits/discrepancies")
        return [read_waiting(row) for path in paths for row in self._all(path)]

    def _all(self, path: str) -> Iterator[dict[str, Any]]:
        cursor = None
        while True:
            query = {"limit": _PAGE, **({"cursor": cursor} if cursor else {})}
            page = self._runtime.call("intake", "GET", path, query=query)
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return


def read_calendar(row: dict[str, Any]) -> Calendar:
    """Intake's calendar as the domain's."""
    holidays = frozenset(date.fromisoformat(day) for day in row["holidays"])
    return Calendar(row["time_zone"], frozenset(row["weekend"]), holidays)


def read_waiting(row: dict[str, Any]) -> Waiting:
    """Intake's fact as the domain's; further fields are not ours."""
    names = Waiting.__dataclass_fields__
    told = {name: value for name, value in row.items() if name in names}
    return Waiting(**{**told, "kind": Kind(row["kind"]), "since": parse_time(row["since"])})
