"""The demo's store-keeping: registered balances, some authentics weighed on them, and all of them put away."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.demo.people import Users

#: Name, serial number, step of the display and standard deviation of one reading in mg, days since and until calibration.
_BALANCES: tuple[tuple[str, str, float, float, int, int], ...] = (
    ("XPR205", "SYN-B-0205", 0.01, 0.015, 40, 325),
    ("XPR10002", "SYN-B-1002", 10.0, 8.0, 120, 245),
)
#: So many authentics of each library are weighed; a balance of theirs shows masses and uncertainties from the first day on.
WEIGHED = 3
_NET_MG, _UNCERTAINTY_MG = 4210.0, 0.04


def add_balances(users: Users) -> None:
    """Registers the balances that are not there yet, each with its newest calibration."""
    today = datetime.now(UTC).date()
    known = {row["name"] for row in users.custodian.all("/balances")}
    for name, serial_number, readability, repeatability, ago, ahead in _BALANCES:
        if name not in known:
            body = {
                "name": name,
                "serial_number": serial_number,
                "readability_mg": readability,
                "repeatability_mg": repeatability,
                "calibrated_on": (today - timedelta(days=ago)).isoformat(),
                "next_due": (today + timedelta(days=ahead)).isoformat(),
                "certificate": "SYNTHETIC",
            }
            users.admin.post("/balances", body, key=f"seed-balance-{name}")


def put_away(users: Users, programme: str, item_ids: Sequence[str], place: str) -> None:
    """The custodian who received a library weighs some of it and puts all of it into its place, by one act.

    What stayed in the custodian's hands would be overdue after five working days. A seeding that was broken off is run again:
    what was weighed or put away under its key is not done twice.
    """
    for number, item_id in enumerate(item_ids[:WEIGHED], 1):
        body: dict[str, Any] = {
            "net_mass_mg": _NET_MG + 13.7 * number,
            "uncertainty_mg": _UNCERTAINTY_MG,
            "balance": _BALANCES[0][0],
        }
        users.custodian.post(f"/items/{item_id}/weighings", body, key=f"seed-{programme}-weighed-{number}")
    move = {"item_ids": list(item_ids), "place": place, "purpose": "reference store"}
    users.custodian.post("/moves", move, key=f"seed-{programme}-stored")
