"""The pages: server-rendered, working without JavaScript, clients of the API as the signed-in person."""

import hashlib
import secrets
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask, g, redirect, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response as BaseResponse

from gateway.api.dispatch import Api
from gateway.pages import errors, overdue, security
from gateway.pages.blueprints import BLUEPRINTS, MENUS
from gateway.pages.ratios import ratio
from gateway.pages.session import current_person
from shared.numbers import number_text, uncertainty_text
from shared.runtime import Runtime

ROOT = Path(__file__).parents[1]
#: What a stranger may see.
_OPEN = frozenset({"sign_in.show", "sign_in.enter", "static", "entry.show"})


def create_pages(runtime: Runtime, api: Api) -> Flask:
    """The Flask application of the pages."""
    app = Flask("gateway", root_path=str(ROOT), static_folder="static", template_folder="templates")
    secret = (runtime.settings.keys_dir / "session.secret").read_text().strip()
    security.configure(app, secret=secret, secure=runtime.settings.public_url.startswith("https://"))
    app.extensions["siglab"] = runtime
    app.extensions["siglab-api"] = api
    CSRFProtect(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    errors.install(app)
    overdue.install(app)
    app.before_request(_require_person)
    demo = runtime.settings.demo

    @app.context_processor
    def for_every_page() -> dict[str, Any]:
        person = g.get("person")
        return {"person": None if person is None else person.actor, "demo": demo, "errors": None}

    app.jinja_env.filters.update(when=when, plain=number_text, uncertain=uncertainty_text, ratio=ratio)
    app.jinja_env.globals.update(
        asset=asset,
        new_once=lambda: secrets.token_urlsafe(16),
        today=lambda: datetime.now(UTC).date().isoformat(),
        menu=lambda role: MENUS.get(role, []),
    )
    return app


def when(moment: str | None) -> str:
    """A moment as people read it: ISO date and time to the minute, UTC."""
    if not moment:
        return ""
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def asset(name: str) -> str:
    """The address of a static file with a digest of its content, so that browsers may keep it for ever."""
    return f"/static/{name}?v={_digest(name)}"


@lru_cache(maxsize=64)
def _digest(name: str) -> str:
    path = ROOT / "static" / name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.exists() else "none"


def _require_person() -> BaseResponse | None:
    """Strangers are led to the sign-in, also from pages that do not exist: which ones do is nobody's business."""
    if request.endpoint == "static" or current_person() is not None or request.endpoint in _OPEN:
        return None
    if request.method != "GET" or request.path == "/":
        return redirect("/sign-in", 303)
    wanted = request.full_path if request.query_string else request.path
    return redirect(f"/sign-in?next={quote(wanted, safe='/')}", 303)
