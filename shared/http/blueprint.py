"""The blueprint of every service: JSON read strictly, wrong fields answered all at once."""

import functools
import json
import re
from typing import Any

import flask_smorest
from flask import Request
from marshmallow import Schema
from webargs.flaskparser import FlaskParser

from shared.errors import Invalid, Unsupported

_SUSPECT = re.compile(rb"\\u(0000|[dD][89a-fA-F])")


def strict_json(raw: bytes) -> Any:
    """Parses JSON as RFC 8259 has it: UTF-8, no NaN or Infinity, no key twice, no NUL; raises Invalid that says where."""
    try:
        value = json.loads(raw, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise Invalid(f"The body is not UTF-8 (byte {error.start}).", code="broken_json") from error
    except RecursionError as error:
        raise Invalid("The body is nested too deeply.", code="broken_json") from error
    except ValueError as error:
        raise Invalid(f"The body is not JSON: {error}.", code="broken_json") from error
    if _SUSPECT.search(raw):
        _refuse_unstorable(value, "")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number in JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse_unstorable(value: Any, pointer: str) -> None:
    if isinstance(value, str):
        message = None
        if "\x00" in value:
            message = "Text cannot hold the character NUL (U+0000)."
        elif any("\ud800" <= character <= "\udfff" for character in value):
            message = "Text holds half a character (a lone surrogate)."
        if message:
            raise Invalid(f"{pointer}: {message}", errors=[{"pointer": pointer, "message": message}])
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            _refuse_unstorable(inner, f"{pointer}/{place}")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_unstorable(key, pointer)
            _refuse_unstorable(inner, f"{pointer}/{key}")


class StrictParser(FlaskParser):
    """webargs with our JSON; unknown query parameters are refused as unknown fields are."""

    def __init__(self) -> None:
        super().__init__()
        # None: the schema says. Ours refuse what they do not know; messages between services overlook it.
        self.DEFAULT_UNKNOWN_BY_LOCATION = {**self.DEFAULT_UNKNOWN_BY_LOCATION, "query": None, "json": None}

    def load_json(self, req: Request, schema: Any) -> Any:
        """The parsed body; an empty one is an empty object; raises Unsupported for another media type."""
        raw = req.get_data()
        if not raw:
            return {}
        if not req.is_json:
            raise Unsupported("Send the body as application/json.")
        return strict_json(raw)

    def _get_schema(self, argmap: Any, req: Request) -> Schema:
        # One instance of each class: making one copies all its fields, and loading changes nothing in it.
        if isinstance(argmap, type) and issubclass(argmap, Schema):
            return _instance_of(argmap)
        return super()._get_schema(argmap, req)


@functools.cache
def _instance_of(kind: type[Schema]) -> Schema:
    return kind()


class Blueprint(flask_smorest.Blueprint):
    """flask-smorest's blueprint with the strict parser."""

    ARGUMENTS_PARSER = StrictParser()
