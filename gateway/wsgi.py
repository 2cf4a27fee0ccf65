"""gunicorn's entry: `gunicorn gateway.wsgi:application`. The API is bare WSGI, everything else the Flask pages."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from gateway.app import Gateway, make_gateway
from shared.config import load_settings
from shared.observability.logging import configure_logging

_made: list[Gateway] = []
_lock = threading.Lock()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answers one request; the parts are made at the first one, in the worker and never before a fork."""
    return gateway()(environ, start_response)


def gateway() -> Gateway:
    """This process's gateway."""
    if _made:
        return _made[0]
    with _lock:
        if not _made:
            settings = load_settings()
            configure_logging(settings.log_level, "gateway")
            _made.append(make_gateway(settings))
        return _made[0]
