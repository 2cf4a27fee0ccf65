"""Resumable uploads: tus 1.0 (core, creation, checksum of the whole by metadata) towards clients, pieces towards custody.

A PATCH is cut into pieces of at most 8 MiB while it arrives, each a bus request with its offset, so that this process never holds
more than one piece. What had arrived when a connection broke is kept.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from gateway.api.dispatch import Api, Environ
from shared.actor import ANYONE, Actor
from shared.bus.messages import BusResponse
from shared.errors import Conflict, FieldError, Invalid, NotFound, TooLarge, Unauthenticated, Unsupported
from shared.http.problems import problem_document

VERSION = "1.0.0"
PIECE = 4 * 1024 * 1024
#: Larger files are refused before a byte is taken.
LARGEST = 4 * 1024 * 1024 * 1024
METADATA = ("filename", "item_id", "technique", "instrument", "method", "run_role", "acquired_at", "sha256")
_CUSTODY = "chain_of_custody"
_READ = 256 * 1024


class Uploads:
    """Answers /api/v1/uploads and below."""

    def __call__(self, api: Api, environ: Environ, actor: Actor) -> BusResponse:
        """One tus request; every answer carries the protocol's version."""
        answer = self._answer(api, environ, actor)
        answer.headers.append(("Tus-Resumable", VERSION))
        return answer

    def _answer(self, api: Api, environ: Environ, actor: Actor) -> BusResponse:
        method = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE") or environ["REQUEST_METHOD"]
        rest = environ["PATH_INFO"].removeprefix("/api/v1/uploads").strip("/")
        if method == "OPTIONS":
            told = [("Tus-Version", VERSION), ("Tus-Extension", "creation"), ("Tus-Max-Size", str(LARGEST))]
            return BusResponse(204, told)
        if actor is ANYONE or not actor.login:
            raise Unauthenticated("Sign in first: send a token as 'Authorization: Bearer <token>'.")
        if environ.get("HTTP_TUS_RESUMABLE", VERSION) != VERSION:
            body, headers = problem_document(412, f"This server speaks tus {VERSION}.", "tus_version", [])
            return BusResponse(412, [*headers, ("Tus-Version", VERSION)], body)
        if not rest and method == "POST":
            return self._create(api, environ, actor)
        if rest and "/" not in rest and method == "HEAD":
            return self._head(api, actor, rest)
        if rest and "/" not in rest and method == "PATCH":
            return self._patch(api, environ, actor, rest)
        if "/" in rest:
            raise NotFound("There is no such upload.")
        body, headers = problem_document(405, f"{method} is not possible here.", "method_not_allowed", [])
        return BusResponse(
            405, [*headers, ("Allow", "HEAD, PATCH, OPTIONS" if rest else "POST, OPTIONS")], body
        )

    def _create(self, api: Api, environ: Environ, actor: Actor) -> BusResponse:
        size = _whole(environ, "HTTP_UPLOAD_LENGTH", "Upload-Length")
        if size > LARGEST:
            raise TooLarge(f"A file has at most {LARGEST} bytes here.")
        facts: dict[str, Any] = {**parse_metadata(environ.get("HTTP_UPLOAD_METADATA", "")), "size": size}
        headers = [("content-type", "application/json")]
        if environ.get("HTTP_IDEMPOTENCY_KEY"):
            headers.append(("idempotency-key", environ["HTTP_IDEMPOTENCY_KEY"]))
        made = api.send(
            actor, _CUSTODY, "POST", "/internal/uploads", headers=headers, body=json.dumps(facts).encode()
        )
        if made.status >= 400:
            return made
        told = json.loads(made.body)
        place = f"{api.runtime.settings.public_url}/api/v1/uploads/{told['id']}"
        return BusResponse(201, [("Location", place), *_progress(told)])

    def _head(self, api: Api, actor: Actor, upload_id: str) -> BusResponse:
        found = api.send(actor, _CUSTODY, "GET", f"/internal/uploads/{upload_id}")
        if found.status >= 400:
            return found
        return BusResponse(200, [("Cache-Control", "no-store"), *_progress(json.loads(found.body))])

    def _patch(self, api: Api, environ: Environ, actor: Actor, upload_id: str) -> BusResponse:
        if environ.get("CONTENT_TYPE") != "application/offset+octet-stream":
            raise Unsupported("A PATCH of an upload has the type application/offset+octet-stream.")
        offset = _whole(environ, "HTTP_UPLOAD_OFFSET", "Upload-Offset")
        told: dict[str, Any] | None = None
        for piece in pieces(environ):
            answer = api.send(
                actor, _CUSTODY, "PATCH", f"/internal/uploads/{upload_id}", query=f"offset={offset}",
                headers=[("content-type", "application/octet-stream"), ("idempotency-key", f"{upload_id}:{offset}:{len(piece)}")],
                body=piece, deadline=60.0,
            )  # fmt: skip
            if answer.status >= 400:
                return answer
            told = json.loads(answer.body)
            offset = int(told["offset"])
        if told is None:
            found = self._head(api, actor, upload_id)
            if found.status >= 400:
                return found
            if found.header("upload-offset") != str(offset):
                raise Conflict(
                    f"The upload stands at byte {found.header('upload-offset')}.", code="wrong_offset"
                )
            return BusResponse(204, found.headers)
        return BusResponse(204, _progress(told))


def pieces(environ: Environ) -> Iterator[bytes]:
    """The body in pieces of at most PIECE bytes; ends where the client breaks off, with what came until then."""
    stream = environ["wsgi.input"]
    declared = environ.get("CONTENT_LENGTH")
    left = int(declared) if declared and declared.isdigit() else LARGEST
    while left > 0:
        piece = bytearray()
        broken = False
        while len(piece) < PIECE and left > 0:
            try:
                part = stream.read(min(_READ, PIECE - len(piece), left))
            except OSError:
                part = b""
            if not part:
                broken = True
                break
            piece += part
            left -= len(part)
        if piece:
            yield bytes(piece)
        if broken:
            return


def parse_metadata(header: str) -> dict[str, str]:
    """Upload-Metadata as {name: text}; raises Invalid that names what is missing, unknown or no base64."""
    found: dict[str, str] = {}
    errors: list[FieldError] = []
    for pair in filter(None, (part.strip() for part in header.split(","))):
        name, _, encoded = pair.partition(" ")
        try:
            found[name] = base64.b64decode(encoded.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            errors.append(FieldError(pointer=f"/{name}", message="The value is not base64 of UTF-8 text."))
    wrong = {error["pointer"] for error in errors}
    errors += [
        FieldError(pointer=f"/{name}", message="Missing in Upload-Metadata.")
        for name in METADATA
        if name not in found and f"/{name}" not in wrong
    ]
    errors += [
        FieldError(pointer=f"/{name}", message="Unknown in Upload-Metadata.")
        for name in found
        if name not in METADATA
    ]
    if errors:
        raise Invalid("; ".join(f"{e['pointer']}: {e['message']}" for e in errors[:4]), errors=errors)
    return found


def _progress(told: dict[str, Any]) -> list[tuple[str, str]]:
    headers = [("Upload-Offset", str(told["offset"])), ("Upload-Length", str(told["size"]))]
    if told.get("spectrum_id"):
        headers.append(("Siglab-Spectrum-Id", str(told["spectrum_id"])))
    return headers


def _whole(environ: Environ, key: str, name: str) -> int:
    text = environ.get(key, "")
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        message = f"{name} is missing or no whole number."
        raise Invalid(message, errors=[FieldError(pointer=f"/{name}", message=message)])
    return int(text)
