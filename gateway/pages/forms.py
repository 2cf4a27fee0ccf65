"""Forms: from what a browser sends to what the API takes, and back to the page with the API's errors beside the fields."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request
from werkzeug.wrappers import Response

from gateway.pages.session import Said, field_errors


def text(name: str) -> str | None:
    """What stands in a field, without the spaces around it; None where nothing does."""
    return request.form.get(name, "").strip() or None


def number(name: str) -> float | str | None:
    """A number, also with a decimal comma; what is no number goes on as it is, so that the API says what is wrong with it."""
    given = text(name)
    if given is None:
        return None
    try:
        return float(given.replace(",", ".") if given.count(",") == 1 and "." not in given else given)
    except ValueError:
        return given


def secret(name: str) -> str:
    """A password exactly as it was typed."""
    return request.form.get(name, "")


def moment(name: str) -> str | None:
    """What a browser's date and time field sends, taken as UTC as the form says; what is no time goes on as it is."""
    local = text(name)
    return f"{local}:00Z" if local is not None and len(local) == 16 else local


def without_empty(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that hold something."""
    return {name: value for name, value in body.items() if value not in (None, "", {})}


def done(said: Said, words: str, onward: str) -> Response:
    """Leads on after an act: with the good news, or with the API's refusal."""
    if said.ok:
        flash(words, "success")
    else:
        flash("; ".join(error["message"] for error in field_errors(said)), "problem")
    return redirect(onward, code=303)


def again(template: str, errors: list[dict[str, str]], **values: Any) -> tuple[str, int]:
    """The form once more, as it was filled in, with its errors."""
    return render_template(template, errors=errors, form=request.form, **values), 422
