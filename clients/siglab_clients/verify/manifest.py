"""The bundle's manifest: a signed note that lists every other file with its size and SHA-256.

    siglab-bundle/v1
    <item id>
    <sha256 in hexadecimal> <size> <name>        one line a file, in the order of the names

The first line keeps a manifest from ever being read as a checkpoint of the log, which the same key signs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from siglab_clients.tlog.errors import NoteError
from siglab_clients.tlog.notes import VerifierKey, open_note, parse_note
from siglab_clients.verify.container import Stored, is_file_name
from siglab_clients.verify.findings import Finding

MANIFEST = "manifest"
FORMAT = "siglab-bundle/v1"

_LINE = re.compile(r"(?P<digest>[0-9a-f]{64}) (?P<size>0|[1-9][0-9]{0,11}) (?P<name>[^ ]+)")


@dataclass(frozen=True)
class Manifest:
    """Which item the bundle is about, and (size, SHA-256 in hexadecimal) of each of its files by name."""

    item_id: str
    files: Mapping[str, tuple[int, str]]

    def text(self) -> str:
        """The text that is signed."""
        rows = [f"{digest} {size} {name}\n" for name, (size, digest) in sorted(self.files.items())]
        return f"{FORMAT}\n{self.item_id}\n" + "".join(rows)


def describe(item_id: str, files: Mapping[str, bytes]) -> Manifest:
    """The manifest over `files`."""
    return describe_stored(item_id, {name: Stored.of(data) for name, data in files.items()})


def describe_stored(item_id: str, files: Mapping[str, Stored]) -> Manifest:
    """The manifest over files that were measured."""
    return Manifest(item_id, {name: (file.size, file.sha256) for name, file in files.items()})


def open_manifest(raw: bytes, key: VerifierKey) -> Manifest:
    """The manifest in a signed note; NoteError unless it is signed by `key` and by nobody else.

    Other notes may gather signatures; a manifest that has one more is a changed file.
    """
    text = open_note(raw, key)
    if len(parse_note(raw).signatures) != 1:
        raise NoteError("the manifest carries a signature that does not belong to it")
    lines = text.split("\n")
    if len(lines) < 3 or lines[0] != FORMAT:
        raise NoteError(f"the manifest is not of the form {FORMAT}")
    files: dict[str, tuple[int, str]] = {}
    for line in lines[2:-1]:
        match = _LINE.fullmatch(line)
        if match is None or not is_file_name(match["name"]) or match["name"] == MANIFEST:
            raise NoteError("a line of the manifest is malformed")
        files[match["name"]] = (int(match["size"]), match["digest"])
    manifest = Manifest(lines[1], files)
    if not manifest.item_id or manifest.text() != text:
        raise NoteError("the manifest is not in its canonical form")
    return manifest


def compare(manifest: Manifest, files: Mapping[str, Stored]) -> list[Finding]:
    """What differs between the manifest and the files that are there."""
    findings = []
    for name in sorted(manifest.files.keys() | files.keys() - {MANIFEST}):
        if name not in files:
            findings.append(Finding(name, "the file is missing", "missing"))
        elif name not in manifest.files:
            findings.append(Finding(name, "the manifest does not name this file: it was added", "added"))
        elif manifest.files[name] != (files[name].size, files[name].sha256):
            message = "the file was changed: its SHA-256 is not that of the manifest"
            findings.append(Finding(name, message, "changed"))
    return findings
