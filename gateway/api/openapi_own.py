"""The part of the OpenAPI document that is the gateway's own: sessions, health, uploads, and what all operations share."""

from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_TEXT_OR_NULL: dict[str, Any] = {"type": ["string", "null"]}
_STATE: dict[str, Any] = {"type": "string", "enum": ["up", "down"]}


def _object(properties: dict[str, Any], *optional: str, closed: bool = False) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": properties,
        "required": [n for n in properties if n not in optional],
    }
    return {**schema, "additionalProperties": False} if closed else schema


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _answer(description: str, schema: dict[str, Any] | None = None, *headers: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": description}
    if schema is not None:
        answer["content"] = _json(schema)
    if headers:
        answer["headers"] = {name: {"schema": _TEXT} for name in headers}
    return answer


def _header(name: str, *, required: bool = True, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": {"type": "string", **schema}}


_RESUMABLE = _header("Tus-Resumable", enum=["1.0.0"])

PATHS: dict[str, Any] = {
    "/api/v1/session": {
        "post": {
            "summary": "Signs in.",
            "tags": ["session"],
            "requestBody": {
                "required": True,
                "content": _json(
                    _object({"username": _TEXT, "password": _TEXT, "otp": _TEXT}, "otp", closed=True)
                ),
            },
            "responses": {
                "201": _answer(
                    "Signed in", _object({"token": _TEXT, "expires_at": {**_TEXT, "format": "date-time"}})
                )
            },
        },
        "get": {
            "summary": "Who is signed in.",
            "tags": ["session"],
            "responses": {
                "200": _answer(
                    "Whom the token speaks for",
                    _object(
                        {
                            "login": _TEXT,
                            "name": _TEXT,
                            "role": _TEXT,
                            "office": {"type": ["string", "null"]},
                            "expires_at": {**_TEXT, "format": "date-time"},
                        }
                    ),
                )
            },
        },
        "delete": {"summary": "Signs out.", "tags": ["session"], "responses": {"204": _answer("Signed out")}},
    },
    "/api/v1/health": {
        "get": {
            "summary": "How every part is.",
            "tags": ["health"],
            "responses": {
                "200": _answer(
                    "What is up",
                    _object(
                        {
                            "status": {"type": "string", "enum": ["ok", "degraded"]},
                            "services": {"type": "object", "additionalProperties": _STATE},
                            "database": _STATE,
                            "store": _object(
                                {
                                    "kind": _TEXT,
                                    "versioning": {"type": "boolean"},
                                    "object_lock": {"type": "boolean"},
                                    "enforced_by": _TEXT,
                                    "state": {"type": "string", "enum": ["ok", "degraded"]},
                                    "detail": _TEXT_OR_NULL,
                                    "free_bytes": {"type": ["integer", "null"]},
                                    "canary": {"type": ["object", "null"]},
                                    "mirror": {"type": ["object", "null"]},
                                },
                                "enforced_by",
                                "state",
                                "detail",
                                "free_bytes",
                                "canary",
                                "mirror",
                            ),
                            "evidence": {
                                "type": ["object", "null"],
                                "properties": {
                                    "state": {"type": "string", "enum": ["ok", "degraded"]},
                                    "detail": _TEXT_OR_NULL,
                                    "checked_at": _TEXT_OR_NULL,
                                    "ledger_ok": {"type": ["boolean", "null"]},
                                    "open_store_findings": {"type": "integer"},
                                },
                            },
                            "disk": {
                                "type": ["object", "null"],
                                "properties": {
                                    "state": {"type": "string", "enum": ["ok", "low"]},
                                    "free_bytes": {"type": "integer"},
                                    "detail": _TEXT_OR_NULL,
                                },
                            },
                        }
                    ),
                )
            },
        }
    },
    "/api/v1/uploads": {
        "post": {
            "summary": "Begins a resumable upload (tus 1.0).",
            "tags": ["uploads"],
            "parameters": [
                _RESUMABLE,
                _header("Upload-Length", pattern="^[0-9]{1,19}$"),
                _header("Upload-Metadata"),
            ],
            "responses": {"201": _answer("Begun", None, "Location", "Upload-Offset", "Tus-Resumable")},
        }
    },
    "/api/v1/uploads/{upload_id}": {
        "parameters": [{"name": "upload_id", "in": "path", "required": True, "schema": _TEXT}],
        "head": {
            "summary": "How far an upload is.",
            "tags": ["uploads"],
            "parameters": [_RESUMABLE],
            "responses": {
                "200": _answer("Its offset", None, "Upload-Offset", "Upload-Length", "Siglab-Spectrum-Id")
            },
        },
        "patch": {
            "summary": "Sends the next bytes.",
            "tags": ["uploads"],
            "parameters": [_RESUMABLE, _header("Upload-Offset", pattern="^[0-9]{1,19}$")],
            "requestBody": {"required": True, "content": {"application/offset+octet-stream": {"schema": {}}}},
            "responses": {"204": _answer("Taken", None, "Upload-Offset", "Siglab-Spectrum-Id")},
        },
    },
}

COMPONENTS: dict[str, Any] = {
    "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    "parameters": {"IdempotencyKey": _header("Idempotency-Key", required=False, pattern="^[!-~]{1,255}$")},
    "responses": {
        "Problem": {
            "description": "Refused, or not possible now (RFC 9457).",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    },
    "schemas": {
        "Problem": _object(
            {
                "type": _TEXT,
                "title": _TEXT,
                "status": {"type": "integer"},
                "detail": _TEXT,
                "code": _TEXT,
                "errors": {"type": "array", "items": _object({"pointer": _TEXT, "message": _TEXT})},
            }
        )
    },
}
