"""The main job on one exhibit, each step a function on the public API; the state goes along in `Story`.

Nothing here knows the inside of Siglab: an office, a laboratory or an instrument could send the same requests.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deploy.demo.exhibit import DemoExhibit
from deploy.demo.people import Users

PROGRAMME = "HSP"


@dataclass
class Story:
    """What the steps know of one another; `say` prints a detail of the step in hand."""

    users: Users
    exhibit: DemoExhibit
    folder: Path
    say: Callable[[str], None]
    found: dict[str, Any] = field(default_factory=dict)


def _ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


def submit(story: Story) -> None:
    """The office in Bogotá writes the submission and sends it off"""
    line = {
        "line": 1,
        "programme": PROGRAMME,
        "description": "SYNTHETIC demo: light brown powder in a knotted bag",
        "physical_form": "powder",
        "gross_mass_g": 12.40,
        "seal_number": "S-0001",
        "case_number": "DEMO-2026-1",
        "seized_on": "2026-10-30",
        "seized_country": "CO",
    }
    parcel = {"courier": "diplomatic pouch", "tracking_number": "DP-DEMO", "seal_numbers": ["B-77"]}
    sent = story.users.bogota.post("/submissions", {"kind": "seizure", **parcel, "items": [line]})
    story.users.bogota.post(f"/submissions/{sent['id']}/dispatch")
    manifest = story.folder / "manifest.pdf"
    manifest.write_bytes(story.users.bogota.fetch(f"/submissions/{sent['id']}/manifest.pdf"))
    story.found["submission"] = sent
    story.say(f"submission {sent['number']}, manifest {manifest}")


def receive(story: Story) -> None:
    """The custodian opens the parcel, weighs, checks the seal and signs for it"""
    line = {
        "line": 1,
        "outcome": "received",
        "gross_mass_g": 12.41,
        "seal_condition": "intact",
        "remarks": "",
    }
    body = {"received_at": _ago(minutes=30), "lines": [line], "unexpected": []}
    receipt = story.users.custodian.post(f"/submissions/{story.found['submission']['id']}/receipts", body)
    exhibit = receipt["exhibits"][0]
    label = story.folder / "label.pdf"
    label.write_bytes(story.users.custodian.fetch(f"/exhibits/{exhibit['id']}/label.pdf"))
    story.found["exhibit"] = exhibit
    story.say(f"receipt {receipt['number']}, exhibit {exhibit['number']}, label {label}")


def open_custody(story: Story) -> None:
    """Custody hears of the exhibit and opens its chain"""
    path = f"/exhibits/{story.found['exhibit']['id']}"
    exhibit = story.users.custodian.wait(path, lambda found: found["item_id"] is not None, seconds=30)
    story.found["item"] = exhibit["item_id"]
    holder = story.users.custodian.get(f"/items/{exhibit['item_id']}")["holder"]
    story.say(f"held by {holder['name']}")


def store_and_fetch(story: Story) -> None:
    """Into the safe, and out again by another custodian"""
    item = story.found["item"]
    place = story.users.custodian.all("/locations")[-1]
    story.users.custodian.post(f"/items/{item}/moves", {"place": place["id"], "purpose": "storage"})
    story.users.custodian2.post(f"/items/{item}/retrievals", {"purpose": "analysis"})
    story.say(f"from {place['name']}, now with custodian2")


def hand_over(story: Story) -> None:
    """Hand-over in two steps: custodian2 offers, the technician accepts with a signature"""
    body = {"item_ids": [story.found["item"]], "to": "technician", "purpose": "heroin signature"}
    offer = story.users.custodian2.post("/handovers", body)
    accept = {"password": story.users.password("technician")}
    story.users.technician.post(f"/handovers/{offer['id']}/accept", accept)
    story.say(f"now with {story.users.technician.get('/items/' + story.found['item'])['holder']['name']}")


def weigh_and_sample(story: Story) -> None:
    """Net mass, an aliquot for GC-MS, what the injection consumed"""
    item, technician = story.found["item"], story.users.technician
    weighing = {"net_mass_mg": 9810.0, "uncertainty_mg": 0.4, "balance": "XPR205-1"}
    technician.post(f"/items/{item}/weighings", weighing)
    sample = {"net_mass_mg": 25.0, "uncertainty_mg": 0.1, "purpose": "GC-MS"}
    aliquot = technician.post(f"/items/{item}/aliquots", sample)
    used = {"net_mass_mg": 2.0, "uncertainty_mg": 0.1, "purpose": "GC-MS preparation"}
    technician.post(f"/items/{aliquot['id']}/consumptions", used)
    left = technician.get(f"/items/{item}")["remaining"]
    story.found["aliquot"] = aliquot
    story.say(
        f"aliquot {aliquot['number']}; {left['net_mass_mg']:.1f} ± {left['uncertainty_mg']:.1f} mg remain"
    )


def upload_run(story: Story) -> None:
    """The instrument uploads its raw GC-MS run; the server re-reads and reads it"""
    name = f"{story.found['aliquot']['number']}.cdf"
    raw = story.folder / name
    raw.write_bytes(story.exhibit.raw_run)
    metadata = {
        "filename": name,
        "item_id": story.found["aliquot"]["id"],
        "technique": "GC-MS",
        "instrument": "gcms1",
        "method": "HSP-GCMS-1",
        "run_role": "sample",
        "acquired_at": _ago(minutes=5),
    }
    spectrum = story.users.gcms1.upload(story.exhibit.raw_run, metadata)
    done = story.users.gcms1.wait(f"/spectra/{spectrum}", lambda s: s["state"] != "verifying", seconds=60)
    if done["state"] != "verified" or done["format"] != "ANDI-MS":
        raise RuntimeError(f"the run was not taken: {done}")
    trace = story.users.technician.get(f"/spectra/{spectrum}/trace", points=2000)
    story.found["spectrum"] = done
    story.say(
        f"{done['size']} bytes {done['state']}, {done['format']}, {len(trace['x'])} points of the chromatogram"
    )


def measure(story: Story) -> None:
    """The other modules' values, as measured (isotopes, solvents)"""
    if not story.exhibit.values:
        story.say("nothing beside the run")
        return
    body = {
        "item_id": story.found["aliquot"]["id"],
        "programme": PROGRAMME,
        "method": "HSP-IRMS-1",
        "instrument": "irms1",
        "values": story.exhibit.values,
    }
    made = story.users.technician.post("/measurements", body)
    story.say(f"measurement {made['id']} with {len(story.exhibit.values)} values")


