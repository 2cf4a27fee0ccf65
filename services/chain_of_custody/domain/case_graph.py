"""An item's history as linked data: CASE 1.4 on UCO 1.4 (https://caseontology.org), one action an event (E29).

Each event is an investigative action with its type, performer, other people, place, instrument and times, informed by the one
before; the item, its parent, its aliquots and what was composed with it are items with provenance records; spectra are files with
their digests. Names of the graph's nodes come from the ids of what they stand for, so that two exports of one item say the same.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.chain_of_custody.domain import case_nodes as node
from services.chain_of_custody.domain.case_nodes import CONTEXT, Node, Nodes
from services.chain_of_custody.domain.find_corrected import find_corrected
from services.chain_of_custody.domain.say_event import backdated_by, exceptional, facts_of, title_of

#: The tag of what is not what was recorded.
DAMAGED = "DAMAGED"
#: What is known here by its digest alone.
_DIGESTED = ("measurement", "result", "report")


def build_case_graph(
    item: Mapping[str, Any],
    events: Sequence[Mapping[str, Any]],
    *,
    origin: str,
    damage: Sequence[str] = (),
) -> dict[str, Any]:
    """The graph of an item (as it is answered) and its events (records with `index`, `digest`) in their order.

    `origin` names the log in which they stand. `damage` says what of all this is not what was recorded; the item, its
    provenance and each such action then bear the tag DAMAGED.
    """
    nodes = Nodes()
    words = [f"{item['physical_form']}: {item['description']}"]
    own = nodes.add(
        {**node.substance(item["id"], item["number"], [*_marked(damage), *words]), **_tag(damage)}
    )
    seen = [own]
    record = nodes.add(node.provenance(item["id"], item["number"], [own]))
    office = nodes.add(node.organisation(item["office"]))
    seen.append(office)
    previous: Node | None = None
    corrected = find_corrected(events)
    for event in events:
        action = _Action(nodes, event, own, origin, corrected.get(event["id"]))
        previous = nodes.add(action.build(previous))
        seen += [found for found in action.results if found not in seen]
        seen.append(previous)
    marks = {"uco-core:description": _marked(damage), **_tag(damage)} if damage else {}
    nodes.add({**record, **marks, "uco-core:object": seen})
    return {"@context": CONTEXT, "@graph": nodes.all()}


def _marked(damage: Sequence[str]) -> list[str]:
    if not damage:
        return []
    return [
        f"{DAMAGED}: this is not what was recorded, and proves nothing.",
        *(f"{DAMAGED}: {found}" for found in damage),
    ]


def _tag(damage: Any) -> Node:
    return {"uco-core:tag": [DAMAGED]} if damage else {}


class _Action:
    """One event on its way to become an action; `results` are the things that it brought about."""

    def __init__(
        self, nodes: Nodes, event: Mapping[str, Any], own: Node, origin: str, corrected: str | None
    ) -> None:
        self._nodes, self._event, self._own, self._origin, self._corrected = (
            nodes,
            event,
            own,
            origin,
            corrected,
        )
        self._details: Mapping[str, Any] = event["details"]
        self._objects = [own]
        self._participants: list[Node] = []
        self.results: list[Node] = []

    def build(self, previous: Node | None) -> Node:
        """The action, informed by the `previous` one."""
        event, details = self._event, self._details
        performer = node.person(event["actor"], event["actor_name"], event["actor_role"])
        self._name_people()
        self._name_lineage()
        self._name_files()
        built: Node = {
            "@id": node.name("event", event["id"]),
            "@type": "case-investigation:InvestigativeAction",
            "uco-core:name": event["type"],
            "uco-core:description": self._words(),
            "uco-core:objectCreatedTime": node.moment(event["recorded_at"]),
            "uco-core:externalReference": [self._place_in_log()],
            "uco-action:startTime": node.moment(event["occurred_at"]),
            "uco-action:endTime": node.moment(event["occurred_at"]),
            "uco-action:performer": self._nodes.add(performer),
            "uco-action:object": self._objects,
            **_tag(event["damage"]),
        }
        if self.results:
            built["uco-action:result"] = self.results
        if self._participants:
            built["uco-action:participant"] = self._participants
        if details.get("place_id"):
            where = node.place(details["place_id"], str(details.get("place", details["place_id"])))
            built["uco-action:location"] = [self._nodes.add(where)]
        if instruments := self._instruments():
            built["uco-action:instrument"] = instruments
        if previous is not None:
            built["case-investigation:wasInformedBy"] = [previous]
        return built

    def _words(self) -> list[str]:
        event = self._event
        words = [f"{title_of(event['type'])}: {event['purpose']}"]
        words += [f"{DAMAGED}: {event['damage']}"] if event["damage"] else []
        words += [told] if (told := exceptional(event["type"], self._details)) else []
        words += [f"{fact.label}: {fact.text}" for fact in facts_of(self._details)]
        late = backdated_by(event["occurred_at"], event["recorded_at"])
        if late:
            words.append(f"Recorded {late} after it happened")
        for row in event["signatures"]:
            words.append(
                f"Signed by {row['name']} ({row['login']}) at {row['at']} by {row['method']}: {row['meaning']} "
                f"Record SHA-256 {row['record_sha256']}"
            )
        return words

    def _place_in_log(self) -> Node:
        event = self._event
        reference: Node = {
            "@id": node.name("log-entry", event["id"]),
            "@type": "uco-core:ExternalReference",
            "uco-core:definingContext": f"log {self._origin}, SHA-256 of the event {event['digest']}",
        }
        if event["index"] is not None:
            reference["uco-core:externalIdentifier"] = str(event["index"])
        return self._nodes.add(reference)

    def _name_people(self) -> None:
        """Those who sign or give or take beside the performer; `from` and `to` are a login or {kind, id, name}."""
        details = self._details
        found = {row["login"]: (row["name"], row["role"]) for row in self._event["signatures"]}
        for word in ("from", "to", "witness"):
            who = details.get(word)
            if isinstance(who, Mapping) and who.get("kind") == "person":
                found.setdefault(str(who.get("id") or who["name"]), (str(who["name"]), None))
            elif isinstance(who, str):
                found.setdefault(who, (details.get(f"{word}_name"), None))
        found.pop(self._event["actor"], None)
        self._participants = [self._nodes.add(node.person(login, *known)) for login, known in found.items()]

    def _name_lineage(self) -> None:
        details = self._details
        if details.get("parent_id"):
            self._objects = [self._relative(details["parent_id"], details["parent_number"])]
            self.results.append(self._own)
        if details.get("aliquot_id"):
            self.results.append(self._relative(details["aliquot_id"], details["aliquot_number"]))
        for part in details.get("parts") or details.get("components") or ():
            if isinstance(part, Mapping) and {"item_id", "number"} <= set(part):
                self._objects.append(self._relative(part["item_id"], part["number"]))
        if self._corrected is not None:
            self._objects.append({"@id": node.name("event", self._corrected)})

    def _relative(self, item_id: str, number: str) -> Node:
        found = self._nodes.add(node.substance(item_id, number))
        self._nodes.add(node.provenance(item_id, number, [found]))
        return found

    def _name_files(self) -> None:
        details = self._details
        if details.get("spectrum_id"):
            found = node.file(self._nodes, details["spectrum_id"], details)
            if self._event["type"] == "spectrum_stored":
                self.results.append(found)
            else:
                self._objects.append(found)
        for kind in _DIGESTED:
            digest = details.get(f"{kind}_sha256") or (
                details.get("sha256") if details.get(f"{kind}_id") else None
            )
            if isinstance(digest, str) and len(digest) == 64:
                own = str(details.get(f"{kind}_id") or digest)
                self.results.append(node.digested(self._nodes, kind, own, digest))

    def _instruments(self) -> list[Node]:
        found = [(self._details.get(kind), kind) for kind in ("balance", "instrument")]
        return [self._nodes.add(node.tool(own, kind)) for own, kind in found if isinstance(own, str) and own]
