"""Whether the rows of an item's files say what its records say of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.chain_of_custody.domain.check_item import Damage, damage_to, shown

#: Columns of a file that the record of its storing tells under the same name; times as `format_time` writes them.
TOLD = (
    "filename", "size", "declared_sha256", "technique", "method", "instrument", "run_role", "acquired_at", "retain_until",
)  # fmt: skip
STORED, VERIFIED, QUARANTINED = "spectrum_stored", "spectrum_verified", "spectrum_quarantined"


def check_files(
    item: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]], records: Sequence[Mapping[str, Any]]
) -> list[Damage]:
    """What the rows of an item's `files`, by spectrum, say otherwise than its `records`, and files that only one of both has.

    A row has what `TOLD` names, `object_key`, `version_id`, `sha256` and whether it is `quarantined`.
    """
    told = _told(records)
    messages = []
    for name in sorted(files.keys() | told.keys()):
        if name not in told:
            messages.append(f"the file {shown(files[name]['filename'])} ({name}) stands in no record.")
        elif name not in files:
            messages.append(
                f"the file {shown(told[name].get('filename'))} ({name}) stands in a record, but its row is gone."
            )
        else:
            messages += [
                f"the row of the file {shown(files[name]['filename'])} ({name}) says {column.replace('_', ' ')} "
                f"{shown(files[name][column])}, its records say {shown(right)}."
                for column, right in told[name].items()
                if files[name][column] != right
            ]
    return [damage_to(item, message) for message in messages]


def _told(records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """By spectrum, the columns as the records tell them."""
    told: dict[str, dict[str, Any]] = {}
    for record in records:
        details = record["details"]
        if record["type"] == STORED:
            place = details["object"]
            told[details["spectrum_id"]] = {
                **{name: details[name] for name in TOLD if name in details},
                "object_key": place["key"],
                "version_id": place["version_id"],
                "sha256": None,
                "quarantined": False,
            }
        elif record["type"] in (VERIFIED, QUARANTINED) and details["spectrum_id"] in told:
            judged = {"sha256": details["sha256"], "quarantined": record["type"] == QUARANTINED}
            told[details["spectrum_id"]] |= judged
    return told
