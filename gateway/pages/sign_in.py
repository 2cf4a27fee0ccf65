"""Sign-in and sign-out."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, session
from werkzeug.wrappers import Response

from gateway.pages.session import api, current_person
from shared.errors import DomainError

blp = Blueprint("sign_in", __name__)


@blp.get("/sign-in")
def show() -> str:
    """The form."""
    return render_template("pages/sign_in.html", username="")


@blp.post("/sign-in")
def enter() -> str | Response | tuple[str, int]:
    """Opens a session; the cookie holds its token, signed and out of reach of scripts."""
    name = request.form.get("username", "").strip()
    try:
        found = api().accounts.sign_in(
            name, request.form.get("password", ""), address=request.remote_addr or "", kind="web"
        )
    except DomainError as error:
        errors: list[dict[str, Any]] = [{"field": "username", "message": error.detail}]
        status = 429 if error.retry_after else 401
        return render_template("pages/sign_in.html", username=name, errors=errors), status
    session.clear()
    session["token"] = found.token
    return redirect("/", code=303)


@blp.post("/sign-out")
def leave() -> Response:
    """Ends the session."""
    person = current_person()
    if person is not None:
        api().accounts.sign_out(person)
    session.clear()
    return redirect("/sign-in", code=303)
