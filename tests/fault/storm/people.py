"""People at work: each thread has items of its own, does what their standing allows, and writes down what was answered."""

import base64
import hashlib
import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from siglab_clients.api import ApiError
from tests.fault.storm.held import PLACE, Held, Target
from tests.fault.storm.http import Person, Weather

CUSTODIANS = ("custodian", "custodian2")
TECHNICIANS = ("technician", "technician2")
#: So many exhibits a receipt, and so many items that one thread has at a time.
LINES, MOST_ITEMS = 3, 12


class Crew(threading.Thread):
    """One thread of people who share items: an office, custodians, technicians, a reviewer."""

    def __init__(
        self,
        number: int,
        base_url: str,
        users: Mapping[str, Any],
        target: Target,
        weather: Weather,
        seed: int,
    ) -> None:
        super().__init__(name=f"crew-{number}", daemon=True)
        self.items: list[Held] = []
        self.finished: list[Held] = []
        self.submissions: list[str] = []
        self.failure: BaseException | None = None
        self._number, self._target = number, target
        self._people = {login: Person(base_url, facts, weather) for login, facts in users.items()}
        self._chance = random.Random(seed * 1000 + number)
        self._acts = 0
        self._place = ""

    def run(self) -> None:
        """Works until there were acts enough; a refusal that stays ends the thread and is kept."""
        try:
            self._place = self._people["custodian"].get("/locations?limit=500")["items"][-1]["id"]
            while self._target.wanted():
                self._one()
        except BaseException as error:  # noqa: BLE001 - told by whoever joins the thread
            self.failure = error

    def everything(self) -> list[Held]:
        """All items that the crew ever had."""
        return self.finished + self.items

    def _one(self) -> None:
        if len(self.items) < LINES:
            self._receive()
            return
        item = self._chance.choice(self.items)
        act = self._chance.choice(self._possible(item))
        act(item)

    def _possible(self, item: Held) -> list[Callable[[Held], None]]:
        if item.offer is not None:
            return [self._accept, self._accept, self._accept, self._decline, self._withdraw]
        if item.holder == PLACE:
            return [self._retrieve]
        if item.holds:
            return [self._release, self._offer, self._weigh] if self._works(item) else [self._release]
        found: list[Callable[[Held], None]] = [self._offer, self._offer]
        if item.covered:
            return found
        found.append(self._hold)
        if item.holder in CUSTODIANS:
            found += [self._store, self._store]
        if self._works(item):
            found.append(self._weigh)
        if self._works(item) and item.remaining is not None and item.remaining > 100:
            found += [self._consume] * 4
            found += [self._upload] if item.holder in TECHNICIANS else []
            found += [self._divide] * 2 if len(self.items) < MOST_ITEMS else []
        if len(item.acts) > 40:
            found.append(self._leave)
        return found

    def _works(self, item: Held) -> bool:
        return item.holder in CUSTODIANS + TECHNICIANS

    def _mark(self, what: str) -> str:
        """A purpose that no other act has."""
        self._acts += 1
        return f"{what} {self._number}-{self._acts}"

    def _did(self, item: Held, kind: str, mark: str, count: bool = True) -> None:
        item.acts.append((kind, mark))
        if count:
            self._target.count(kind)

    def _receive(self) -> None:
        seals = [f"{self._mark('seal')}-{line}" for line in range(LINES)]
        lines = [
            {
                "line": number,
                "programme": "HSP",
                "description": "brown powder",
                "physical_form": "powder",
                "gross_mass_g": 12.5,
                "seal_number": seal,
            }
            for number, seal in enumerate(seals, 1)
        ]
        parcel = {"courier": "DHL", "tracking_number": self._mark("parcel"), "seal_numbers": ["B-1"]}
        body = {"kind": "seizure", **parcel, "items": lines}
        sent = self._people["bogota"].post("/submissions", body)["id"]
        self._people["bogota"].post(f"/submissions/{sent}/dispatch", {})
        arrived = [
            {
                "line": n,
                "outcome": "received",
                "gross_mass_g": 12.5,
                "seal_condition": "intact",
                "remarks": "",
            }
            for n in range(1, LINES + 1)
        ]
        receipt = self._people["custodian"].post(
            f"/submissions/{sent}/receipts", {"lines": arrived, "unexpected": []}
        )
        self.submissions.append(sent)
        self._target.count("received")
        end = time.monotonic() + 120
        while True:
            rows = self._people["custodian"].get(f"/exhibits?submission_id={sent}")["items"]
            if len(rows) == LINES and all(row["item_id"] for row in rows):
                break
            if time.monotonic() > end:
                raise TimeoutError(f"custody did not open the items of {sent}")
            time.sleep(0.1)
        for row in rows:
            item = Held(row["item_id"], "custodian")
            self._did(item, "received", f"receipt {receipt['number']}", count=False)
            self.items.append(item)

    def _offer(self, item: Held) -> None:
        others = [login for login in CUSTODIANS + TECHNICIANS if login != item.holder]
        to, mark = self._chance.choice(others), self._mark("analysis")
        body = {"item_ids": [item.id], "to": to, "purpose": mark}
        made = self._people[item.holder].post("/handovers", body)
        item.offer = (made["id"], to, mark)
        self._did(item, "handover_offered", mark)

    def _accept(self, item: Held) -> None:
        assert item.offer is not None
        offer, to, mark = item.offer
        person = self._people[to]
        person.post(f"/handovers/{offer}/accept", {"password": person.password})
        item.offer, item.holder = None, to
        self._did(item, "handed_over", mark)

    def _decline(self, item: Held) -> None:
        assert item.offer is not None
        offer, to, _ = item.offer
        mark = self._mark("not mine")
        self._people[to].post(f"/handovers/{offer}/decline", {"reason": mark})
        item.offer = None
        self._did(item, "handover_declined", mark)

    def _withdraw(self, item: Held) -> None:
        assert item.offer is not None
        mark = self._mark("not now")
        self._people[item.holder].post(f"/handovers/{item.offer[0]}/withdraw", {"reason": mark})
        item.offer = None
        self._did(item, "handover_withdrawn", mark)

    def _store(self, item: Held) -> None:
        mark = self._mark("storage")
        self._people[item.holder].post(f"/items/{item.id}/moves", {"place": self._place, "purpose": mark})
        item.holder = PLACE
        self._did(item, "stored", mark)

    def _retrieve(self, item: Held) -> None:
        login, mark = self._chance.choice(CUSTODIANS), self._mark("work")
        self._people[login].post(f"/items/{item.id}/retrievals", {"purpose": mark})
        item.holder = login
        self._did(item, "retrieved", mark)

    def _weigh(self, item: Held) -> None:
        mark = self._mark("weighing")
        found = item.remaining if item.remaining is not None else Decimal(self._chance.randrange(2000, 12000))
        body = {"net_mass_mg": float(found), "uncertainty_mg": 0.4, "balance": "XPR205", "purpose": mark}
        self._people[item.holder].post(f"/items/{item.id}/weighings", body)
        item.remaining = found
        item.weighed = item.weighed if item.weighed is not None else found
        self._did(item, "weighed", mark)

    def _taken(self, item: Held, most: int) -> tuple[dict[str, Any], Decimal]:
        taken = Decimal(self._chance.randrange(1, most * 10)) / 10
        assert item.remaining is not None
        item.remaining -= taken
        return {"net_mass_mg": float(taken), "uncertainty_mg": 0.1, "purpose": self._mark("sample")}, taken

    def _consume(self, item: Held) -> None:
        body, taken = self._taken(item, 5)
        self._people[item.holder].post(f"/items/{item.id}/consumptions", body)
        item.consumed += taken
        self._did(item, "consumed", body["purpose"])

    def _divide(self, item: Held) -> None:
        body, taken = self._taken(item, 50)
        made = self._people[item.holder].post(f"/items/{item.id}/aliquots", body)
        item.divided += taken
        self._did(item, "aliquot_taken", body["purpose"])
        child = Held(made["id"], item.holder, remaining=taken, weighed=taken)
        self._did(child, "aliquot_made", body["purpose"], count=False)
        item.parts.append(child)
        self.items.append(child)

    def _hold(self, item: Held) -> None:
        person, mark = self._people["reviewer"], self._mark("court order")
        body = {"reason": mark, "password": person.password}
        item.holds.append(person.post(f"/items/{item.id}/holds", body)["id"])
        self._did(item, "hold_placed", mark)
        for part in item.lineage():
            part.covered += 1
            self._did(part, "hold_placed_above", mark, count=False)

    def _release(self, item: Held) -> None:
        person, mark = self._people["reviewer"], self._mark("order lifted")
        hold = item.holds[-1]
        person.post(f"/holds/{hold}/release", {"reason": mark, "password": person.password})
        item.holds.pop()
        self._did(item, "hold_released", mark)
        for part in item.lineage():
            part.covered -= 1
            self._did(part, "hold_released_above", mark, count=False)

    def _leave(self, item: Held) -> None:
        """Nothing more is done to an item that has seen enough, so that histories are of all ages at the end."""
        self.items.remove(item)
        self.finished.append(item)

    def _upload(self, item: Held) -> None:
        person, mark = self._people[item.holder], self._mark("storm")
        content = random.Random(mark).randbytes(3000)
        facts = {
            "filename": f"{mark}.cdf".replace(" ", "-"),
            "item_id": item.id,
            "technique": "GC-MS",
            "instrument": "gcms1",
            "method": mark,
            "run_role": "sample",
            "acquired_at": (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        pairs = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in facts.items())
        made = person.request(
            "POST", "/uploads", b"", Upload_Length=str(len(content)), Upload_Metadata=pairs, Idempotency_Key=uuid.uuid4().hex
        )  # fmt: skip
        path = urlsplit(made.headers["location"]).path.removeprefix("/api/v1")
        spectrum = self._sent(person, path, content)
        item.spectra[spectrum] = facts["sha256"]
        self._did(item, "spectrum_stored", f"GC-MS by {mark}: sample")

    def _sent(self, person: Person, path: str, content: bytes) -> str:
        """Sends what the server has not yet, until it says which spectrum it became."""
        octets = "application/offset+octet-stream"
        while True:
            where = person.request("HEAD", path).headers
            if "siglab-spectrum-id" in where:
                return where["siglab-spectrum-id"]
            offset = int(where["upload-offset"])
            try:
                person.request(
                    "PATCH", path, content[offset:], 409, Upload_Offset=str(offset), Content_Type=octets
                )
            except ApiError as error:
                # The bytes had arrived, and only the answer was lost.
                if error.status != 409:
                    raise
            time.sleep(0.05)
