"""Items of a test's own, sent and received through the API: tests depend on neither the demo's store nor on one another."""

from typing import Any

from siglab_clients.api import ApiClient
from tests.browser.conftest import People
from tests.system import RunningSystem

_GROSS_G = 5.25


def api(people: People, demo: RunningSystem, login: str) -> ApiClient:
    """What somebody does besides the pages."""
    return ApiClient(demo.base_url, people.users[login]["token"])


def held(people: People, demo: RunningSystem, count: int, office: str = "bogota") -> list[dict[str, Any]]:
    """New items of one submission with 5.25 g each, in the custodian's hands."""
    lines = [
        {
            "line": number,
            "programme": "HSP",
            "description": "SYNTHETIC powder",
            "physical_form": "powder",
            "gross_mass_g": _GROSS_G,
            "seal_number": f"S-{number}",
        }
        for number in range(1, count + 1)
    ]
    parcel = {"courier": "DHL", "tracking_number": "T-1", "seal_numbers": []}
    sender, custodian = api(people, demo, office), api(people, demo, "custodian")
    sent = sender.post("/submissions", {"kind": "seizure", **parcel, "items": lines})["id"]
    sender.post(f"/submissions/{sent}/dispatch")
    arrived = [
        {
            "line": number,
            "outcome": "received",
            "gross_mass_g": _GROSS_G,
            "seal_condition": "intact",
            "remarks": "",
        }
        for number in range(1, count + 1)
    ]
    custodian.post(f"/submissions/{sent}/receipts", {"lines": arrived, "unexpected": []})
    exhibits = custodian.wait(
        f"/exhibits?submission_id={sent}&limit=500",
        lambda found: len(found["items"]) == count and all(row["item_id"] for row in found["items"]),
    )["items"]
    by_line = sorted(exhibits, key=lambda row: int(row["line"]))
    return [custodian.get(f"/items/{row['item_id']}") for row in by_line]


def handed(people: People, demo: RunningSystem) -> dict[str, Any]:
    """A new item in the technician's hands."""
    (row,) = held(people, demo, 1)
    body = {"item_ids": [row["id"]], "to": "technician", "purpose": "analysis"}
    offer = api(people, demo, "custodian").post("/handovers", body)
    signed = {"password": people.users["technician"]["password"]}
    api(people, demo, "technician").post(f"/handovers/{offer['id']}/accept", signed)
    return row
