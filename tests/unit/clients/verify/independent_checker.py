"""A checker of bundles by a stranger, written from docs/bundle-format.md alone: standard library, and Ed25519 of `cryptography`.

    python independent_checker.py BUNDLE.zip KEYLINE [WITNESSLINE]...      says what is wrong; exit status 0 if nothing is

It imports nothing of Siglab, and does not check time stamps. Records hold integers, texts and plain decimal numbers, for which
the json module writes what RFC 8785 does.
"""

import base64
import hashlib
import io
import json
import struct
import sys
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Signatures = list[tuple[str, bytes]]


def need(holds: Any, what: str) -> None:
    if not holds:
        raise ValueError(what)


def b64(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    need(base64.b64encode(raw).decode() == text, "base64 is not in its one spelling")
    return raw


def number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def canon(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse(raw: bytes) -> Any:
    value = json.loads(raw, parse_float=number)
    need(canon(value) == raw, "JSON is not canonical")
    return value


def sha(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def key_of(line: str) -> tuple[str, bytes]:
    name, _, material = line.strip().split("+", 2)
    return name, b64(material)[1:]


def key_id(name: str, kind: bytes, public: bytes) -> bytes:
    return sha(name.encode() + b"\n" + kind + public)[:4]


def note(raw: bytes, name: str, public: bytes, only: bool = False) -> tuple[str, Signatures]:
    """The text that `public` signed."""
    text, _, tail = raw.decode().rpartition("\n\n")
    text += "\n"
    rows = [line.split(" ") for line in tail.removesuffix("\n").split("\n")]
    need(
        tail.endswith("\n") and all(len(row) == 3 and row[0] == "\u2014" for row in rows), "note is malformed"
    )
    found = [(row[1], b64(row[2])) for row in rows]
    mine = [sig[4:] for who, sig in found if who == name and sig[:4] == key_id(name, b"\x01", public)]
    need(mine and not (only and len(found) > 1), "note is not signed by the log, or by others too")
    for signature in mine:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text.encode())
    return text, found


def cosigned(text: str, found: Signatures, name: str, public: bytes) -> None:
    mine = [sig[4:] for who, sig in found if who == name and sig[:4] == key_id(name, b"\x04", public)]
    need(mine, f"checkpoint is not cosigned by {name}")
    for signature in mine:
        message = f"cosignature/v1\ntime {int.from_bytes(signature[:8], 'big')}\n{text}".encode()
        Ed25519PublicKey.from_public_bytes(public).verify(signature[8:], message)


def container(raw: bytes) -> dict[str, bytes]:
    """The files, once every byte of the zip file's own is the one that it must be."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    body, index = b"", b""
    for name in sorted(files):
        data = files[name]
        common = struct.pack(
            "<HHHHHIIIHH", 20, 0, 0, 0, 0x21, zlib.crc32(data), len(data), len(data), len(name), 0
        )
        index += b"PK\x01\x02" + struct.pack("<H", 0x314) + common
        index += struct.pack("<HHHII", 0, 0, 0, 0x81A40000, len(body)) + name.encode()
        body += b"PK\x03\x04" + common + name.encode() + data
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(files), len(files), len(index), len(body), 0)
    need(body + index + end == raw, "zip file is not in its one form")
    return files


def inclusion(place: int, size: int, leaf: bytes, proof: list[bytes], root: bytes) -> None:
    need(0 <= place < size, "place is not in the log")
    at, last, value = place, size - 1, leaf
    for sibling in proof:
        need(last > 0 and len(sibling) == 32, "proof is too long")
        if at % 2 or at == last:
            value = sha(b"\x01" + sibling + value)
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            value = sha(b"\x01" + value + sibling)
        at, last = at // 2, last // 2
    need(last == 0 and value == root, "proof does not lead to the root")


def history(raw: bytes, item: str, size: int, root: bytes) -> list[tuple[Any, str, int]]:
    """The events of one item, each with its digest and its place."""
    need(raw.endswith(b"\n"), "history is cut off")
    found: list[tuple[Any, str, int]] = []
    for line in raw[:-1].split(b"\n"):
        row = parse(line)
        need(
            set(row) == {"index", "entry", "salt", "event", "hashes"} and len(row["hashes"]) <= 64,
            "line is malformed",
        )
        event, entry, salt = row["event"], b64(row["entry"]), b64(row["salt"])
        commitment = base64.b64encode(sha(salt + canon(event))).decode()
        need(
            len(salt) >= 16 and entry == canon({"commitment": commitment, "v": 1}),
            "entry does not commit to the event",
        )
        inclusion(row["index"], size, sha(b"\x00" + entry), [b64(value) for value in row["hashes"]], root)
        body = sha(canon({name: value for name, value in event.items() if name != "signatures"})).hex()
        need(
            all(one["record_sha256"] == body for one in event.get("signatures", [])),
            "signed record was changed",
        )
        need(event["item_id"] == item, "event is of another item")
        need(
            event.get("previous") == (found[-1][1] if found else None),
            "event does not follow upon the one above",
        )
        if found:
            need(row["index"] > found[-1][2], "place in the log does not rise")
            need(event.get("sequence") == found[-1][0].get("sequence") + 1, "sequence has a gap")
        found.append((event, sha(canon(event)).hex(), row["index"]))
    return found


ALIKE = ("office", "submission_id", "submission_number", "kind", "programme")
OF_A_RECEIPT = (*ALIKE, "exhibit_id", "receipt_number", "description", "physical_form", "seizure_id", "line")


def facts(item: str, records: dict[str, list[Any]]) -> dict[str, Any]:
    """What an item is, by its first event and those of what it came from."""
    first = records[item][0] if item in records else {}
    details, kind = first.get("details", {}), first.get("type")
    told = {"number": first.get("item_number"), "created_at": first.get("recorded_at")}
    told = {name: value for name, value in told.items() if value is not None}
    if kind == "received":
        told |= {name: details[name] for name in (*OF_A_RECEIPT, "gross_mass_g") if name in details}
        told |= {"parent_id": None, "root_id": item}
    if kind == "aliquot_made":
        above = facts(details.get("parent_id"), records)
        told |= {name: above[name] for name in (*OF_A_RECEIPT, "root_id") if name in above}
        told |= {"parent_id": details.get("parent_id"), "gross_mass_g": None}
    if kind == "composite_made":
        told |= {"parent_id": None, "root_id": item, "exhibit_id": item, "line": None, "gross_mass_g": None}
        told["description"] = "composite of " + ", ".join(
            dict.fromkeys(part["number"] for part in details["parts"])
        )
        of = [facts(part["item_id"], records) for part in details["parts"]]
        for name in (*ALIKE, "receipt_number", "physical_form", "seizure_id"):
            values = list(dict.fromkeys(part[name] for part in of if name in part))
            if not all(name in part for part in of):
                continue
            if name in ("receipt_number", "physical_form"):
                told[name] = ", ".join(values)
            elif len(values) == 1 or name == "seizure_id":
                told[name] = values[0] if len(values) == 1 else None
    return told


def described(item: dict[str, Any], records: dict[str, list[Any]]) -> None:
    """Needs item.json to say what the events say."""
    told = {**facts(item["id"], records), "events": len(records[item["id"]])}
    now = records[item["id"]][-1].get("standing") or {}
    told |= {name: now[name] for name in ("state", "holder_name", "blocked") if name in now}
    if "seal_number" in now:
        told |= {name: now[name] for name in ("seal_number", "seal_condition")}
    if "holder" in now:
        place = now["holder_kind"] == "place"
        told["holder"] = {"kind": now["holder_kind"], "name": now["holder_name" if place else "holder"]}
        told["place_id"] = now["holder"] if place else None
    if "open_holds" in now:
        told["on_hold"] = now["open_holds"] > 0
    if "remaining_mg" in now:
        masses = {"net_mass_mg": now["remaining_mg"], "uncertainty_mg": now["uncertainty_mg"]}
        known = None not in masses.values()
        told["remaining"] = {name: float(mass) for name, mass in masses.items()} if known else None
    for name, value in told.items():
        need(name not in item or alike(item[name], value), f"item.json says another {name} than the events")


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return set(one) == set(other) and all(alike(one[name], other[name]) for name in one)
    if all(type(value) in (int, float) for value in (one, other)):
        return bool(abs(one - other) <= 1e-9 * max(abs(one), abs(other)))
    return type(one) is type(other) and bool(one == other)


def check(raw: bytes, key: str, witnesses: Sequence[str] = ()) -> None:
    """Returns when the bundle holds; raises whatever says that it does not."""
    files, (name, public) = container(raw), key_of(key)
    lines = note(files["manifest"], name, public, only=True)[0].split("\n")
    need(
        lines[0] == "siglab-bundle/v1" and lines[1] == parse(files["item.json"])["id"],
        "manifest is of another item",
    )
    rows = [
        f"{sha(files[file]).hex()} {len(files[file])} {file}" for file in sorted(files) if file != "manifest"
    ]
    need(lines[2:] == [*rows, ""], "files are not those of the manifest")
    text, signatures = note(files["checkpoint"], name, public)
    for witness in witnesses:
        cosigned(text, signatures, *key_of(witness))
    origin, size, root = text.split("\n")[:3]
    need(origin == name and size == str(int(size)), "checkpoint is of another log")
    head = (int(size), b64(root))
    own = history(files["events.jsonl"], lines[1], *head)
    known = {f: history(files[f], f[8:-6], *head) for f in files if f.startswith("lineage/")}
    reached: set[str] = set()
    waiting = [own]
    while waiting:
        details = waiting.pop()[0][0].get("details", {})
        for part in [{**details, "item_id": details.get("parent_id")}, *details.get("parts", [])]:
            file = f"lineage/{part.get('item_id')}.jsonl"
            if file in known and "parent_event_sha256" in part:
                need(
                    part["parent_event_sha256"] in [row[1] for row in known[file]],
                    "lineage does not hang together",
                )
                waiting += [] if file in reached else [known[file]]
                reached.add(file)
    need(reached == set(known), "lineage holds an item that the item did not come from")
    records = {file[8:-6]: [row[0] for row in rows] for file, rows in known.items()}
    described(parse(files["item.json"]), {**records, lines[1]: [row[0] for row in own]})
    verified = {
        e["details"]["spectrum_id"]: (e["details"], at)
        for e, _, at in own
        if e["type"] == "spectrum_verified"
    }
    if "spectra.json" in files:
        told = {row["id"]: (row["sha256"], row["size"], row["index"]) for row in parse(files["spectra.json"])}
        need(
            told == {s: (d["sha256"], d["size"], at) for s, (d, at) in verified.items()},
            "list of spectra is wrong",
        )
        names = {
            e["details"]["spectrum_id"]: e["details"]["filename"]
            for e, _, _ in own
            if e["type"] == "spectrum_stored"
        }
        need(
            all(
                names.get(row["id"], row["filename"]) == row["filename"]
                for row in parse(files["spectra.json"])
            ),
            "list of spectra calls one by another name",
        )
    for file in files:
        if file.startswith("spectra/"):
            need(
                sha(files[file]).hex() == verified[file[8:]][0]["sha256"], f"{file} is not what was verified"
            )
    need("damaged.json" not in files, "laboratory could not give all spectra")


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as handle:
        try:
            check(handle.read(), sys.argv[2], sys.argv[3:])
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing is shown then
            sys.exit(f"does not hold: {type(error).__name__} {error}")
