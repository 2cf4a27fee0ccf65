"""`python -m deploy.demo.seed`: fills a new system with the demo.

Accounts, offices, places, synthetic reference libraries, models. Accounts are made as an operator makes them; everything else
goes through the public API, as the people who would do it. Each request has a fixed Idempotency-Key, so that a seeding that
was broken off is simply run again.
"""

import argparse
import csv
import io
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.demo.calendars import set_calendars
from deploy.demo.people import OFFICES, Users, credentials_path, read_credentials, write_credentials
from deploy.demo.storing import add_balances, put_away
from gateway.accounts.service import SYSTEM, Accounts
from services.classifier.domain.authentic import Authentic
from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.programme import Programme
from services.classifier.domain.synthetic.library import synthetic_library
from shared.config import Settings, load_settings
from shared.errors import DomainError
from shared.runtime import Runtime
from siglab_clients.api import ApiError

PROGRAMMES = ("HSP", "CSP", "MPP")
PER_CLASS = {"HSP": 36, "CSP": 30, "MPP": 30}
SEED = 20261124
TOKEN_DAYS = 365
#: Name, the place around it, kind, how many items directly in it (None: any), and the roles that may enter (None: all).
_PLACES: tuple[tuple[str, str | None, str, int | None, tuple[str, ...] | None], ...] = (
    ("Laboratory", None, "site", None, None),
    ("Evidence room", "Laboratory", "room", 0, ("custodian",)),
    ("Safe A", "Evidence room", "safe", 0, None),
    ("Shelf SA-1", "Safe A", "shelf", 40, None),
    ("Box SA-1-01", "Shelf SA-1", "box", 20, None),
    ("Box SA-1-02", "Shelf SA-1", "box", 20, None),
    ("Shelf SA-2", "Safe A", "shelf", 40, None),
    ("Disposal cage", "Evidence room", "safe", 200, None),
    ("Reference store", "Laboratory", "room", 0, ("custodian", "scientist")),
    ("Reference cabinet", "Reference store", "safe", 500, None),
    ("Reference shelf HSP", "Reference cabinet", "shelf", 200, None),
    ("Reference shelf CSP", "Reference cabinet", "shelf", 200, None),
    ("Reference shelf MPP", "Reference cabinet", "shelf", 200, None),
    ("Preparation room", "Laboratory", "room", None, None),
    ("Day safe", "Preparation room", "safe", None, None),
)


def make_accounts(settings: Settings) -> None:
    """Makes the demo's accounts with new secrets; the file that names them is written first."""
    people = write_credentials(settings.data_dir, settings.public_url)
    accounts = Accounts(Runtime("gateway", settings))
    for person in people:
        accounts.put_account(
            SYSTEM,
            person.login,
            name=person.name,
            role=person.role,
            office=person.office,
            password=person.password,
        )
        accounts.issue_token(SYSTEM, person.login, days=TOKEN_DAYS, label="demo", token=person.token)


def seed(settings: Settings) -> None:
    """Everything, in the order in which it depends on one another."""
    if not credentials_path(settings.data_dir).exists():
        make_accounts(settings)
    users = Users(read_credentials(settings.data_dir), settings.public_url)
    for office in OFFICES:
        users.admin.post("/offices", office, key=f"seed-office-{office['code']}")
    set_calendars(users.admin)
    places = _places(users)
    add_balances(users)
    trainings = []
    libraries: dict[str, list[str]] = {}
    for name in PROGRAMMES:
        programme = load_bundled(name)
        libraries[name] = _library(users, programme, synthetic_library(programme, SEED, PER_CLASS[name]))
        trainings.append(users.scientist.post("/models", {"programme": name}, key=f"seed-model-{name}"))
        print(f"  {name}: library accepted, training begun", flush=True)
    for name, item_ids in libraries.items():
        put_away(users, name, item_ids, places[f"Reference shelf {name}"])
    for made in trainings:
        model = users.scientist.wait(f"/models/{made['id']}", lambda m: m["state"] != "training", seconds=300)
        if model["state"] == "proposed":
            body = {"password": users.password("scientist2")}
            users.scientist2.post(f"/models/{made['id']}/activate", body, key=f"seed-activate-{made['id']}")
        elif model["state"] == "failed":
            raise RuntimeError(f"the model could not be trained: {model['error']}")
    _seizures(users)


def _places(users: Users) -> dict[str, str]:
    """Adds the places that are not there yet; all places by name, each with its id."""
    ids: dict[str, str] = {row["name"]: row["id"] for row in users.custodian.all("/locations")}
    for name, parent, kind, capacity, roles in _PLACES:
        if name not in ids:
            body = {
                "name": name,
                "parent_id": ids[parent] if parent else None,
                "kind": kind,
                "capacity": capacity,
                "access": {"roles": roles, "logins": []} if roles else None,
                "reason": "demo",
            }
            ids[name] = users.admin.post("/locations", body, key=f"seed-place-{name.replace(' ', '-')}")["id"]
    return ids


