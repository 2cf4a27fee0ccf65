"""An item's history as linked data: CASE 1.4 on UCO 1.4 (https://caseontology.org), one action an event (E29).

The item is the provenance record of an exhibit; each event is an investigative action with its type, performer and
times; people are identities. Names of the graph's own nodes come from the item's and events' ids, so that two exports
of one item say the same.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

CONTEXT = {
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "kb": "urn:siglab:",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_NAMES = uuid.UUID("5b0f6c1e-3f2b-5a6e-9a43-0d4d0a1f6f55")


def build_case_graph(item: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The graph of an item (as it is answered) and of its events' records, in their order."""
    people = {event["actor"]: event for event in reversed(events)}
    exhibit = {
        "@id": _name("exhibit", item["id"]),
        "@type": "case-investigation:ProvenanceRecord",
        "uco-core:name": item["number"],
        "uco-core:description": [item["description"]],
        "case-investigation:exhibitNumber": item["number"],
        "case-investigation:rootExhibitNumber": [str(item["number"]).partition(".")[0]],
        "uco-core:object": [{"@id": _name("item", item["id"])}],
    }
    substance = {
        "@id": _name("item", item["id"]),
        "@type": "uco-core:UcoObject",
        "uco-core:name": item["number"],
        "uco-core:description": [f"{item['physical_form']}: {item['description']}"],
    }
    return {
        "@context": CONTEXT,
        "@graph": [
            exhibit,
            substance,
            *(_person(event) for _, event in sorted(people.items())),
            *(_action(item, event) for event in events),
        ],
    }


def _person(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@id": _name("person", event["actor"]),
        "@type": "uco-identity:Identity",
        "uco-core:name": event["actor"],
        "uco-core:description": [f"{event['actor_name']}, {event['actor_role']}"],
    }


def _action(item: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@id": _name("event", event["id"]),
        "@type": "case-investigation:InvestigativeAction",
        "uco-core:name": event["type"],
        "uco-core:description": [event["purpose"]],
        "uco-core:objectCreatedTime": _time(event["recorded_at"]),
        "uco-action:startTime": _time(event["occurred_at"]),
        "uco-action:performer": {"@id": _name("person", event["actor"])},
        "uco-action:object": [{"@id": _name("exhibit", item["id"])}],
    }


def _time(moment: str) -> dict[str, str]:
    return {"@type": "xsd:dateTime", "@value": moment}


def _name(kind: str, own: str) -> str:
    return f"kb:{kind}-{uuid.uuid5(_NAMES, f'{kind}:{own}')}"
