"""What every address of the gateway's own needs: JSON answers, exact addresses, methods."""

import json
from typing import Any

from gateway.api.request import Environ
from shared.bus.messages import BusResponse
from shared.errors import NotFound
from shared.http.problems import problem_document


def answer_json(status: int, content: Any) -> BusResponse:
    """A JSON answer."""
    return BusResponse(status, [("Content-Type", "application/json")], json.dumps(content).encode())


def refuse_method(environ: Environ, name: str, *allowed: str) -> BusResponse | None:
    """None for /api/v1/<name> with one of the methods; an answer 405 for another; raises NotFound below it."""
    if environ["PATH_INFO"] != f"/api/v1/{name}":
        raise NotFound("There is nothing at this address.")
    if environ["REQUEST_METHOD"] in allowed:
        return None
    body, headers = problem_document(405, f"Here is only {', '.join(allowed)}.", "method_not_allowed", [])
    return BusResponse(405, [*headers, ("Allow", ", ".join(allowed))], body)
