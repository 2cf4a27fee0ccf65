"""Whether an act's record is still the one that was recorded, in words for whoever reads it (E16, E19).

The digest is computed anew from what stands there, never taken from where it was kept, and the record is held against the salted
commitment that the log has of it.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from services.chain_of_custody.domain.event_record import signatures_hold
from shared.crypto.canonical import parse_canonical_json
from shared.crypto.ledger import entry_of
from siglab_clients.tlog.errors import EvidenceError

#: Columns that stand beside a record and say what it says.
_BESIDE = ("id", "item_id", "sequence", "type")


def damage_of(
    record: str, salt: bytes, entry: bytes | None, index: int | None, columns: Mapping[str, Any]
) -> str | None:
    """What is wrong with a record; None where nothing is.

    `entry` is the log's entry `index` of it (None until it has one), `columns` what stands beside it: `digest` as it was kept,
    `id`, `item_id`, `sequence`, `type`.
    """
    written = record.encode()
    digest, kept = hashlib.sha256(written).hexdigest(), columns["digest"]
    try:
        said = parse_canonical_json(written)
        signed = isinstance(said, dict) and bool(said.get("signatures"))
        is_logged = entry is None or entry_of(written, salt) == entry
    except EvidenceError as error:
        return f"This record was changed after it was recorded: it cannot be read ({error})."
    if not is_logged:
        return _changed(digest, kept, index, signed)
    if not isinstance(said, dict):
        return "This record was changed after it was recorded: it is no record of an act."
    if digest != kept:
        if entry is None:
            return _changed(digest, kept, None, signed)
        return (
            f"The digest that was kept of this record was changed: it is {kept}. The record itself, whose SHA-256 is "
            f"{digest}, is the one that entry {index} of the log commits to."
        )
    wrong = [name for name in _BESIDE if said.get(name) != columns[name]]
    if wrong:
        return (
            f"This record was moved: its {wrong[0].replace('_', ' ')} is not the one under which it stands."
        )
    if not signatures_hold(said):
        return f"A signature on this record is over another one; it does not hold. The SHA-256 of this one is {digest}."
    return None


def _changed(digest: str, kept: str, index: int | None, signed: bool) -> str:
    log = "" if index is None else f"; entry {index} of the log does not commit to it"
    was = f", and {kept} was kept of what was recorded" if kept != digest else ""
    return (
        f"This record was changed after it was {'signed and ' if signed else ''}recorded: its SHA-256 is {digest} now{was}{log}."
        f"{' The signature does not hold.' if signed else ''}"
    )
