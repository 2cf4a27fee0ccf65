"""The nodes of a CASE/UCO graph: people, places, files and hashes, named by what they are: equal things are one node."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

CONTEXT = {
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "kb": "urn:siglab:",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-analysis": "https://ontology.unifiedcyberontology.org/uco/analysis/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "uco-location": "https://ontology.unifiedcyberontology.org/uco/location/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-tool": "https://ontology.unifiedcyberontology.org/uco/tool/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_NAMES = uuid.UUID("5b0f6c1e-3f2b-5a6e-9a43-0d4d0a1f6f55")

Node = dict[str, Any]


class Nodes:
    """The nodes of one graph by name; what is added twice is one node, its later facts beside the earlier."""

    def __init__(self) -> None:
        self._by_name: dict[str, Node] = {}

    def add(self, node: Node) -> Node:
        """Adds a node and returns the reference to it."""
        self._by_name.setdefault(node["@id"], {}).update(node)
        return {"@id": node["@id"]}

    def all(self) -> list[Node]:
        """Every node, in the order in which they were first added."""
        return list(self._by_name.values())


def name(kind: str, own: str) -> str:
    """A node's name: the same for the same thing in every export."""
    return f"kb:{kind}-{uuid.uuid5(_NAMES, f'{kind}:{own}')}"


def moment(written: str) -> Node:
    """A time as a typed literal."""
    return {"@type": "xsd:dateTime", "@value": written}


def person(login: str, full_name: str | None = None, role: str | None = None) -> Node:
    """Somebody by login; of people that an act only names no more is known."""
    kind = "uco-identity:Identity" if role == "service" else "uco-identity:Person"
    node: Node = {"@id": name("person", login), "@type": kind, "uco-core:name": login}
    if full_name:
        node["uco-core:description"] = [", ".join(filter(None, (full_name, role)))]
    return node


def organisation(code: str) -> Node:
    """An office or the laboratory."""
    return {"@id": name("organisation", code), "@type": "uco-identity:Organization", "uco-core:name": code}


def place(place_id: str, path: str) -> Node:
    """A place of storage."""
    return {"@id": name("place", place_id), "@type": "uco-location:Location", "uco-core:name": path}


def tool(own: str, kind: str) -> Node:
    """A balance or an instrument."""
    return {
        "@id": name("tool", own),
        "@type": "uco-tool:Tool",
        "uco-core:name": own,
        "uco-tool:toolType": kind,
    }


def substance(item_id: str, number: str, description: Sequence[str] = ()) -> Node:
    """A piece of evidence itself."""
    node: Node = {"@id": name("item", item_id), "@type": "uco-core:Item", "uco-core:name": number}
    return {**node, "uco-core:description": list(description)} if description else node


def provenance(item_id: str, number: str, objects: Sequence[Node]) -> Node:
    """The record that groups a piece of evidence with what was learnt from it."""
    return {
        "@id": name("exhibit", item_id),
        "@type": "case-investigation:ProvenanceRecord",
        "uco-core:name": number,
        "case-investigation:exhibitNumber": number,
        "case-investigation:rootExhibitNumber": [number.partition(".")[0]],
        "uco-core:object": list(objects),
    }


def file(nodes: Nodes, spectrum_id: str, facts: Mapping[str, Any]) -> Node:
    """A stored file with its digest, and where it lies; returns the reference."""
    own = {"@id": name("file", spectrum_id), "@type": "uco-observable:File"}
    facets = []
    about: Node = {"@id": name("file-facet", spectrum_id), "@type": "uco-observable:FileFacet"}
    if facts.get("filename"):
        about["uco-observable:fileName"] = facts["filename"]
    stored = facts.get("object") or {}
    if stored:
        about["uco-observable:filePath"] = f"{stored['key']}?versionId={stored['version_id']}"
    if facts.get("size") is not None:
        about["uco-observable:sizeInBytes"] = int(facts["size"])
    if len(about) > 2:
        facets.append(nodes.add(about))
    digest = facts.get("sha256") or facts.get("declared_sha256")
    if digest:
        facets.append(_content(nodes, spectrum_id, digest))
    if facts.get("filename"):
        own["uco-core:name"] = facts["filename"]
    if facets:
        own["uco-core:hasFacet"] = facets  # type: ignore[assignment]
    return nodes.add(own)


def digested(nodes: Nodes, kind: str, own: str, digest: str) -> Node:
    """Something that is known here by its digest alone: a measurement, a report; returns the reference."""
    node = {
        "@id": name(kind, own),
        "@type": "uco-observable:ObservableObject",
        "uco-core:name": kind,
        "uco-core:hasFacet": [_content(nodes, f"{kind}:{own}", digest)],
    }
    return nodes.add(node)


def _content(nodes: Nodes, own: str, digest: str) -> Node:
    sha256 = nodes.add(
        {
            "@id": name("hash", f"{own}:{digest}"),
            "@type": "uco-types:Hash",
            "uco-types:hashMethod": "SHA256",
            "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": digest},
        }
    )
    return nodes.add(
        {
            "@id": name("content-facet", f"{own}:{digest}"),
            "@type": "uco-observable:ContentDataFacet",
            "uco-observable:hash": [sha256],
        }
    )
