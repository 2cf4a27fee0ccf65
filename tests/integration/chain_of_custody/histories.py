"""Histories of items as they happen in a laboratory, each made through custody's own API."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient

from shared.actor import Signature
from shared.http.schemas import format_time
from tests.calls import BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    CUSTODIAN2,
    SIGNED,
    act,
    as_service,
    call,
    events,
    handed,
    mass,
    offered,
    opened,
)
from tests.integration.spectra import house as spectra

RUN = b"CDF\x01 a short run"
RUN_SHA256 = hashlib.sha256(RUN).hexdigest()

History = Callable[[FlaskClient], str]


def received(client: FlaskClient, **over: Any) -> str:
    """An item as it came."""
    return opened(client, **over)


def worked_upon(client: FlaskClient) -> str:
    """Handed over, weighed late, divided, used, measured by a run, put away and taken out again."""
    item_id = handed(client, description="SYNTHETIC polvo marrón, ผงสีน้ำตาลเข้ม")
    then = format_time(datetime.now(UTC) - timedelta(hours=2, minutes=30))
    _done(act(client, item_id, "weighings", mass(500.0, 0.4, balance="XPR205", occurred_at=then)))
    _done(act(client, item_id, "aliquots", mass(25.5, 0.2, purpose="perfil de impurezas")))
    _done(act(client, item_id, "consumptions", mass(10.0, 0.2, purpose="dissolved for GC-MS")))
    spectra.uploaded(client, item_id, RUN)
    record(
        client, item_id, "measured", "HSP profile", measurement_id="m-1", sha256="ab" * 32, values=[0.5, None]
    )
    record(client, item_id, "result_proposed", "HSP classification", result_id="r-1", result_sha256="cd" * 32)
    _done(act(client, item_id, "moves", {"place": "vault-a-1", "purpose": "storage"}))
    _done(act(client, item_id, "retrievals", {"purpose": "review"}, CUSTODIAN))
    return item_id


def corrected(client: FlaskClient) -> str:
    """Measured two hours ago, and the measurement corrected now."""
    item_id = handed(client)
    then = format_time(datetime.now(UTC) - timedelta(hours=2))
    record(
        client, item_id, "measured", "HSP profile", at=then, measurement_id=f"m-{item_id}", sha256="ab" * 32
    )
    told = {"measurement_id": f"n-{item_id}", "sha256": "ba" * 32, "corrects": f"m-{item_id}"}
    record(client, item_id, "measurement_corrected", "two vials were swapped", **told)
    return item_id


def written_wrongly(client: FlaskClient) -> str:
    """Weighed on the wrong balance by the record, corrected by signature; sealed anew, some of it lost."""
    item_id = handed(client)
    weighed = act(client, item_id, "weighings", mass(500.0, 0.4, balance="XPR205"))
    _done(weighed)
    _done(act(client, item_id, "weighings", {"gross_mass_g": 5.2, "uncertainty_mg": 1, "balance": "PG5002"}))
    _done(act(client, item_id, "losses", mass(1.5, 0.2, reason="spilt on the bench")))
    last = events(client, item_id)[-3]
    told = {
        "event_id": last["id"],
        "reason": "read from the neighbouring balance",
        "corrected": {"balance": "XPR206"},
    }
    _done(act(client, item_id, "corrections", {**told, **SIGNED}))
    _done(
        act(
            client,
            item_id,
            "seals",
            {"seal_number": "S-NEW-1", "purpose": "after analysis", "gross_mass_g": 5.1},
        )
    )
    return item_id


def composite(client: FlaskClient) -> str:
    """Made of portions of two items."""
    parts = []
    for _ in range(2):
        item_id = handed(client, submission_id="submission-composite", submission_number="D26-900001")
        _done(act(client, item_id, "weighings", mass(500.0, 0.4, balance="XPR205")))
        parts.append({"item_id": item_id, **mass(20.0, 0.2)})
    made = call(client, "POST", "/composites", {"parts": parts, "purpose": "bulk sample"}, actor=TECHNICIAN)
    _done(made)
    return str(made.json["id"])


def aliquot(client: FlaskClient) -> str:
    """An aliquot, by its own history."""
    item_id = handed(client)
    _done(act(client, item_id, "weighings", mass(500.0, 0.4, balance="XPR205")))
    made = act(client, item_id, "aliquots", mass(25.5, 0.2, purpose="IRMS"))
    _done(made)
    return str(made.json["id"])


def blocked(client: FlaskClient) -> str:
    """Came with a broken seal; a reviewer has resolved it."""
    number = "exhibit-blocked-" + format_time(datetime.now(UTC))
    item_id = opened(client, exhibit_id=number, blocked=True, seal_condition="broken")
    told = {
        "exhibit_id": number,
        "resolution": "la oficina confirma el precinto roto",
        "resolved_by": "reviewer",
        "resolved_by_name": "Ruth",
        "resolved_at": format_time(datetime.now(UTC)),
    }
    assert as_service(client, "intake", "POST", "/internal/items/unblock", told).status_code == 200
    return item_id


def disposed(client: FlaskClient) -> str:
    """Held, released, then destroyed before a witness."""
    item_id = opened(client)
    hold = act(client, item_id, "holds", {"reason": "orden del juez 4711", **SIGNED}, REVIEWER)
    _done(hold)
    _done(
        call(client, "POST", f"/holds/{hold.json['id']}/release", {"reason": "x", **SIGNED}, actor=REVIEWER)
    )
    asked = act(
        client,
        item_id,
        "disposals",
        {"method": "incineration", "purpose": "case closed", **SIGNED},
        CUSTODIAN,
    )
    _done(asked)
    path = f"/disposals/{asked.json['id']}"
    _done(call(client, "POST", f"{path}/authorise", SIGNED, actor=REVIEWER))
    _done(
        executed(
            client, f"{path}/execute", {"witness": "custodian2", "witness_password": "verified", **SIGNED}
        )
    )
    return item_id


def returned(client: FlaskClient) -> str:
    """Declined once, then taken back by its office."""
    item_id = opened(client)
    first = offered(client, [item_id])
    _done(call(client, "POST", f"/handovers/{first}/decline", {"reason": "label is torn"}, actor=TECHNICIAN))
    back = offered(client, [item_id], "bogota")
    _done(call(client, "POST", f"/handovers/{back}/accept", SIGNED, actor=BOGOTA))
    return item_id


def seldom(client: FlaskClient) -> str:
    """What does not happen every day: offers, disposals and holds taken back, weighings of other kinds."""
    item_id = opened(client)
    offer = offered(client, [item_id])
    _done(call(client, "POST", f"/handovers/{offer}/withdraw", {"reason": "wrong name"}, actor=CUSTODIAN))
    asked = act(client, item_id, "disposals", {"method": "burning", "purpose": "closed", **SIGNED}, CUSTODIAN)
    _done(asked)
    path = f"/disposals/{asked.json['id']}/withdraw"
    _done(call(client, "POST", path, {"reason": "appeal", **SIGNED}, actor=CUSTODIAN))
    again = call(client, "POST", f"/handovers/{offered(client, [item_id])}/accept", SIGNED, actor=TECHNICIAN)
    _done(again)
    package = {"package_mass_g": 5.25, "uncertainty_mg": 2, "balance": "PG5002"}
    _done(act(client, item_id, "weighings", package))
    _done(act(client, item_id, "weighings", mass(500.0, 0.4, balance="XPR205")))
    difference = {"before_mg": 900.0, "after_mg": 400.0, "repeatability_mg": 0.05, "readability_mg": 0.01}
    _done(act(client, item_id, "weighings", {"by_difference": difference, "balance": "XPR205"}))
    made = act(client, item_id, "aliquots", mass(20.0, 0.2, purpose="IRMS"))
    _done(made)
    hold = act(client, item_id, "holds", {"reason": "orden del juez", **SIGNED}, REVIEWER)
    _done(hold)
    released = {"reason": "over", **SIGNED}
    _done(call(client, "POST", f"/holds/{hold.json['id']}/release", released, actor=REVIEWER))
    _done(act(client, item_id, "weighings", mass(470.0, 0.4, balance="XPR205")))
    return str(made.json["id"])


#: One of each kind; each is checked by the official validator, which takes seconds.
ALL: tuple[History, ...] = (
    received, worked_upon, corrected, written_wrongly, aliquot, composite, blocked, disposed, returned, seldom,
)  # fmt: skip


def executed(client: FlaskClient, path: str, body: dict[str, Any]) -> Any:
    """An execution that the custodian and the witness have signed, as the gateway would send it."""
    now = datetime.now(UTC)
    signatures = tuple(
        Signature(who.login, who.name, who.role, "password", now) for who in (CUSTODIAN, CUSTODIAN2)
    )
    actor = replace(CUSTODIAN, signatures=signatures)
    return call(client, "POST", path, json.dumps(body).encode(), actor=actor)


def record(
    client: FlaskClient, item_id: str, kind: str, purpose: str, *, at: str | None = None, **payload: Any
) -> None:
    """An act that the classifier tells of."""
    told = {
        "item_id": item_id,
        "type": kind,
        "actor": {"login": "technician", "name": "Tess", "role": "technician"},
        "occurred_at": at or format_time(datetime.now(UTC)),
        "purpose": purpose,
        "payload": payload,
    }
    _done(as_service(client, "classifier", "POST", "/internal/records", told))


def _done(answer: Any) -> None:
    assert answer.status_code in (200, 201), answer.data
