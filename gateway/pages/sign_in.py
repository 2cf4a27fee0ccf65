"""Sign-in and sign-out."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, session
from werkzeug.wrappers import Response

from gateway.pages.session import api, current_person
from shared.errors import DomainError

blp = Blueprint("sign_in", __name__)


@blp.get("/sign-in")
def show() -> str:
    """The form; it keeps where the person wanted to go."""
    return render_template("pages/sign_in.html", username="", onward=_safe(request.args.get("next", "")))


@blp.post("/sign-in")
def enter() -> str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Opens a session; the cookie holds its token, signed and out of reach of scripts."""
    name, onward = request.form.get("username", "").strip(), _safe(request.form.get("next", ""))
    try:
        found = api().accounts.sign_in(
            name, request.form.get("password", ""), address=request.remote_addr or "", kind="web"
        )
    except DomainError as error:
        errors: list[dict[str, Any]] = [{"field": "username", "message": error.detail}]
        page = render_template("pages/sign_in.html", username=name, errors=errors, onward=onward)
        if error.retry_after is None:
            return page, 401
        return page, 429, {"Retry-After": str(max(1, round(error.retry_after)))}
    session.clear()
    session["token"] = found.token
    return redirect(onward or "/", code=303)


def _safe(address: str) -> str:
    """An address of ours to go on to, or nothing: it begins with one slash and holds no way out."""
    own = address.startswith("/") and not address.startswith(("//", "/\\")) and "\\" not in address
    return address if own and address.isprintable() and not address.startswith(("/sign-", "/api/")) else ""


@blp.post("/sign-out")
def leave() -> Response:
    """Ends the session."""
    person = current_person()
    if person is not None:
        api().accounts.sign_out(person)
    session.clear()
    return redirect("/sign-in", code=303)
