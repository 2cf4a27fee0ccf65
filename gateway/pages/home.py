"""The first page: what waits for this person, as links."""

from typing import Any

from flask import Blueprint, render_template

from gateway.pages.overdue import waits_of
from gateway.pages.session import current_person, items
from shared.actor import Role

blp = Blueprint("home", __name__)


@blp.get("/")
def show() -> str:
    """What waits, by role."""
    person = current_person()
    assert person is not None, "strangers are led to the sign-in"
    return render_template(
        "pages/home.html",
        greeting=person.actor.name,
        waits=[wait for wait in _waits(person.actor.role) + waits_of(person.actor) if wait["count"]],
    )


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
