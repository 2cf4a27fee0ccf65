"""The whole lineage closes, or one discrepancy on its root stops it: small differences add up over aliquots (E15)."""

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chain_of_custody.domain.balance_lineage import unexplained_over
from services.chain_of_custody.domain.replay_books import replay
from services.chain_of_custody.repository import lineage as repository
from shared.runtime import Runtime
from tests.calls import BOGOTA, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    SIGNED,
    act,
    call,
    events,
    handed,
    item,
    mass,
    resolved,
    told_to_intake,
)
from tests.integration.chain_of_custody.test_books_from_events import do, findings
from tests.integration.chain_of_custody.test_mass_balance import balance


def tree(client: FlaskClient, aliquots: int) -> tuple[str, list[str]]:
    """A parcel of 8000 mg and aliquots of 10 mg, each known to 1 mg."""
    root = handed(client, gross_mass_g=10.0)
    assert act(client, root, "weighings", mass(8000, 1, balance="b")).status_code == 201
    return root, [act(client, root, "aliquots", mass(10, 1, purpose="x")).json["id"] for _ in range(aliquots)]


@pytest.mark.rule("E15")
@pytest.mark.rule("E5")
def test_losses_that_each_aliquot_passes_stop_the_whole_once(client: FlaskClient, runtime: Runtime) -> None:
    root, children = tree(client, 5)
    states = [
        act(client, child, "weighings", mass(9.05, 1, balance="b")).json["state"] for child in children[:3]
    ]
    assert states == ["in_custody", "in_custody", "blocked"]
    (told,) = told_to_intake(runtime, root)
    assert "2.85 mg are unexplained" in told["detail"] and told["code"] == "weight"
    for each in (root, *children):
        assert item(client, each)["blocked"]
        assert act(client, each, "weighings", mass(9.05, 1, balance="b")).json["code"] == "blocked"
    assert not balance(client, root)["closes"]
    resolved(client, told)
    assert balance(client, root)["closes"] and not item(client, children[4])["blocked"]
    assert act(client, children[3], "weighings", mass(9.05, 1, balance="b")).json["state"] == "in_custody"
    assert len(told_to_intake(runtime, root)) == 1
    assert findings(runtime) == []


@pytest.mark.rule("E15")
def test_gains_that_each_aliquot_passes_are_refused_together(client: FlaskClient) -> None:
    _, children = tree(client, 4)
    for child in children[:2]:
        assert act(client, child, "weighings", mass(10.95, 1, balance="b")).status_code == 201
    refused = act(client, children[2], "weighings", mass(10.95, 1, balance="b"))
    assert (refused.status_code, refused.json["code"]) == (409, "mass_balance")
    assert "Over the whole lineage" in refused.json["detail"]
    assert act(client, children[2], "weighings", mass(10, 1, balance="b")).status_code == 201


@pytest.mark.rule("E15")
def test_what_has_gone_is_explained_with_the_rest(client: FlaskClient, runtime: Runtime) -> None:
    root, children = tree(client, 4)
    assert act(client, children[0], "weighings", mass(9.05, 1, balance="b")).status_code == 201
    body = {"item_ids": [children[0]], "to": "custodian", "purpose": "x"}
    offer = call(client, "POST", "/handovers", body, actor=TECHNICIAN).json["id"]
    assert call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=CUSTODIAN).status_code == 200
    offer = call(client, "POST", "/handovers", {**body, "to": "bogota"}, actor=CUSTODIAN).json["id"]
    assert call(client, "POST", f"/handovers/{offer}/accept", SIGNED, actor=BOGOTA).status_code == 200
    for child in children[1:3]:
        done = act(client, child, "weighings", mass(9.05, 1, balance="b"))
    assert done.json["blocked"]
    (told,) = told_to_intake(runtime, root)
    resolved(client, told)
    assert balance(client, root)["closes"] and item(client, children[0])["state"] == "returned"
    assert events(client, children[0])[-1]["details"]["of_lineage"] is True
    assert findings(runtime) == []


@pytest.mark.rule("E15")
@pytest.mark.rule("E11")
def test_a_correction_that_opens_a_gap_in_the_lineage_is_found(client: FlaskClient, runtime: Runtime) -> None:
    root, children = tree(client, 3)
    for child in children:
        assert act(client, child, "weighings", mass(9.5, 1, balance="b")).status_code == 201
    weighings = [events(client, child)[-1] for child in children]
    for child, event in zip(children, weighings, strict=True):
        body = {"event_id": event["id"], "reason": "x", "corrected": {"net_mass_mg": 9.05}, **SIGNED}
        assert act(client, child, "corrections", body, REVIEWER).status_code == 201
    assert item(client, root)["blocked"] and len(told_to_intake(runtime, root)) == 1
    assert findings(runtime) == []


@pytest.mark.rule("E15")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    story=st.lists(
        st.tuples(
            st.sampled_from(["reweigh", "reweigh", "aliquots", "consumptions", "losses"]),
            st.integers(0, 30),
            st.floats(-1.2, 1.2).map(lambda by: round(by, 2)),
        ),
        min_size=4,
        max_size=16,
    )
)
def test_after_any_acts_the_lineage_closes_or_is_stopped(
    client: FlaskClient, runtime: Runtime, story: list[tuple[str, int, float]]
) -> None:
    root, children = tree(client, 3)
    items = [root, *children]
    for kind, which, by in story:
        if kind == "reweigh":
            chosen = items[which % len(items)]
            there = item(client, chosen)["remaining"]["net_mass_mg"]
            said = act(client, chosen, "weighings", mass(max(there + by, 0), 0.8, balance="b"))
            assert said.status_code in (201, 409), said.data
        else:
            do(client, items, kind, which, 2 + by)
    with runtime.unit_of_work() as uow:
        records = repository.booked_of_many(uow.session, items)
    unexplained = unexplained_over(
        (books.unexplained, books.first_mass()) for books in map(replay, records.values())
    )
    assert -unexplained.mass <= unexplained.uncertainty, "more than was put in is refused"
    opened = told_to_intake(runtime, root)
    if unexplained.mass > unexplained.uncertainty:
        assert item(client, root)["blocked"]
    assert len(opened) <= 1 and findings(runtime) == []
