"""What an item's profile is like: the most alike with what that is worth, their network, and a pair compared by eye."""

from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, abort, render_template, request

from gateway.pages.runs import Shown, shown_pair
from gateway.pages.session import Said, ask, current_person, items
from gateway.plots.draw_network import Node, draw_network, group_name
from gateway.plots.draw_profiles import Pair, draw_profiles
from gateway.plots.draw_tippett import draw_tippett
from shared.actor import LABORATORY, Role

blp = Blueprint("links", __name__)

_READERS = (*LABORATORY, Role.AUDITOR, Role.ANALYST)
_LIMITS = ("10", "25", "50", "100")
_ROUND = ("20", "40", "80", "150")
#: What the address says of a pair, which another item does not have.
_OF_A_PAIR = ("with", "trace", "trace_with", "from", "to", "height", "channel")
_STAMP = "SYNTHETIC: the library behind these figures is generated data. "


@blp.get("/links/<item_id>")
def show(item_id: str) -> tuple[str, int]:
    """The page of one item; everything that can be chosen stands in the address."""
    person = current_person()
    if person is None or person.actor.role not in _READERS:
        abort(404)
    known = ask("GET", f"/items/{quote(item_id, safe='')}")
    item = known.json if known.ok else None
    programmes = [row["id"] for row in items("/programmes", limit=500)]
    chosen, said = _chosen(item_id, item, programmes)
    if not said.ok and said.status == 404 and item is None:
        abort(404)
    network = (
        ask("GET", "/links/network", item_id=item_id, programme=chosen, limit=_round()) if said.ok else None
    )
    nodes = network.json["nodes"] if network is not None and network.ok else []
    number = item["number"] if item else next((row["number"] for row in nodes), None) or item_id
    other = request.args.get("with", "")
    pair = _pair(item_id, number, other, chosen) if said.ok and other else None
    errors = pair["runs"].errors if pair and pair["refused"] is None else None
    page = render_template(
        "pages/links.html",
        item_id=item_id,
        item=item,
        number=number,
        programmes=[(name, name) for name in programmes],
        chosen=chosen,
        limits=[(each, each) for each in _LIMITS],
        rounds=[(each, each) for each in _ROUND],
        round=_round(),
        limit=_limit(),
        links=said.json if said.ok else None,
        refused=None if said.ok else said.detail or "This cannot be had now; try again in a moment.",
        network=_network(chosen, nodes, network),
        members=_members(nodes),
        tippett=_tippett(said.json["population"]) if said.ok else None,
        pair=pair,
        errors=errors,
        view=_view("view"),
        group_name=group_name,
        address=address,
    )
    return page, 422 if errors else 200


def address(item_id: str, **changed: str | None) -> str:
    """This page's address with some of it changed; None takes a part away."""
    kept = {name: value for name, value in request.args.items() if name != "item"}
    query = {name: value for name, value in {**kept, **changed}.items() if value not in (None, "")}
    return f"/links/{quote(item_id, safe='')}" + (f"?{urlencode(query)}" if query else "")


def _chosen(item_id: str, item: dict[str, Any] | None, programmes: list[str]) -> tuple[str, Said]:
    """The programme asked for; where none is, the item's own, and else the first in which it was measured."""
    path = f"/items/{quote(item_id, safe='')}/links"
    wanted = request.args.get("programme") or (item or {}).get("programme")
    first: tuple[str, Said] | None = None
    for name in [wanted] if wanted else programmes:
        said = ask("GET", path, programme=name, limit=_limit())
        first = first or (str(name), said)
        if said.ok:
            return str(name), said
    if first is None:
        abort(404)
    return first


def _limit() -> str:
    return request.args.get("limit", "") if request.args.get("limit") in _LIMITS else "25"


def _round() -> str:
    return request.args.get("round", "") if request.args.get("round") in _ROUND else "40"


def _view(name: str) -> str:
    return "overlay" if request.args.get(name) == "overlay" else "mirror"


def _network(programme: str, nodes: list[dict[str, Any]], said: Said | None) -> Any:
    if said is None or not said.ok or len(nodes) < 2:
        return None
    drawn = [
        Node(
            row["item_id"],
            f"{row['number'] or row['item_id'][:8]} {row['office'] or ''}".strip(),
            row["group"],
            address(row["item_id"], programme=programme, **dict.fromkeys(_OF_A_PAIR)),
        )
        for row in nodes
    ]
    stamp = _STAMP if said.json.get("synthetic") else ""
    return draw_network(drawn, said.json["edges"], stamp + said.json["caveat"]).markup()


def _members(nodes: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Group by group in words, for those who cannot see the picture."""
    groups: dict[int, list[dict[str, Any]]] = {}
    for row in nodes:
        groups.setdefault(row["group"], []).append(row)
    return [(group_name(group), rows) for group, rows in sorted(groups.items())]


def _tippett(population: dict[str, Any]) -> Any:
    found = population.get("validation")
    if not found or not found["tippett_at"]:
        return None
    note = (
        f"Cllr {found['cllr']:.3f} (0 is perfect, 1 is worth nothing). Below 1 although linked: "
        f"{100 * found['misleading_linked']:.1f} %; above 1 although unlinked: {100 * found['misleading_unlinked']:.1f} %. "
        "Pairs that did not shape the ratios."
    )
    return draw_tippett(
        found["tippett_at"],
        found["tippett_linked"],
        found["tippett_unlinked"],
        title="How the ratios did on known pairs",
        note=note,
    ).markup()


def _pair(item_id: str, number: str, other: str, programme: str) -> dict[str, Any]:
    """Both profiles, and one run of each."""
    said = ask("GET", f"/items/{quote(item_id, safe='')}/links/{quote(other, safe='')}", programme=programme)
    if not said.ok:
        return {"refused": said.detail or "These two cannot be compared.", "other": other}
    told = said.json
    named = told["other"]["number"] or other
    pairs = [
        Pair(
            row["analyte"],
            row["own"]["rank"],
            row["other"]["rank"],
            row["own"]["compared"],
            row["other"]["compared"],
        )
        for row in told["analytes"]
    ]
    measured = [pair for pair in pairs if pair.own_rank is not None or pair.other_rank is not None]
    scale = (
        f"Height: share of the {told['profiles']} profiles of {programme} with a lower value. – not measured. "
        if _view("view") == "mirror"
        else f"Height: the value as it is compared ({', '.join(told['population']['pretreatment'])}). Hollow: not measured, "
        "as expected from the rest. "
    )
    stamp = _STAMP if told["synthetic"] else ""
    picture = draw_profiles(
        measured,
        (number, named),
        view=_view("view"),
        title=f"{number} and {named}, {programme}",
        caveat=scale + stamp + told["caveat"],
    ).markup()
    runs: Shown = shown_pair((item_id, number), (other, named), view=_view("runs"), caveat=told["caveat"])
    return {**told, "refused": None, "named": named, "picture": picture, "runs": runs, "other_id": other}
