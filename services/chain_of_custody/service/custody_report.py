"""The custody report: an item's whole chain of custody on paper, as it is laid before a court (E16, E27).

Everything comes from one snapshot of the database. The report has an id of its own, which stands on every page; a digest of all
that it says shows that two prints of the same state say the same.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from services.chain_of_custody.domain.check_item import Damage
from services.chain_of_custody.domain.event_record import signatures_hold
from services.chain_of_custody.domain.find_corrected import find_corrected
from services.chain_of_custody.domain.say_event import moment_text
from services.chain_of_custody.models import Item
from services.chain_of_custody.models_spectra import Spectrum
from services.chain_of_custody.repository import exports as repository
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.service.check_under_head import UnderHead, check_under_head
from services.chain_of_custody.service.describe_items import describe_event, describe_item
from services.chain_of_custody.service.item_damage import (
    Parts,
    find_damage,
    find_file_damage,
    proved_histories,
    refuse_damaged,
)
from services.chain_of_custody.service.items import READERS
from services.chain_of_custody.service.ledger_keys import load_verifier_key
from services.chain_of_custody.service.mass_balance import lineage_balance
from services.chain_of_custody.service.photographs import Photograph, read_photographs, without_broken
from services.chain_of_custody.store import store_of
from shared.actor import Actor, require
from shared.crypto.canonical import canonical_digest
from shared.db.unit_of_work import UnitOfWork
from shared.documents.data_matrix import MODULE_MM, data_matrix
from shared.documents.render import DocumentError, render_pdf
from shared.http.schemas import format_time
from shared.identifiers import new_id
from shared.numbers import number_text, uncertainty_text
from shared.runtime import Runtime
from siglab_clients.tlog.errors import EvidenceError
from siglab_clients.tlog.notes import VerifierKey

TEMPLATE = Path(__file__).parents[1] / "documents" / "custody.typ"
#: A table of more events is set without tags for screen readers, which would make it many times as large and slow.
_MOST_TAGGED = 100

Data = dict[str, Any]


@dataclass(frozen=True)
class Material:
    """All that a report is made from, read at one moment and checked: an item, histories, files, books, head of the log."""

    row: Item
    parts: Parts
    spectra: Sequence[Spectrum]
    balance: Data
    under: UnderHead
    key: VerifierKey
    damage: list[Damage]


def make_custody_pdf(
    actor: Actor, uow: UnitOfWork, runtime: Runtime, item_id: str, *, damaged: bool, now: datetime
) -> bytes:
    """The report as PDF.

    Raises Conflict where the item's record is damaged, but for whoever asks for what is `damaged`: every page then says so.
    """
    require(actor, *READERS)
    repository.one_snapshot(uow.session)
    material = gather(uow, items_repository.item(uow.session, actor, item_id), runtime)
    if not damaged:
        refuse_damaged(material.row.number, material.damage, "its custody report")
    data = report_data(actor, material, runtime, now=now)
    photographs, more = read_photographs(store_of(runtime), material.spectra)
    data["more_photographs"] = more
    tagged = len(data["events"]) <= _MOST_TAGGED
    try:
        return _set(data, photographs, tagged)
    except DocumentError:
        # One picture that the typesetter cannot read must keep neither the others nor the report from a court.
        readable = without_broken(photographs)
        if readable == photographs:
            raise
        return _set(data, readable, tagged)


def _set(data: Data, photographs: Sequence[Photograph], tagged: bool) -> bytes:
    pictures = {each.name: each.content for each in photographs if each.problem is None}
    told = {**data, "photographs": [_photograph(each) for each in photographs]}
    return render_pdf(TEMPLATE, told, tagged=tagged, pictures=pictures)


def gather(uow: UnitOfWork, row: Item, runtime: Runtime) -> Material:
    """The material of a report about an item that may be seen."""
    histories = proved_histories(uow, row.id)
    parts, spectra = histories[row.id], repository.spectra_of(uow.session, row.id)
    key = load_verifier_key(runtime.settings.keys_dir)
    balance, under = lineage_balance(uow, row), check_under_head(uow, row, parts, key)
    damage = [
        *find_damage(row, histories),
        *(Damage(**each) for each in balance["damage"] if each["item_id"] != row.id),
        *find_file_damage(row, spectra, parts),
        *under.damage,
    ]
    return Material(row, parts, spectra, balance, under, key, damage)


def report_data(actor: Actor, material: Material, runtime: Runtime, *, now: datetime) -> Data:
    """Everything that the template prints but photographs; texts only."""
    item = describe_item(material.row)
    said: Data = {
        "laboratory": runtime.settings.laboratory,
        "synthetic": item["description"].startswith("SYNTHETIC"),
        "item": _item(item),
        "symbol": data_matrix(item["number"]),
        "module_mm": MODULE_MM,
        "damage": [f"{found.number}, {found}" for found in material.damage],
        "events": _events(material),
        "lineage": _lineage(material.balance),
        "spectra": [_spectrum(row) for row in material.spectra],
        "log": _log(material.under, material.key),
    }
    digest = canonical_digest(said)
    made = {"by": f"{actor.name} ({actor.login}), {actor.role.value}", "at": moment_text(format_time(now))}
    return {**said, "report_id": new_id(), "content_sha256": digest, "made": made}


def _item(item: Data) -> Data:
    gross, remaining = item["gross_mass_g"], item["remaining"]
    line = "unannounced" if item["line"] is None and item["parent_id"] is None else f"line {item['line']}"
    return {
        "id": item["id"],
        "number": item["number"],
        "is_aliquot": item["parent_id"] is not None,
        "description": f"{item['description']} ({item['physical_form']})",
        "office": item["office"],
        "submission": f"{item['submission_number']}, {line}; receipt {item['receipt_number']}",
        "kind": item["kind"],
        "programme": item["programme"] or "none",
        "seal": f"{item['seal_number'] or 'no seal'}, {item['seal_condition'] or 'condition not recorded'}",
        "state": item["state"].replace("_", " "),
        "holder": f"{item['holder_name']} ({item['holder']['kind']})",
        "gross": "not weighed" if gross is None else f"{number_text(gross)} g",
        "remaining": "not weighed yet" if remaining is None else _mass(remaining),
    }


def _mass(found: Mapping[str, float]) -> str:
    return f"{number_text(found['net_mass_mg'])} mg ± {uncertainty_text(found['uncertainty_mg'])} mg (k = 2)"


def _events(material: Material) -> list[Data]:
    records = [describe_event(event, entry) for event, entry in material.parts]
    hold = [_signatures_hold(event.record) for event, _ in material.parts]
    own = [found for found in material.damage if found.item_id == material.row.id]
    corrected = find_corrected(records)
    numbers = {record["id"]: record["sequence"] for record in records}
    by = {record["id"]: record for record in records}
    corrections: dict[str, list[str]] = {}
    for later, earlier in corrected.items():
        record = by[later]
        words = f"No. {record['sequence']} ({moment_text(record['recorded_at'])}, {record['actor_name']}): {record['purpose']}"
        corrections.setdefault(earlier, []).append(words)
    return [
        {
            "no": str(record["sequence"]),
            "index": "not yet" if record["index"] is None else str(record["index"]),
            "title": record["title"],
            "by": f"{record['actor_name']} ({record['actor']}), {record['actor_role']}",
            "occurred_at": moment_text(record["occurred_at"]),
            "recorded_at": moment_text(record["recorded_at"]),
            "backdated": record["backdated"],
            "exceptional": record["exceptional"],
            "purpose": record["purpose"],
            "facts": [[fact["label"], fact["text"]] for fact in record["facts"]],
            "corrects": str(numbers[corrected[record["id"]]]) if record["id"] in corrected else None,
            "corrected_by": corrections.get(record["id"], []),
            "signatures": [_signature(row, holds) for row in record["signatures"]],
            "digest": record["digest"],
            "damage": [found.message for found in own if found.sequence == record["sequence"]],
        }
        for record, holds in zip(records, hold, strict=True)
    ]


def _signatures_hold(record: str) -> bool:
    try:
        return signatures_hold(json.loads(record))
    except (ValueError, AttributeError, TypeError, EvidenceError):
        return False  # What somebody wrote over a record bears no signature that holds.


def _signature(row: Data, holds: bool) -> Data:
    return {
        "who": f"{row['name']} ({row['login']}), {row['role']}",
        "at": f"{moment_text(row['at'])}, by {row['method']}",
        "meaning": row["meaning"],
        "digest": row["record_sha256"],
        "holds": holds,
    }


def _lineage(balance: Data) -> Data:
    rows = [
        {
            **_books(row),
            "aliquots": _amount(row["aliquots"]),
            "depth": row["depth"],
            "number": row["number"],
            "own": row["id"] == balance["item_id"],
            "state": row["state"].replace("_", " "),
            "portions": [f"{_amount(part)} into {part['number']}" for part in row["into_composites"]],
        }
        for row in balance["items"]
    ]
    ends = [
        f"{_amount(balance[name])} {name}"
        for name in ("returned", "disposed")
        if balance[name]["net_mass_mg"]
    ]
    parts = [f"{_amount(part)} of {part['number']}" for part in balance["parts"]]
    return {"rows": rows, "whole": {**_books(balance), "ends": ends}, "parts": parts}


def _books(row: Data) -> Data:
    told = {
        name: _amount(row[name])
        for name in ("received", "consumed", "lost", "differences", "remaining", "unexplained")
    }
    return {**told, "closes": row["closes"], "tolerance": uncertainty_text(row["tolerance_mg"])}


def _amount(found: Mapping[str, float] | None) -> str:
    """A mass in mg with its uncertainty, without its unit, which stands above the column."""
    if found is None:
        return "not weighed"
    if not found["net_mass_mg"] and not found["uncertainty_mg"]:
        return "0"
    return f"{number_text(found['net_mass_mg'])} ± {uncertainty_text(found['uncertainty_mg'])}"


def _spectrum(row: Any) -> Data:
    until = moment_text(format_time(row.retain_until))
    return {
        "filename": row.filename,
        "about": f"{row.technique}, {row.method}, {row.instrument}; {row.run_role}; {row.format}",
        "acquired_at": moment_text(format_time(row.acquired_at)),
        "state": row.state if row.reason is None else f"{row.state}: {row.reason}",
        "size": f"{row.size} bytes",
        "sha256": row.sha256 or row.declared_sha256,
        "digest_is": "as the bytes were hashed after upload; not hashed again for this report"
        if row.sha256
        else "as the source said it, not checked yet",
        "object": f"{row.object_key}, version {row.version_id}",
        "retained": f"lock asked for until {until}{', legal hold' if row.legal_hold else ''}",
    }


def _photograph(photograph: Photograph) -> Data:
    names = ("name", "caption", "sha256", "problem")
    return {name: getattr(photograph, name) for name in names}


def _log(under: UnderHead, key: VerifierKey) -> Data:
    told: Data = {"key": str(key), "key_id": key.id.hex(), "key_sha256": key.fingerprint, "head": None}
    told |= {"proved": under.proved, "waiting": under.waiting, "is_tried": under.is_tried}
    if under.head is not None:
        told["head"] = {
            "size": str(under.head.size),
            "root": bytes(under.head.root).hex(),
            "note": under.head.note,
            "at": moment_text(format_time(under.head.made_at)),
        }
    return told
