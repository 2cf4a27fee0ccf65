"""The signed-in person of a page, and how pages ask the API: through the same dispatch as everybody else."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import abort, current_app, g, request, session

from gateway.accounts.tokens import Identity
from gateway.api import routing
from gateway.api.dispatch import Api, Asked, refused
from shared.actor import ANYONE, Actor, Role
from shared.bus.messages import BusResponse
from shared.errors import DomainError, Unauthenticated
from shared.identifiers import new_id


def api() -> Api:
    """This process's API."""
    found = current_app.extensions["siglab-api"]
    assert isinstance(found, Api)
    return found


def current_person() -> Identity | None:
    """Who is signed in by cookie, or None."""
    if "person" not in g:
        token = session.get("token")
        try:
            g.person = api().accounts.identify(token) if token else None
        except Unauthenticated:
            session.clear()
            g.person = None
    found = g.person
    assert found is None or isinstance(found, Identity)
    return found


@dataclass(frozen=True)
class Said:
    """The API's answer to a page."""

    status: int
    json: Any
    raw: BusResponse

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.status < 400

    @property
    def detail(self) -> str:
        """The API's own words of refusal."""
        return str((self.json or {}).get("detail", "")) if isinstance(self.json, dict) else ""


def ask(method: str, path: str, body: Any = None, **query: Any) -> Said:
    """Asks the API as the signed-in person; a POST takes the form's `once` as its Idempotency-Key."""
    once = request.form.get("once") if method != "GET" else None
    return _send(method, path, body, [("idempotency-key", once)] if once else [], query)


def ask_openly(path: str) -> Said:
    """Reads what a stranger may read, whoever is signed in; raises LookupError for anything else."""
    if not routing.is_open("GET", f"/api/v1{path}"):
        raise LookupError(f"{path} is not open to strangers")
    return _send_as(ANYONE, "GET", path, None, [], {})


def ask_to_change(method: str, path: str, body: Any, match: str) -> Said:
    """Changes a record; `match` is the tag of the version that the person has seen."""
    return _send(method, path, body, [("if-match", match)], {})


def ask_beforehand(path: str, body: Any) -> Said:
    """A POST by which nothing is done, so that it takes no key."""
    return _send("POST", path, body, [], {})


def _send(
    method: str, path: str, body: Any, more_headers: list[tuple[str, str]], query: dict[str, Any]
) -> Said:
    person = current_person()
    if person is None:
        raise Unauthenticated("Sign in first.")
    return _send_as(person.actor, method, path, body, more_headers, query)


def _send_as(
    whom: Actor,
    method: str,
    path: str,
    body: Any,
    more_headers: list[tuple[str, str]],
    query: dict[str, Any],
) -> Said:
    address = f"/api/v1{path}"
    service = routing.service_for(address)
    if service is None or service == routing.GATEWAY:
        abort(404)
    headers = [("accept", "application/json"), *more_headers]
    raw = b""
    if method != "GET":
        raw = json.dumps(body or {}).encode()
        headers.append(("content-type", "application/json"))
    actor = replace(whom, request_id=new_id())
    given = urlencode({name: value for name, value in query.items() if value not in (None, "")})
    try:
        answer = api().ask(
            service, Asked(actor, method, address, given, headers, raw, request.remote_addr or "")
        )
    except DomainError as error:
        answer = refused(error)
    kind = answer.header("content-type") or ""
    return Said(answer.status, json.loads(answer.body) if "json" in kind and answer.body else None, answer)


def get(path: str, **query: Any) -> Any:
    """The JSON at a path; a page that cannot have it ends with that status."""
    said = ask("GET", path, **query)
    if not said.ok:
        abort(
            404 if said.status in (401, 403, 404) else said.status if said.status == 422 else 503, said.detail
        )
    return said.json


def for_role(*roles: Role) -> Identity:
    """The signed-in person where they have one of these roles; the page does not exist for others."""
    person = current_person()
    if person is None or person.actor.role not in roles:
        abort(404)
    return person


def items(path: str, limit: int = 100, **query: Any) -> list[Any]:
    """The first entries of a list; empty where this person may not have it."""
    said = ask("GET", path, limit=limit, **query)
    return list(said.json["items"]) if said.ok else []


def every(path: str, most: int = 5000, **query: Any) -> list[Any]:
    """All entries of a list, page by page, up to so many; empty where this person may not have it."""
    rows: list[Any] = []
    cursor = None
    while len(rows) < most:
        said = ask("GET", path, limit=500, cursor=cursor, **query)
        if not said.ok:
            break
        rows += said.json["items"]
        cursor = said.json["next"]
        if cursor is None:
            break
    return rows


def field_errors(said: Said, prefix: str = "") -> list[dict[str, str]]:
    """The API's errors as a form shows them: JSON pointers become field names (/items/0/line -> items-0-line)."""
    if said.ok:
        return []
    errors = (said.json or {}).get("errors") or []
    if said.status == 403 and (said.json or {}).get("code") == "wrong_password":
        return [{"field": f"{prefix}password", "message": said.detail}]
    if not errors:
        return [{"field": "", "message": said.detail or f"Refused ({said.status})."}]
    return [
        {"field": prefix + e["pointer"].strip("/").replace("/", "-"), "message": e["message"]} for e in errors
    ]


#: Which field a refusal is about, where the API names none: the first of these that the form has.
_FIELDS_OF: dict[str, tuple[str, ...]] = {
    "mass_balance": ("net_mass_mg", "gross_mass_g", "package_mass_g"),
    "out_of_calibration": ("balance",),
    "place_full": ("place", "capacity"),
    "place_closed": ("place",),
    "exists": ("name",),
}


def form_errors(said: Said, prefix: str, fields: Iterable[str]) -> list[dict[str, str]]:
    """The API's errors at one form's fields, whose names begin with `prefix`; what is about none of them has no field."""
    known = set(fields)
    errors = field_errors(said, prefix=prefix)
    if said.status == 409 and not said.json.get("errors"):
        at = next((name for name in _FIELDS_OF.get(said.json.get("code"), ()) if name in known), None)
        if at is not None:
            return [{"field": f"{prefix}{at}", "message": said.detail}]
    for error in errors:
        if error["field"].removeprefix(prefix) not in known:
            error["field"] = ""
    return errors