def profile(story: Story) -> None:
    """The profile: every number from a peak in the file or from a measurement"""
    found = story.users.technician.get(f"/items/{story.found['aliquot']['id']}/profile", programme=PROGRAMME)
    have = [value for value in found["values"] if value["value"] is not None]
    story.say(f"{len(have)} of {len(found['values'])} analytes have a value")


def classify(story: Story) -> None:
    """A job classifies it"""
    body = {"programme": PROGRAMME, "item_ids": [story.found["aliquot"]["id"]]}
    job = story.users.technician.post("/jobs", body)
    ended = story.users.technician.wait(
        f"/jobs/{job['id']}", lambda j: j["state"] not in ("queued", "running"), seconds=120
    )
    if ended["state"] != "done":
        raise RuntimeError(f"the job ended as {ended['state']}: {ended['error']}")
    result = story.users.technician.get(f"/results/{ended['results'][0]['result_id']}")
    first = result["determinations"][0]
    story.found["result"] = result
    chances = ", ".join(
        f"{name} {p:.2f}" for name, p in sorted(first["probabilities"].items(), key=lambda row: -row[1])
    )
    story.say(
        f"{first['name']}: {first['conclusion']} ({chances}; novelty p = {first['novelty']['p_value']:.2f})"
    )


def release(story: Story) -> None:
    """A second examiner reviews and releases; the report is made"""
    path = f"/results/{story.found['result']['id']}"
    decision = {"decision": "release", "comment": "agreed", "password": story.users.password("reviewer")}
    story.users.reviewer.post(f"{path}/review", decision)
    report = story.folder / "report.pdf"
    report.write_bytes(story.users.bogota.fetch(f"{path}/report.pdf"))
    story.found["report"] = report
    story.say("released; the office in Bogotá has fetched its report")


def bundle(story: Story) -> None:
    """The custody bundle, checked offline by siglab-verify"""
    item = story.found["aliquot"]["id"]
    path = f"/items/{item}/events"
    story.users.auditor.wait(
        path, lambda found: all(event["index"] is not None for event in found["items"]), seconds=30
    )
    target, key = story.folder / "bundle.zip", story.folder / "ledger.vkey"
    target.write_bytes(story.users.auditor.fetch(f"/items/{item}/bundle.zip"))
    key.write_bytes(story.users.auditor.fetch("/ledger/key"))
    verifier = Path(sys.executable).with_name("siglab-verify")
    said = subprocess.run([verifier, target, "--key", key], capture_output=True, text=True, check=False)
    if said.returncode != 0:
        raise RuntimeError(f"siglab-verify refused the bundle: {said.stdout}{said.stderr}")
    story.found["bundle"] = target
    story.say(said.stdout.strip().splitlines()[-1])


STEPS: list[Callable[[Story], None]] = [
    submit,
    receive,
    open_custody,
    store_and_fetch,
    hand_over,
    weigh_and_sample,
    upload_run,
    measure,
    profile,
    classify,
    release,
    bundle,
]
