"""Resumable uploads: tus 1.0 with creation and expiration towards clients, pieces towards custody.

A PATCH is cut into pieces while it arrives, each a bus request with its offset, so that this process never holds more than one or
two of them however large the file is: one that custody stores, and one that is read meanwhile. They go in their order, each when
the one before was answered. What had arrived when a connection broke is kept.
"""

import json
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from gateway.api.dispatch import Api, answered
from gateway.api.pieces import Piece, PieceMaker
from gateway.api.request import Environ
from gateway.api.upload_body import WHOLE, Body, discard
from gateway.api.upload_metadata import read_metadata, write_metadata
from shared.actor import Actor
from shared.bulk import BulkFolder
from shared.bus.messages import BusResponse
from shared.errors import Conflict, FieldError, Invalid, Malformed, NotFound, TooLarge, Unsupported
from shared.http.app import LARGEST_UPLOAD
from shared.http.problems import problem_document

VERSION = "1.0.0"
PREFIX = "/api/v1/uploads"

_PIECE_SECONDS = 60.0
_CUSTODY = "chain_of_custody"


class Uploads:
    """Answers /api/v1/uploads and below; `bulk` is the folder that custody reads from too, None where there is none."""

    def __init__(self, bulk: BulkFolder | None = None) -> None:
        self._bulk = bulk

    def __call__(self, api: Api, environ: Environ, actor: Actor) -> BusResponse:
        """One tus request; every answer carries the protocol's version."""
        answer = answered(lambda: self._answer(api, environ, actor))
        if answer.status >= 400:
            discard(environ)
        answer.headers.append(("Tus-Resumable", VERSION))
        return answer

    def _answer(self, api: Api, environ: Environ, actor: Actor) -> BusResponse:
        upload_id = environ["PATH_INFO"].removeprefix(PREFIX).removeprefix("/")
        if "/" in upload_id:
            raise NotFound("There is no such upload.")
        method = _method(environ)
        if method == "OPTIONS":
            return BusResponse(204, _abilities())
        if environ.get("HTTP_TUS_RESUMABLE") != VERSION:
            return _problem(412, f"Send Tus-Resumable: {VERSION}.", "tus_version", ("Tus-Version", VERSION))
        if method == "POST" and not upload_id:
            return self._create(api, environ, actor)
        if method == "HEAD" and upload_id:
            return self._tell(api, actor, upload_id)
        if method == "PATCH" and upload_id:
            return self._patch(api, environ, actor, upload_id)
        allowed = "HEAD, PATCH, OPTIONS" if upload_id else "POST, OPTIONS"
        return _problem(405, f"Here is only {allowed}.", "method_not_allowed", ("Allow", allowed))

    def _create(self, api: Api, environ: Environ, actor: Actor) -> BusResponse:
        if "HTTP_UPLOAD_DEFER_LENGTH" in environ:
            raise Invalid("Say how long the file is: Upload-Defer-Length is not possible here.")
        size = _whole(environ, "HTTP_UPLOAD_LENGTH", "Upload-Length")
        if size > LARGEST_UPLOAD:
            raise TooLarge(f"A file has at most {LARGEST_UPLOAD} bytes here.")
        facts = {**read_metadata(environ.get("HTTP_UPLOAD_METADATA", "")), "size": size}
        headers = [("content-type", "application/json")]
        if environ.get("HTTP_IDEMPOTENCY_KEY"):
            headers.append(("idempotency-key", environ["HTTP_IDEMPOTENCY_KEY"]))
        body = json.dumps(facts).encode()
        made = api.send(actor, _CUSTODY, "POST", "/internal/uploads", headers=headers, body=body)
        if made.status >= 400:
            return made
        told = json.loads(made.body)
        if told["state"] == "received":
            completed = self._complete(api, actor, told["id"])
            if completed.status >= 400:
                return completed
            told = json.loads(completed.body)
        replayed = [(name, value) for name, value in made.headers if name.lower() == "idempotency-replayed"]
        return BusResponse(201, [("Location", f"{PREFIX}/{told['id']}"), *replayed, *_progress(told)])

    def _tell(self, api: Api, actor: Actor, upload_id: str) -> BusResponse:
        found = self._look(api, actor, upload_id)
        if found.status >= 400:
            return found
        told = json.loads(found.body)
        facts = {name: value for name, value in told["metadata"].items() if value is not None}
        return BusResponse(
            200,
            [
                ("Cache-Control", "no-store"),
                ("Upload-Length", str(told["size"])),
                ("Upload-Metadata", write_metadata(facts)),
                *_progress(told),
            ],
        )

    def _patch(self, api: Api, environ: Environ, actor: Actor, upload_id: str) -> BusResponse:
        kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if kind != "application/offset+octet-stream":
            raise Unsupported("A PATCH of an upload has the type application/offset+octet-stream.")
        offset = _whole(environ, "HTTP_UPLOAD_OFFSET", "Upload-Offset")
        answer = self._look(api, actor, upload_id)
        if answer.status >= 400:
            return answer
        told = json.loads(answer.body)
        if told["offset"] != offset:
            raise Conflict(f"The upload stands at byte {told['offset']}, not {offset}.", code="wrong_offset")
        body = Body(environ, told["size"] - offset)
        with PieceMaker(self._bulk) as maker, Handover(api, actor, upload_id, offset, answer) as handover:
            for piece in body.pieces(maker.make, handover.is_idle):
                handover.send(piece)
                if handover.refused:
                    return handover.answer
            handover.wait()
            offset, answer = handover.offset, handover.answer
        if answer.status >= 400:
            return answer
        if body.broken:
            raise Malformed(f"The body broke off; the upload now stands at byte {offset}.")
        told = _kept(answer, offset)
        if offset == told["size"]:
            answer = self._complete(api, actor, upload_id)
            if answer.status >= 400:
                return answer
            told = _kept(answer, offset)
        return BusResponse(204, _progress(told))

    def _look(self, api: Api, actor: Actor, upload_id: str) -> BusResponse:
        """The upload as custody has it; one whose bytes are all there, but whose completion was missed, is completed now."""
        found = api.send(actor, _CUSTODY, "GET", f"/internal/uploads/{upload_id}")
        if found.status < 400 and json.loads(found.body)["state"] == "received":
            return self._complete(api, actor, upload_id)
        return found

    @staticmethod
    def _complete(api: Api, actor: Actor, upload_id: str) -> BusResponse:
        path = f"/internal/uploads/{upload_id}/completion"
        return api.send(actor, _CUSTODY, "POST", path, deadline=_PIECE_SECONDS)


