"""Upload-Metadata of tus 1.0: names with base64 of their texts, read and written."""

import base64
import binascii
import re

from shared.errors import FieldError, Invalid

_NAME = re.compile(r"[!-+\--~]{1,100}")


def read_metadata(header: str) -> dict[str, str]:
    """Upload-Metadata as {name: text}; raises Invalid that names every pair that is none.

    Which names are wanted, and what their texts may be, is for custody to say.
    """
    found: dict[str, str] = {}
    errors: list[FieldError] = []
    for pair in filter(None, (part.strip() for part in header.split(","))):
        name, _, encoded = pair.partition(" ")
        message = None
        if not _NAME.fullmatch(name) or name == "size":
            message = "Unknown field."
        elif name in found:
            message = "Named twice in Upload-Metadata."
        else:
            try:
                found[name] = base64.b64decode(encoded, validate=True).decode()
            except (binascii.Error, ValueError):
                message = "The value is not base64 of UTF-8 text."
        if message is not None:
            errors.append(FieldError(pointer=f"/{name[:100]}", message=message))
    if errors:
        raise Invalid("; ".join(f"{e['pointer']}: {e['message']}" for e in errors[:3]), errors=errors)
    return found


def write_metadata(facts: dict[str, str]) -> str:
    """Upload-Metadata of these facts."""
    return ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in facts.items())