def _library(users: Users, programme: Programme, authentics: Sequence[Authentic]) -> list[str]:
    """Takes one library from submission to acceptance; answers the ids of its items."""
    key = f"seed-{programme.id}"
    first = programme.determinations[0].name
    lines = [_line(n, programme.id, authentic, first) for n, authentic in enumerate(authentics, 1)]
    parcel = {
        "courier": "SYNTHETIC",
        "tracking_number": f"SYNTHETIC-{programme.id}",
        "seal_numbers": ["SYNTHETIC"],
    }
    items = received(users, {"kind": "authentic", **parcel, "items": lines}, key)
    header = ["item", *(analyte.name for analyte in programme.analytes)]
    rows = [
        [items[n][1], *(_cell(authentic, name) for name in header[1:])]
        for n, authentic in enumerate(authentics, 1)
    ]
    table = io.StringIO()
    csv.writer(table).writerows([header, *rows])
    users.technician.send_file(
        f"/measurements/import?programme={programme.id}",
        "library.csv",
        table.getvalue().encode(),
        key=f"{key}-t",
    )
    entries = [{"exhibit_id": items[n][0], "labels": dict(a.labels)} for n, a in enumerate(authentics, 1)]
    users.scientist.post("/library/accept", {"entries": entries}, key=f"{key}-accept")
    return [items[n][1] for n in sorted(items)]


def received(users: Users, body: dict[str, Any], key: str) -> dict[int, tuple[str, str]]:
    """Submits, dispatches and receives; answers line -> (exhibit id, item id) once custody has opened all."""
    sent = users.bogota.post("/submissions", body, key=f"{key}-s")
    if users.bogota.get(f"/submissions/{sent['id']}")["state"] == "draft":
        users.bogota.post(f"/submissions/{sent['id']}/dispatch", key=f"{key}-d")
    lines = [
        {
            "line": i["line"],
            "outcome": "received",
            "gross_mass_g": i["gross_mass_g"],
            "seal_condition": "intact",
            "remarks": "",
        }
        for i in body["items"]
    ]
    receipt = users.custodian.post(
        f"/submissions/{sent['id']}/receipts", {"lines": lines, "unexpected": []}, key=f"{key}-r"
    )
    end = time.monotonic() + 60
    while True:
        found = users.custodian.all("/exhibits", submission_id=sent["id"])
        if all(exhibit["item_id"] for exhibit in found) and len(found) == len(receipt["exhibits"]):
            return {exhibit["line"]: (exhibit["id"], exhibit["item_id"]) for exhibit in found}
        if time.monotonic() > end:
            raise TimeoutError("custody did not open the items in 60 s")
        time.sleep(0.2)


def _line(number: int, programme: str, authentic: Authentic, determination: str) -> dict[str, Any]:
    day = (datetime.now(UTC) - timedelta(days=60 + number % 200)).date().isoformat()
    origin = {
        "collected_on": day,
        "country": "CO",
        "region": "SYNTHETIC",
        "source_type": "SYNTHETIC",
        "claimed_class": authentic.labels[determination],
        "collected_by": "SYNTHETIC generator",
    }
    return {
        "line": number,
        "programme": programme,
        "description": f"SYNTHETIC authentic {authentic.id}",
        "physical_form": "powder",
        "gross_mass_g": 5.0,
        "seal_number": f"SYN-{programme}-{number:04d}",
        "authentic": origin,
        "seizure": {"id": authentic.group},
    }


def _cell(authentic: Authentic, analyte: str) -> str:
    value = authentic.values.get(analyte)
    return "" if value is None else repr(float(value))


def _seizures(users: Users) -> None:
    """A few parcels on their way, so that the pages have something to show; one of them for too long."""
    for number, (office, programme) in enumerate(
        (("bogota", "CSP"), ("bangkok", "HSP"), ("bangkok", "MPP")), 1
    ):
        line = {
            "line": 1,
            "programme": programme,
            "description": "SYNTHETIC demo seizure",
            "physical_form": "powder",
            "gross_mass_g": 10.0 + number,
            "seal_number": f"SYN-S-{number}",
        }
        body = {
            "kind": "seizure",
            "courier": "courier",
            "tracking_number": f"SYN-{number}",
            "seal_numbers": [],
            "items": [line],
        }
        client = getattr(users, office)
        sent = client.post("/submissions", body, key=f"seed-seizure-{number}")
        if client.get(f"/submissions/{sent['id']}")["state"] == "draft":
            left = datetime.now(UTC) - timedelta(days=17 if number == 1 else 0)
            when = {"occurred_at": left.strftime("%Y-%m-%dT%H:%M:%SZ")}
            client.post(f"/submissions/{sent['id']}/dispatch", when, key=f"seed-seizure-{number}-d")


def main() -> int:
    """The command; exit 0, or 1 with a sentence."""
    argparse.ArgumentParser(prog="python -m deploy.demo.seed", description=__doc__).parse_args()
    try:
        seed(load_settings())
    except (ApiError, DomainError, TimeoutError, RuntimeError) as error:
        print(f"seed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
