"""One receipt as a step of a submission's history: pure, so that any order of partial receipts can be tried."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.intake.domain.compare_receipt import Announced, Finding, Seen, compare
from shared.errors import Conflict, FieldError, Invalid


@dataclass(frozen=True)
class History:
    """The lines that earlier receipts decided: what came, and what was noted as missing (it may have come since)."""

    arrived: frozenset[int] = frozenset()
    missing: frozenset[int] = frozenset()

    @classmethod
    def of(cls, decided: Iterable[tuple[int, str]]) -> "History":
        """The history of (line, outcome) pairs."""
        pairs = list(decided)
        return cls(
            frozenset(line for line, outcome in pairs if outcome != "missing"),
            frozenset(line for line, outcome in pairs if outcome == "missing"),
        )


@dataclass(frozen=True)
class Arrival:
    """What becomes of one thing seen; `late` where it had been noted as missing before."""

    seen: Seen
    findings: tuple[Finding, ...]
    late: bool

    @property
    def is_exhibit(self) -> bool:
        """Whether something came that gets a number."""
        return self.seen.outcome != "missing"


def plan_receipt(
    announced: Mapping[int, Announced], history: History, seen: Sequence[Seen]
) -> tuple[list[Arrival], History]:
    """The arrivals in the order given, and the history after them.

    Raises Invalid with a pointer for each line that the manifest does not have, and Conflict `already_received` where a line is
    decided already; only one that was missing may still come.
    """
    _refuse_unknown(announced, seen)
    decided = [row.line for row in seen if row.line is not None and _is_decided(history, row)]
    if decided:
        words = ", ".join(str(line) for line in decided[:20])
        more = f" and {len(decided) - 20} more" if len(decided) > 20 else ""
        raise Conflict(f"Already decided by an earlier receipt: line {words}{more}.", code="already_received")
    arrivals = [
        Arrival(
            row, compare(None if row.line is None else announced[row.line], row), row.line in history.missing
        )
        for row in seen
    ]
    new = History.of((row.line, row.outcome) for row in seen if row.line is not None)
    return arrivals, History(history.arrived | new.arrived, history.missing | new.missing)


def submission_state(lines: Iterable[int], arrived: Iterable[int], given_up: Iterable[int]) -> str:
    """The state after a receipt: `received` once each line has come or a reviewer has closed the case that it is missing."""
    return "received" if set(lines) <= {*arrived, *given_up} else "partially_received"


def _refuse_unknown(announced: Mapping[int, Announced], seen: Sequence[Seen]) -> None:
    errors = [
        FieldError(
            pointer=f"/lines/{place}/line",
            message=f"The submission has no line {row.line}; what nobody announced goes to 'unexpected'.",
        )
        for place, row in enumerate(seen)
        if row.line is not None and row.line not in announced
    ]
    if errors:
        raise Invalid(errors[0]["message"], errors=errors)


def _is_decided(history: History, row: Seen) -> bool:
    return row.line in history.arrived or (row.outcome == "missing" and row.line in history.missing)
