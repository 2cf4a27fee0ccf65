"""Fills custody's own tables with as many events as are wanted, and has them sequenced: for benchmarks of a log of any size.

The events are made and stored by the code of the service (`make_event`, `copy_objects`): a received exhibit, and nine records of
another service upon it. All is SYNTHETIC.
"""

from datetime import UTC, datetime
from typing import Any

from benchmarks.exhibits import synthetic_exhibit
from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.repository.copy_rows import copy_objects
from services.chain_of_custody.service.open_received import make_received
from services.chain_of_custody.service.record_event import know_holder, make_event
from services.chain_of_custody.service.sequence_events import Sequencer
from shared.identifiers import new_id
from shared.runtime import Runtime

EVENTS_EACH = 10
_ITEMS = 500
_AUTHOR = Author("custodian", "Custodian", "custodian")
_ANALYST = Author("analyst", "Analyst", "analyst")


def fill(runtime: Runtime, events: int) -> int:
    """Stores at least so many events, EVENTS_EACH an item, not yet in the log; returns how many."""
    stored = 0
    while stored < events:
        count = min(_ITEMS, -(-(events - stored) // EVENTS_EACH))
        _store(runtime, count)
        stored += count * EVENTS_EACH
    return stored


def sequence(runtime: Runtime) -> None:
    """Gives all that waits its place in the log."""
    sequencer = Sequencer(runtime)
    while sequencer.run_once():
        pass


def _store(runtime: Runtime, count: int) -> None:
    now = datetime.now(UTC)
    exhibits = [synthetic_exhibit() for _ in range(count)]
    receipt = {"receipt_number": "R-BENCH", "received_at": now}
    made = [make_received(receipt, facts, _AUTHOR, now) for facts in exhibits]
    items = [item for item, _, _ in made]
    events = [event for _, event, _ in made]
    for number in range(1, EVENTS_EACH):
        for item in items:
            details = _result(number)
            event, _ = make_event(
                item, "result", author=_ANALYST, now=now, purpose="benchmark", details=details
            )
            events.append(event)
    with runtime.unit_of_work() as uow:
        know_holder(uow, items[0], _AUTHOR, now=now)
        copy_objects(uow.session, items)
        copy_objects(uow.session, events)
        copy_objects(uow.session, [step for _, _, step in made])
        uow.commit()


def _result(number: int) -> dict[str, Any]:
    return {
        "result_id": new_id(),
        "substance": "cocaine",
        "purity_percent": 71.25 + number,
        "sha256": new_id() * 2,
    }
