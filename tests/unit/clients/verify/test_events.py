"""Lines of `events.jsonl` that are not of the form (E21)."""

import re

import pytest

from siglab_clients.verify.container import pack
from tests.unit.clients.verify.bundles import good_files, said, signed

LINES = {
    "not an object": (b"[]", "does not have exactly the fields"),
    "a field more": (
        b'{"entry":"","event":{},"hashes":[],"index":0,"more":1,"salt":""}',
        "exactly the fields",
    ),
    "index as text": (b'{"entry":"","event":{},"hashes":[],"index":"0","salt":""}', "index is not a place"),
    "index true": (b'{"entry":"","event":{},"hashes":[],"index":true,"salt":""}', "index is not a place"),
    "index negative": (b'{"entry":"","event":{},"hashes":[],"index":-1,"salt":""}', "index is not a place"),
    "event a list": (b'{"entry":"","event":[],"hashes":[],"index":0,"salt":""}', "event is not an object"),
    "hashes a text": (b'{"entry":"","event":{},"hashes":"","index":0,"salt":""}', "hashes is not a list"),
    "hashes of numbers": (b'{"entry":"","event":{},"hashes":[1],"index":0,"salt":""}', "not base64 texts"),
    "salt null": (b'{"entry":"","event":{},"hashes":[],"index":0,"salt":null}', "not base64 texts"),
    "empty line": (b"", "not JSON"),
    "deep": (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    "huge number": (b"9" * 10_000, "not JSON"),
}


@pytest.mark.parametrize("name", LINES)
def test_lines_of_another_form_are_refused(name: str) -> None:
    line, message = LINES[name]
    files = good_files()
    del files["manifest"]
    files["events.jsonl"] = line + b"\n" + files["events.jsonl"]
    assert re.search(f"events.jsonl line 1: .*{message}", said(pack(signed(files))))
