"""One person's requests, each sent again with its key until it is answered."""

import json
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from siglab_clients.api import Answer, ApiClient, ApiError

#: Nobody waits longer for one answer, not even on a machine that does much else.
PATIENCE_S = 180.0
#: What a sender must expect while something is killed: no answer, worker lost, not there now, too late.
_AGAIN = (0, 429, 502, 503, 504)


@dataclass
class Weather:
    """What all requests of a storm met; counters are only ever added to."""

    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    longest_wait_s: float = 0.0
    last_answer: float = 0.0
    #: (begun, answered) of acts, on the clock of time.monotonic().
    answers: list[tuple[float, float]] = field(default_factory=list)


class Person:
    """Somebody with a token; used by one thread."""

    def __init__(self, base_url: str, facts: Mapping[str, str], weather: Weather) -> None:
        self.password = facts["password"]
        self._client = ApiClient(base_url, facts["token"], timeout=30.0, retries=0)
        self._weather = weather

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        return self.request("GET", path).json

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON answer to one act, however often it had to be sent."""
        began = time.monotonic()
        answer = self._client_post(path, body)
        ended = time.monotonic()
        self._weather.longest_wait_s = max(self._weather.longest_wait_s, ended - began)
        self._weather.answers.append((began, ended))
        return answer

    def request(
        self, method: str, path: str, body: bytes | None = None, expected: int | None = None, **headers: str
    ) -> Answer:
        """The answer to a request that may be sent again; raises ApiError for a refusal that stays.

        A refusal with the status `expected` is nothing wrong.
        """
        end, wait = time.monotonic() + PATIENCE_S, 0.05
        head = {name.replace("_", "-"): value for name, value in headers.items()}
        while True:
            try:
                return self._client.request(method, path, body, head)
            except ApiError as error:
                if error.status not in (*_AGAIN, expected):
                    self._weather.wrong.append(f"{method} {path}: {error}")
                if error.status not in (*_AGAIN, 500) or time.monotonic() > end:
                    raise
                self._weather.refused[f"{error.status} {error.code}"] += 1
            time.sleep(wait)
            wait = min(wait * 2, 1.0)

    def _client_post(self, path: str, body: Mapping[str, Any]) -> Any:
        key = uuid.uuid4().hex
        raw = json.dumps(body).encode()
        return self.request("POST", path, raw, Idempotency_Key=key, Content_Type="application/json").json
