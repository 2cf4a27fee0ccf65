"""Rows as custody's very first revision kept them, written by hand: later code could not write them any more."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from shared.crypto.canonical import canonical_json
from shared.http.schemas import format_time

#: The first revision of custody's schema.
FIRST = "0001"
BEGAN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_HOUR = timedelta(hours=1)


@dataclass
class OldCustody:
    """Writes items, their events and the rows beside them; time goes on by an hour an act."""

    database: psycopg.Connection[Any]
    now: datetime = BEGAN
    said: dict[str, list[str]] = field(default_factory=dict)

    def person(self, login: str, role: str, office: str | None = None) -> None:
        """Somebody of whom the gateway told."""
        self._insert("people", login=login, name=login.title(), role=role, office=office, active=True)

    def item(
        self, item_id: str, *, blocked: bool = False, parent: str | None = None, by: str = "custodian"
    ) -> None:
        """An item that was received, or divided off by `by`."""
        self._insert(
            "items", id=item_id, number=f"N-{item_id}", parent_id=parent, root_id=parent or item_id,
            exhibit_id=parent or item_id, office="BOG", submission_id="sub", submission_number="D26-000001",
            receipt_number="R26-000001", line=1, kind="seizure", programme="HSP", description="powder",
            physical_form="powder", gross_mass_mg=5250, holder_kind="person", holder=by, holder_name=by.title(),
            blocked=blocked, open_holds=0, ending=None, state="blocked" if blocked else "in_custody",
            remaining_mg=None, uncertainty_mg=None, aliquots=0, events=0, last_digest=None, created_at=self.now,
        )  # fmt: skip
        if parent is None:
            self.event(item_id, "received", by, {"holder": {"kind": "person", "name": by}})
        else:
            self.event(item_id, "aliquot_made", by, {"parent_id": parent, "parent_number": f"N-{parent}"})

    def event(self, item_id: str, kind: str, actor: str, details: dict[str, Any]) -> None:
        """An event as records were then: without the standing, and without giver and receiver."""
        self.now += _HOUR
        history = self.said.setdefault(item_id, [])
        record = {
            "v": 1, "id": f"{item_id}-{len(history) + 1}", "item_id": item_id, "item_number": f"N-{item_id}",
            "sequence": len(history) + 1, "previous": history[-1] if history else None, "type": kind, "actor": actor,
            "actor_name": actor.title(), "actor_role": "custodian", "occurred_at": format_time(self.now),
            "recorded_at": format_time(self.now), "purpose": "as it was", "details": details, "signatures": [],
        }  # fmt: skip
        written = canonical_json(record)
        history.append(hashlib.sha256(written).hexdigest())
        self._insert(
            "events", id=record["id"], item_id=item_id, sequence=record["sequence"], type=kind, occurred_at=self.now,
            recorded_at=self.now, record=written.decode(), digest=history[-1], salt=b"s" * 32,
        )  # fmt: skip
        self.database.execute(
            "UPDATE chain_of_custody.items SET events = %s, last_digest = %s WHERE id = %s",
            [len(history), history[-1], item_id],
        )

    def offer(
        self, offer_id: str, item_ids: list[str], giver: str, receiver: str, state: str = "offered"
    ) -> None:
        """A hand-over with all that followed from it."""
        pending = state == "offered"
        self._insert(
            "handovers", id=offer_id, giver=giver, giver_name=giver.title(), receiver=receiver,
            receiver_name=receiver.title(), purpose="analysis", state=state, reason=None, offered_at=self.now,
            ended_at=None if pending else self.now,
        )  # fmt: skip
        told = {"handover_id": offer_id, "from": giver, "to": receiver}
        for item_id in item_ids:
            self._insert(
                "handover_items",
                handover_id=offer_id,
                item_id=item_id,
                number=f"N-{item_id}",
                pending=pending,
            )
            self.event(item_id, "handover_offered", giver, told)
            if state == "accepted":
                self.event(item_id, "handed_over", receiver, told)
                self._held(item_id, "person", receiver, receiver.title())
            elif not pending:
                self.event(item_id, f"handover_{state}", giver, told)

    def store(self, item_id: str, by: str, place: str, path: str) -> None:
        """Into a place."""
        self.event(item_id, "stored", by, {"from": by, "place_id": place, "place": path})
        self._held(item_id, "place", place, path)

    def retrieve(self, item_id: str, by: str, place: str, path: str) -> None:
        """Out of a place."""
        self.event(item_id, "retrieved", by, {"to": by, "place_id": place, "place": path})
        self._held(item_id, "person", by, by.title())

    def give_back(self, item_id: str, giver: str, receiver: str) -> None:
        """To the office, which ends the item's stay."""
        self.event(item_id, "returned", receiver, {"from": giver, "to": receiver})
        self._held(item_id, "person", receiver, receiver.title())
        self.database.execute(
            "UPDATE chain_of_custody.items SET ending = 'returned', state = 'returned' WHERE id = %s",
            [item_id],
        )

    def hold(self, hold_id: str, item_id: str) -> None:
        """A hold that is open."""
        self._insert(
            "holds", id=hold_id, item_id=item_id, reason="court", placed_by="reviewer", placed_at=self.now
        )
        self.event(item_id, "hold_placed", "reviewer", {"hold_id": hold_id})
        self.database.execute(
            "UPDATE chain_of_custody.items SET open_holds = 1, state = 'on_hold' WHERE id = %s", [item_id]
        )

    def disposal(self, disposal_id: str, item_id: str) -> None:
        """A destruction that was asked for and authorised."""
        self._insert(
            "disposals", id=disposal_id, item_id=item_id, method="incineration", purpose="case closed",
            state="authorised", requested_by="custodian", requested_at=self.now, authorised_by="reviewer",
            authorised_at=self.now,
        )  # fmt: skip
        told = {"disposal_id": disposal_id, "method": "incineration"}
        self.event(item_id, "disposal_requested", "custodian", told)
        self.event(item_id, "disposal_authorised", "reviewer", told)

    def _held(self, item_id: str, kind: str, holder: str, name: str) -> None:
        self.database.execute(
            "UPDATE chain_of_custody.items SET holder_kind = %s, holder = %s, holder_name = %s WHERE id = %s",
            [kind, holder, name, item_id],
        )

    def _insert(self, table: str, **values: Any) -> None:
        names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        given = [json.dumps(value) if isinstance(value, dict) else value for value in values.values()]
        self.database.execute(f"INSERT INTO chain_of_custody.{table} ({names}) VALUES ({marks})", given)
