"""A small client of Siglab's public API on the standard library: JSON, pages of lists, resumable uploads (tus 1.0).

One instance speaks as one user and is used by one thread. Every POST carries an Idempotency-Key, so that a request whose
answer was lost can be sent again without acting twice.
"""

import base64
import hashlib
import http.client
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

PIECE = 4 * 1024 * 1024


class ApiError(Exception):
    """The server refused or could not be reached: `status` (0 where there was no answer), `code`, and its words."""

    def __init__(
        self, status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None
    ) -> None:
        self.status, self.code, self.detail, self.errors = status, code, detail, errors or []
        places = "; ".join(f"{e['pointer']}: {e['message']}" for e in self.errors[:5])
        super().__init__(f"{status} {code}: {detail}" + (f" [{places}]" if places else ""))


@dataclass(frozen=True)
class Answer:
    """One answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The parsed body; None where there is none."""
        return json.loads(self.body) if self.body else None


@dataclass
class ApiClient:
    """Speaks to `base_url` (as http://127.0.0.1:8080) with a token; `timeout` in seconds for one request."""

    base_url: str
    token: str | None = None
    timeout: float = 60.0
    retries: int = 4
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at a path."""
        return self.request("GET", path + (f"?{urlencode(query)}" if query else "")).json

    def fetch(self, path: str) -> bytes:
        """The bytes at a path."""
        return self.request("GET", path).body

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None) -> Any:
        """The JSON answer to a POST; `key` is the Idempotency-Key, a new one where none is given."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key or uuid.uuid4().hex}
        return self.request("POST", path, json.dumps(body or {}).encode(), headers).json

    def send_file(self, path: str, filename: str, content: bytes, *, key: str | None = None) -> Any:
        """The JSON answer to a file sent as multipart/form-data in the field `file`."""
        # The boundary follows from the content, so that a repeated request has the same bytes.
        edge = hashlib.sha256(content).hexdigest()
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        body = (head + "Content-Type: application/octet-stream\r\n\r\n").encode() + content
        headers = {
            "Content-Type": f"multipart/form-data; boundary={edge}",
            "Idempotency-Key": key or uuid.uuid4().hex,
        }
        return self.request("POST", path, body + f"\r\n--{edge}--\r\n".encode(), headers).json

    def all(self, path: str, **query: Any) -> list[Any]:
        """Every item of a list, page by page."""
        found: list[Any] = []
        cursor: str | None = None
        while True:
            page = self.get(path, limit=500, **query, **({"cursor": cursor} if cursor else {}))
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                return found

    def wait(self, path: str, done: Callable[[Any], bool], *, seconds: float = 60.0) -> Any:
        """Asks until `done(json)`; raises TimeoutError with the last answer."""
        end = time.monotonic() + seconds
        while True:
            found = self.get(path)
            if done(found):
                return found
            if time.monotonic() > end:
                raise TimeoutError(f"{path} was not ready in {seconds:.0f} s: {found}")
            time.sleep(0.15)

    def upload(
        self, content: bytes, metadata: Mapping[str, str], *, progress: Callable[[int], None] | None = None
    ) -> str:
        """Uploads one run resumably; returns the spectrum's id. The digest is added to the metadata."""
        facts = {**metadata, "sha256": hashlib.sha256(content).hexdigest()}
        pairs = ",".join(
            f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in facts.items()
        )
        made = self.request(
            "POST",
            "/uploads",
            b"",
            {
                "Upload-Length": str(len(content)),
                "Upload-Metadata": pairs,
                "Idempotency-Key": uuid.uuid4().hex,
            },
        )
        path = urlsplit(made.headers["location"]).path.removeprefix("/api/v1")
        answer, offset = made, 0
        while offset < len(content):
            kind = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            try:
                answer = self.request("PATCH", path, content[offset : offset + PIECE], kind)
            except ApiError as error:
                if error.status not in (0, 409, 502, 503, 504):
                    raise
                answer = self.request("HEAD", path)
            offset = int(answer.headers["upload-offset"])
            if progress is not None:
                progress(offset)
        if "siglab-spectrum-id" not in answer.headers:
            answer = self.request("HEAD", path)
        return answer.headers["siglab-spectrum-id"]

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request below /api/v1; repeated after a lost connection or 503 where repeating is harmless."""
        head = {"Accept": "application/json, */*", "Tus-Resumable": "1.0.0", **(headers or {})}
        if self.token:
            head["Authorization"] = f"Bearer {self.token}"
        harmless = method in ("GET", "HEAD") or "Idempotency-Key" in head
        for attempt in range(self.retries + 1):
            last = attempt == self.retries or not harmless
            try:
                answer = self._once(method, quote("/api/v1" + path, safe="/?&=%:+,.-_~"), body, head)
            except OSError as error:
                self.close()
                if last:
                    raise ApiError(0, "no_answer", f"{self.base_url} does not answer: {error}") from error
            except http.client.HTTPException as error:
                self.close()
                if last:
                    raise ApiError(0, "no_answer", f"{self.base_url} broke off: {error!r}") from error
            else:
                if answer.status < 400:
                    return answer
                if answer.status not in (502, 503, 504) or last:
                    raise self._error(answer)
            time.sleep(0.2 * 2**attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def close(self) -> None:
        """Ends the connection; the next request opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _once(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        if self._connection is None:
            place = urlsplit(self.base_url)
            kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(place.hostname or "127.0.0.1", place.port, timeout=self.timeout)
        self._connection.request(method, target, body=body, headers=dict(headers))
        answer = self._connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    @staticmethod
    def _error(answer: Answer) -> ApiError:
        try:
            problem = json.loads(answer.body)
        except ValueError:
            problem = {}
        return ApiError(
            answer.status,
            str(problem.get("code", "refused")),
            str(problem.get("detail", "")),
            problem.get("errors"),
        )