class Handover:
    """Sends pieces to custody from a thread of its own, the next when the one before was answered; ends with its block.

    `answer` is the last answer and `offset` where the upload then stood; after a refusal nothing more is sent.
    """

    def __init__(self, api: Api, actor: Actor, upload_id: str, offset: int, answer: BusResponse) -> None:
        self._api, self._actor = api, actor
        self._path = f"/internal/uploads/{upload_id}"
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="upload")
        self._under_way: tuple[Piece, Future[BusResponse]] | None = None
        self.offset, self.answer = offset, answer

    def __enter__(self) -> "Handover":
        return self

    def __exit__(self, *_: object) -> None:
        """Waits for what is under way: its piece must not go before it was read."""
        self._thread.shutdown(wait=True)
        if self._under_way is not None:
            self._under_way[0].close()

    @property
    def refused(self) -> bool:
        """Custody has refused a piece."""
        return self.answer.status >= 400

    def is_idle(self) -> bool:
        """Whether a piece that is sent now would leave at once."""
        return self._under_way is None or self._under_way[1].done()

    def send(self, piece: Piece) -> None:
        """Sends a piece once the one before was answered; drops it where that was refused."""
        try:
            self.wait()
        except BaseException:
            piece.close()
            raise
        if self.refused:
            piece.close()
        else:
            self._under_way = piece, self._thread.submit(self._ask, piece, self.offset)

    def wait(self) -> None:
        """Waits for the answer to the piece under way."""
        if self._under_way is None:
            return
        piece, future = self._under_way
        size, answered = len(piece), False
        try:
            self.answer = future.result()
            answered = not self.refused
        finally:
            piece.close(answered=answered)
            self._under_way = None
        if not self.refused:
            self.offset += size

    def _ask(self, piece: Piece, offset: int) -> BusResponse:
        query, body = piece.sent()
        return self._api.send(
            self._actor,
            _CUSTODY,
            "PATCH",
            self._path,
            query=f"offset={offset}{query}",
            headers=[("content-type", "application/octet-stream")],
            body=body,
            deadline=_PIECE_SECONDS,
        )


def _method(environ: Environ) -> str:
    """The method; tus lets clients that can only POST name another one in a header."""
    method = str(environ["REQUEST_METHOD"])
    if method == "POST":
        method = str(environ.get("HTTP_X_HTTP_METHOD_OVERRIDE") or method).upper()
    return method


def _abilities() -> list[tuple[str, str]]:
    return [
        ("Tus-Version", VERSION),
        ("Tus-Extension", "creation,expiration"),
        ("Tus-Max-Size", str(LARGEST_UPLOAD)),
    ]


def _kept(answer: BusResponse, offset: int) -> dict[str, Any]:
    """What custody told of an upload that stands at `offset`; raises Conflict where its store has lost what it took."""
    told: dict[str, Any] = json.loads(answer.body)
    if told["offset"] != offset:
        raise Conflict(
            f"The store was interrupted and lost what it had taken; the upload stands at byte {told['offset']} again. "
            "Send the file from there.",
            code="parts_lost",
        )
    return told


def _progress(told: dict[str, Any]) -> list[tuple[str, str]]:
    headers = [("Upload-Offset", str(told["offset"]))]
    if told["spectrum_id"]:
        return [*headers, ("Siglab-Spectrum-Id", str(told["spectrum_id"]))]
    expires = format_datetime(datetime.fromisoformat(told["expires_at"]), usegmt=True)
    return [*headers, ("Upload-Expires", expires)]


def _problem(status: int, detail: str, code: str, *further: tuple[str, str]) -> BusResponse:
    body, headers = problem_document(status, detail, code, [])
    return BusResponse(status, [*headers, *further], body)


def _whole(environ: Environ, key: str, name: str) -> int:
    given = environ.get(key, "")
    if not WHOLE.fullmatch(given):
        message = "Missing." if not given else "Not a whole number."
        raise Invalid(f"{name}: {message}", errors=[FieldError(pointer=f"/{name}", message=message)])
    return int(given)
