"""People in forms: whom a field may name, chosen from a list, typed, or read off a badge; and the badges themselves."""

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, render_template

from gateway.pages.codes import bare
from gateway.pages.place_label import place_label
from gateway.pages.session import every, for_role
from shared.actor import LABORATORY, Role

blp = Blueprint("people", __name__)

#: What stands before the login in a badge's symbol, so that it is never taken for an item or a place.
BADGE_PREFIX = "PER:"
_READERS = (*LABORATORY, Role.AUDITOR, Role.ADMIN)
#: Who may ask what became of an account.
_OVERSEERS = (Role.CUSTODIAN, Role.REVIEWER, Role.AUDITOR, Role.ADMIN)
Person = dict[str, Any]


def all_people(**filters: Any) -> list[Person]:
    """Those whom the signed-in person may name, by name; empty where they may name nobody."""
    return every("/people", **filters)


def among(people: list[Person]) -> list[tuple[str, str]]:
    """(login, words) for the list of a field."""
    return [
        (row["login"], f"{row['name']}, {row['role']}{' ' + row['office'] if row['office'] else ''}")
        for row in people
    ]


def login_of(typed: str | None, people: list[Person]) -> str:
    """The login that a badge, a login or a name means; what means nobody goes on as it is, and the API says so."""
    code = bare(typed or "")
    wanted = code[len(BADGE_PREFIX) :] if code.upper().startswith(BADGE_PREFIX) else code
    for row in people:
        if row["login"].casefold() == wanted.casefold():
            return str(row["login"])
    named = [row for row in people if wanted.casefold() in (row["name"].casefold(), _words(row).casefold())]
    return str(named[0]["login"]) if len(named) == 1 else wanted


@blp.get("/people")
def show() -> str:
    """Everybody who may take evidence, with a badge to print for each."""
    actor = for_role(*_READERS).actor
    mine = {"login": actor.login, "name": actor.name, "role": actor.role.value, "office": None}
    rows = all_people() + ([mine] if actor.role in LABORATORY else [])
    return render_template(
        "pages/people.html",
        rows=sorted(rows, key=lambda row: row["name"].casefold()),
        acts=actor.role in _OVERSEERS,
    )


@blp.get("/people/<login>")
def show_one(login: str) -> str:
    """What became of somebody's account, closed ones too."""
    for_role(*_OVERSEERS)
    acts = every(f"/people/{quote(login, safe='')}/acts")
    if not acts:
        abort(404)
    return render_template("pages/person.html", login=login, acts=acts)


@blp.get("/people/<login>/badge.pdf")
def badge(login: str) -> Response:
    """Somebody's badge: scanned into a form it names them, and signs nothing."""
    person = for_role(*_READERS)
    own = person.actor.role in LABORATORY and person.actor.login == login
    found = {"name": person.actor.name} if own else next(iter(all_people(login=login)), None)
    if found is None:
        abort(404)
    return Response(place_label(f"{BADGE_PREFIX}{login}", found["name"]), mimetype="application/pdf")


def _words(row: Person) -> str:
    return f"{row['name']} ({row['login']})"
