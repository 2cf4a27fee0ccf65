"""The gateway's tus door with custody right behind it: the bus's own WSGI call stands in for the bus."""

import base64
import io
import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient

from gateway.api.dispatch import answered
from gateway.api.uploads import Uploads
from shared.actor import Actor
from shared.bulk import BulkFolder
from shared.bus.messages import BusRequest, BusResponse
from shared.bus.wsgi import WsgiCall, make_environ
from shared.crypto.assertions import HEADER, AssertedRequest, AssertionSigner
from shared.runtime import Runtime
from tests.calls import TECHNICIAN


@dataclass
class Door:
    """Sends tus requests as one actor; `on_send` is called with every request to custody before it goes."""

    client: FlaskClient
    actor: Actor = TECHNICIAN
    on_send: Callable[[str, str], None] = lambda method, path: None
    pieces: list[int] = field(default_factory=list)
    bulk: BulkFolder | None = None

    def send(
        self,
        actor: Actor,
        service: str,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        deadline: float = 30.0,
    ) -> BusResponse:
        """As gateway.api.dispatch.Api.send."""
        self.on_send(method, path)
        app = self.client.application
        runtime: Runtime = app.extensions["siglab"]
        signer = AssertionSigner.from_keys(runtime.settings.keys_dir, "gateway")
        asserted = AssertedRequest.of(method, path, query, headers, body)
        head = [*headers, (HEADER, signer.sign(actor, asserted, runtime.clock()))]
        if method == "PATCH":
            shared = re.search(r"size=(\d+)", query)
            self.pieces.append(int(shared[1]) if shared else len(body))
        request = BusRequest(method, path, query, head, body)
        called = WsgiCall(app.wsgi_app, make_environ(request, service, time.monotonic() + deadline))
        try:
            content = b"".join(called)
        finally:
            called.close()
        return BusResponse(called.status, called.headers, content)

    def ask(self, method: str, path: str = "", body: Any = None, **headers: Any) -> BusResponse:
        """One request; `body` is bytes or a stream, whose Content-Length is then given among the headers."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": f"/api/v1/uploads{path}",
            "wsgi.input": io.BytesIO(body or b"") if not isinstance(body, io.RawIOBase) else body,
            "wsgi.input_terminated": True,
            "HTTP_TUS_RESUMABLE": "1.0.0",
        }
        if isinstance(body, bytes):
            environ["CONTENT_LENGTH"] = str(len(body))
        environ |= headers
        api: Any = self
        return answered(lambda: Uploads(self.bulk)(api, environ, self.actor))

    def create(self, facts: dict[str, Any], **headers: Any) -> BusResponse:
        """The request that begins an upload; `facts` as of tests.integration.spectra.house.told."""
        size = str(facts["size"])
        pairs = {name: str(value) for name, value in facts.items() if name != "size"}
        head = {"HTTP_UPLOAD_LENGTH": size, "HTTP_UPLOAD_METADATA": metadata(pairs)}
        return self.ask("POST", **{**head, **headers})

    def created(self, facts: dict[str, Any]) -> str:
        """The path of a new upload below /uploads."""
        answer = self.create(facts)
        assert answer.status == 201, answer.body
        return str(answer.header("location")).removeprefix("/api/v1/uploads")

    def patch(self, place: str, offset: int, body: Any, **headers: Any) -> BusResponse:
        """The request that brings bytes."""
        head = {"HTTP_UPLOAD_OFFSET": str(offset), "CONTENT_TYPE": "application/offset+octet-stream"}
        return self.ask("PATCH", place, body, **{**head, **headers})

    def offset(self, place: str) -> int:
        """Where an upload stands."""
        answer = self.ask("HEAD", place)
        assert answer.status == 200, answer.body
        return int(str(answer.header("upload-offset")))


def metadata(pairs: dict[str, str]) -> str:
    """Upload-Metadata as clients write it."""
    return ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in pairs.items())


def code(answer: BusResponse) -> str:
    """The code of a problem."""
    return str(json.loads(answer.body)["code"])


class Breaking(io.RawIOBase):
    """A body whose connection breaks after these bytes: by an error, or by an end that comes too early."""

    def __init__(self, content: bytes, error: bool) -> None:
        self._stream = io.BytesIO(content)
        self._error = error

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`."""
        found = self._stream.read(size)
        if not found and size and self._error:
            raise ConnectionResetError
        return found
