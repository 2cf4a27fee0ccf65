"""The first page: what waits for this person, as links."""

from typing import Any
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from gateway.pages.codes import all_places, bare, find_item, find_place
from gateway.pages.overdue import waits_of
from gateway.pages.session import current_person, items
from shared.actor import LABORATORY, Actor, Role

blp = Blueprint("home", __name__)


@blp.get("/")
def show() -> str:
    """What waits, by role."""
    person = current_person()
    assert person is not None, "strangers are led to the sign-in"
    return render_template(
        "pages/home.html",
        greeting=person.actor.name,
        waits=[
            wait
            for wait in _asked(person.actor) + _waits(person.actor.role) + waits_of(person.actor)
            if wait["count"]
        ],
    )


@blp.get("/find")
def find() -> Response:
    """From a scan to the page of what was scanned: an item, a place, else the exhibits that the word finds."""
    typed = bare(request.args.get("q", ""))
    item = find_item(typed) if typed else None
    if item is not None:
        return redirect(f"/items/{item['id']}", code=303)
    place = find_place(typed, all_places()) if typed else None
    if place is not None:
        return redirect(f"/storage/{place['id']}", code=303)
    return redirect(f"/exhibits?q={quote(typed)}", code=303)


def _asked(actor: Actor) -> list[dict[str, Any]]:
    """What others ask of this person: to take items, to decide about a destruction, to do one."""
    if actor.role not in (*LABORATORY, Role.OFFICE):
        return []
    offers = [row for row in items("/handovers", state="offered", limit=500) if row["to"] == actor.login]
    waits = [_wait("hand-overs offered to you", "/handovers", offers, "offered_at")]
    if actor.role is Role.REVIEWER:
        asked = items("/disposals", state="requested")
        waits.append(_wait("destructions to authorise", "/holds", asked, "requested_at"))
    if actor.role is Role.CUSTODIAN:
        due = items("/disposals", state="authorised")
        waits.append(_wait("destructions to be done before a witness", "/holds", due, "authorised_at"))
    return waits


def _waits(role: Role) -> list[dict[str, Any]]:
    if role is Role.OFFICE:
        return [
            _wait(
                "submissions sent without receipt",
                "/submissions?receipt=awaited",
                items("/submissions", receipt="awaited"),
                "dispatched_at",
            ),
            _wait("drafts", "/submissions", items("/submissions", state="draft"), "created_at"),
            _wait("results", "/results", items("/results"), "created_at"),
        ]
    waits = []
    if role is Role.CUSTODIAN:
        coming = items("/submissions", state="dispatched") + items("/submissions", state="partially_received")
        waits.append(_wait("parcels to receive", "/receive", coming, "dispatched_at"))
    if role is Role.REVIEWER:
        waits.append(_wait("results to review", "/review", items("/results", state="proposed"), "created_at"))
        waits.append(
            _wait("open discrepancies", "/exhibits", items("/discrepancies", state="open"), "opened_at")
        )
    if role in (Role.SCIENTIST, Role.TECHNICIAN, Role.AUDITOR):
        waits.append(_wait("results proposed", "/results", items("/results", state="proposed"), "created_at"))
    return waits


def _wait(text: str, href: str, rows: list[Any], moment: str) -> dict[str, Any]:
    times = sorted(row[moment] for row in rows if row.get(moment))
    return {"text": text, "href": href, "count": len(rows), "oldest": times[0] if times else None}
