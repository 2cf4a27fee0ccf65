"""What is beyond its time limit: the page, the badge in the menu, and the lines on everybody's first page (E26)."""

import json
import threading
import time
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, render_template, request

from gateway.pages.session import api, ask, current_person, get
from shared.actor import Actor, Role
from shared.errors import DomainError
from shared.identifiers import new_id

blp = Blueprint("overdue", __name__)

#: Kind -> (heading, what is to be done), in the order of the way of an exhibit.
KINDS = {
    "not_arrived": ("Shipments not arrived", "Ask the courier and the office: it may be lost."),
    "receipt_unconfirmed": ("Parcels here without a receipt", "Open the parcel and make its receipt."),
    "discrepancy_open": ("Discrepancies open", "A reviewer asks the office and resolves it."),
    "handover_unanswered": ("Hand-overs not answered", "Accept or decline it, or withdraw the offer."),
    "out_of_storage": (
        "Items out of storage",
        "Put the item back into a place, or hand it on to who stores it.",
    ),
    "signed_out": ("Items signed out", "Ask who has it for the item, and take it back."),
    "disposal_undone": ("Destructions not done", "Destroy the item before a witness."),
}
#: Whose first page shows which kinds; who works with items sees those that wait for themselves.
_MINE: dict[Role, tuple[str, ...]] = {
    Role.OFFICE: ("not_arrived", "receipt_unconfirmed"),
    Role.CUSTODIAN: ("not_arrived", "receipt_unconfirmed", "out_of_storage", "signed_out", "disposal_undone"),
    Role.REVIEWER: ("discrepancy_open",),
    Role.AUDITOR: tuple(KINDS),
}
_OWN_ALONE = (Role.TECHNICIAN, Role.SCIENTIST)
_FILTERS = ("kind", "office", "holder")
_BADGE_KEPT_SECONDS = 10.0
_BADGE_DEADLINE_SECONDS = 1.0


@blp.get("/overdue")
def show() -> str:
    """Everything that is beyond its limit, by kind; filters are links."""
    filters = {name: request.args[name] for name in _FILTERS if request.args.get(name)}
    page = get("/overdue", limit=200, cursor=request.args.get("cursor"), **filters)
    counts = get("/overdue/counts", **{name: value for name, value in filters.items() if name != "kind"})
    told = {row["kind"]: row for row in counts["kinds"]}
    groups = [
        {
            "kind": kind,
            "heading": heading,
            "advice": advice,
            "limit": limit_words(told[kind]["limit"]),
            "count": told[kind]["count"],
            "rows": [row for row in page["items"] if row["kind"] == kind],
        }
        for kind, (heading, advice) in KINDS.items()
        if kind in told
    ]
    onward = f"/overdue?{urlencode({**filters, 'cursor': page['next']})}" if page["next"] else None
    return render_template(
        "pages/overdue.html",
        groups=groups,
        counts=counts,
        filters=filters,
        address=_address,
        subject_address=subject_address,
        next_url=onward,
    )


def waits_of(actor: Actor) -> list[dict[str, Any]]:
    """What of somebody's own business is beyond its limit, for their first page."""
    own = {"holder": actor.login} if actor.role in _OWN_ALONE else {}
    kinds = _MINE.get(actor.role, ("out_of_storage", "signed_out", "handover_unanswered") if own else ())
    said = ask("GET", "/overdue/counts", **own) if kinds else None
    if said is None or not said.ok:
        return []
    told = {row["kind"]: row for row in said.json.get("kinds", ())}
    return [
        {
            "text": f"{KINDS[kind][0].lower()}, more than {limit_words(told[kind]['limit'])}",
            "href": _address({"kind": kind, **own}),
            "count": told[kind]["count"],
            "oldest": None,
        }
        for kind in KINDS
        if kind in kinds and kind in told
    ]


def limit_words(limit: dict[str, Any]) -> str:
    """A limit as people say it."""
    unit = limit["unit"].replace("_", " ")
    return f"{limit['amount']} {unit if limit['amount'] != 1 else unit.removesuffix('s')}"


def subject_address(row: dict[str, Any]) -> str:
    """The page on which the thing is put right."""
    if row["kind"] == "receipt_unconfirmed" and _role() is Role.CUSTODIAN:
        return f"/receive/{row['submission_id']}"
    if row["item_id"]:
        return f"/items/{row['item_id']}"
    return f"/submissions/{row['submission_id']}"


def _address(filters: dict[str, str], **over: str | None) -> str:
    kept = {name: value for name, value in {**filters, **over}.items() if value}
    return f"/overdue?{urlencode(kept)}" if kept else "/overdue"


def _role() -> Role | None:
    person = current_person()
    return None if person is None else person.actor.role


class Badge:
    """How many things are overdue, for the menu of every page; kept for some seconds, and never a reason to wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, int]] = {}

    def __call__(self, href: str) -> int:
        """The number beside a link of the menu; 0 beside every other link, and where it is not known now."""
        person = current_person()
        if href != "/overdue" or person is None:
            return 0
        actor, now = person.actor, time.monotonic()
        whose = f"office {actor.office}" if actor.role is Role.OFFICE else "laboratory"
        with self._lock:
            kept = self._kept.get(whose)
        if kept is None or now - kept[0] > _BADGE_KEPT_SECONDS:
            kept = (now, _total(actor))
            with self._lock:
                self._kept[whose] = kept
        return kept[1]


def _total(actor: Actor) -> int:
    try:
        answer = api().send(
            replace(actor, request_id=new_id()),
            "chain_of_custody",
            "GET",
            "/api/v1/overdue/counts",
            deadline=_BADGE_DEADLINE_SECONDS,
        )
        return int(json.loads(answer.body).get("total", 0)) if answer.status == 200 else 0
    except (DomainError, ValueError):
        return 0


def install(app: Flask) -> None:
    """Gives templates the badge."""
    app.jinja_env.globals["badge"] = Badge()
