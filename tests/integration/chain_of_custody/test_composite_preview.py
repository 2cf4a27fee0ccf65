"""The mass balance of a composite beforehand: the numbers that making it gives, and nothing is recorded."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.actor import Actor
from tests.calls import AUDITOR, BOGOTA, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import act, call, events, item, mass, weighed


def _aliquots(client: FlaskClient, *masses: float) -> list[str]:
    """Aliquots of one item, in the technician's hands."""
    root = weighed(client)
    return [str(act(client, root, "aliquots", mass(each, 0.2, purpose="pool")).json["id"]) for each in masses]


def _ask(client: FlaskClient, path: str, parts: dict[str, float], actor: Actor = TECHNICIAN) -> Any:
    told = [{"item_id": item_id, **mass(milligrams, 0.3)} for item_id, milligrams in parts.items()]
    return call(client, "POST", path, {"parts": told, "purpose": "pool"}, actor=actor)


@pytest.mark.rule("E15")
def test_what_is_shown_beforehand_is_what_is_made(client: FlaskClient) -> None:
    first, second = _aliquots(client, 50, 30)
    before = [len(events(client, each)) for each in (first, second)]
    shown = _ask(client, "/composites/preview", {first: 20, second: 30})
    assert shown.status_code == 200, shown.data
    assert [len(events(client, each)) for each in (first, second)] == before
    assert item(client, first)["remaining"]["net_mass_mg"] == 50
    made = _ask(client, "/composites", {first: 20, second: 30})
    assert made.status_code == 201
    assert shown.json["total"] == made.json["remaining"]
    for part in shown.json["parts"]:
        assert part["remains"] == item(client, part["item_id"])["remaining"] and part["problem"] is None


def test_a_portion_that_is_too_large_is_told_beside_the_others(client: FlaskClient) -> None:
    first, second = _aliquots(client, 50, 30)
    parts = _ask(client, "/composites/preview", {first: 20, second: 31}).json["parts"]
    assert parts[0]["problem"] is None and parts[0]["remains"]["net_mass_mg"] == 30
    assert parts[1]["remains"] is None and "30 mg remain" in parts[1]["problem"]


def test_what_could_not_be_made_is_not_shown(client: FlaskClient) -> None:
    first, second = _aliquots(client, 50, 30)
    (other,) = _aliquots(client, 50)
    mixed = _ask(client, "/composites/preview", {first: 1, other: 1})
    assert mixed.status_code == 422 and mixed.json["errors"][0]["pointer"] == "/parts/1/item_id"
    for actor, status in ((REVIEWER, 403), (AUDITOR, 403), (BOGOTA, 403)):
        assert _ask(client, "/composites/preview", {first: 1, second: 1}, actor).status_code == status
    act(client, first, "moves", {"place": "vault", "purpose": "storage"})
    gone = _ask(client, "/composites/preview", {first: 1, second: 1})
    assert gone.status_code == 409 and gone.json["code"] == "not_holder"
