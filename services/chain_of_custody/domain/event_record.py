"""The record of one act: a plain object that stands alone (E13), names copied into it, as it is committed to the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.actor import Actor, Signature
from shared.crypto.canonical import canonical_digest

VERSION = 1


@dataclass(frozen=True)
class Author:
    """Whose act it was, as known at that moment."""

    login: str
    name: str
    role: str

    @classmethod
    def of(cls, actor: Actor) -> "Author":
        """The author that an actor is."""
        return cls(actor.login, actor.name, actor.role.value)


@dataclass(frozen=True)
class Signed:
    """A person's signature and what it stands for (E16)."""

    signature: Signature
    meaning: str


def build_record(
    *,
    event_id: str,
    item_id: str,
    item_number: str,
    sequence: int,
    previous: str | None,
    kind: str,
    author: Author,
    occurred_at: str,
    recorded_at: str,
    purpose: str,
    details: Mapping[str, Any],
    signatures: Sequence[tuple[Signed, str]],
    standing: Mapping[str, Any],
) -> dict[str, Any]:
    """The record; each of `signatures` (with its time) is bound to the digest of the record without signatures (E16).

    `standing` is how the act left the item (`domain.standing.standing_of`): the log then proves that as well.
    """
    record: dict[str, Any] = {
        "v": VERSION,
        "id": event_id,
        "item_id": item_id,
        "item_number": item_number,
        "sequence": sequence,
        "previous": previous,
        "type": kind,
        "actor": author.login,
        "actor_name": author.name,
        "actor_role": author.role,
        "occurred_at": occurred_at,
        "recorded_at": recorded_at,
        "purpose": purpose,
        "details": dict(details),
        "standing": dict(standing),
    }
    digest = canonical_digest(record) if signatures else ""
    record["signatures"] = [
        {
            "login": signed.signature.login,
            "name": signed.signature.name,
            "role": signed.signature.role.value,
            "method": signed.signature.method,
            "meaning": signed.meaning,
            "at": at,
            "record_sha256": digest,
        }
        for signed, at in signatures
    ]
    return record


def signatures_hold(record: Mapping[str, Any]) -> bool:
    """Whether every signature in a record names the digest of that very record."""
    signatures = record.get("signatures", [])
    if not signatures:
        return True
    body = {name: value for name, value in record.items() if name != "signatures"}
    digest = canonical_digest(body)
    return all(row.get("record_sha256") == digest for row in signatures)
