"""Books that a process remembers are those that the events tell, whatever happened in between (E15)."""

from dataclasses import fields
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chain_of_custody.domain.measured_sum import MeasuredSum
from services.chain_of_custody.domain.replay_books import Books, replay
from services.chain_of_custody.repository import items as repository
from services.chain_of_custody.repository.lineage import booked_records
from services.chain_of_custody.service.known_books import KnownBooks, known_books
from services.chain_of_custody.service.substance import record_act
from shared.runtime import Runtime
from tests.calls import REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import act, handed, mass, tell_people
from tests.integration.chain_of_custody.test_books_from_events import do

acts = st.tuples(
    st.sampled_from(["weighings", "aliquots", "consumptions", "losses"]),
    st.integers(1, 120_000).map(lambda n: n / 1000),
)


def told(books: Books) -> dict[str, Any]:
    """All that is in the books, comparable."""
    found = {field.name: getattr(books, field.name) for field in fields(books)}
    return {
        name: value.quantity() if isinstance(value, MeasuredSum) else value for name, value in found.items()
    }


def both(runtime: Runtime, known: KnownBooks, item_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the books as remembered, the books as replayed from all events)."""
    with runtime.unit_of_work() as uow:
        row = repository.lock_item(uow.session, TECHNICIAN, item_id)
        return told(known.of(uow.session, row)), told(replay(booked_records(uow.session, item_id)))


@pytest.mark.rule("E15")
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(acts, max_size=10), asked=st.integers(1, 4))
def test_remembered_books_are_those_of_the_events(
    client: FlaskClient, runtime: Runtime, story: list[tuple[str, float]], asked: int
) -> None:
    item_id = handed(client)
    elsewhere = KnownBooks()
    assert act(client, item_id, "weighings", mass(500, 0.4, balance="b")).status_code == 201
    for place, (kind, amount) in enumerate(story):
        do(client, [item_id], kind, 0, amount)
        here, replayed = both(runtime, known_books, item_id)
        assert here == replayed
        if place % asked == 0:
            assert both(runtime, elsewhere, item_id)[0] == replayed


@pytest.mark.rule("E15")
def test_an_act_that_was_rolled_back_leaves_nothing_in_the_books(
    client: FlaskClient, runtime: Runtime
) -> None:
    item_id = handed(client)
    assert act(client, item_id, "weighings", mass(500, 0.4, balance="b")).status_code == 201
    before, _ = both(runtime, known_books, item_id)
    with runtime.unit_of_work() as uow:
        row = repository.lock_item(uow.session, TECHNICIAN, item_id)
        details = {"net_mass_mg": 400.0, "uncertainty_mg": 0.1}
        record_act(uow, row, "consumed", TECHNICIAN, {}, runtime.clock(), details)
        uow.session.flush()
        uow.rollback()
    assert both(runtime, known_books, item_id) == (before, before)
    assert act(client, item_id, "weighings", mass(499.9, 0.4, balance="b")).status_code == 201
    here, replayed = both(runtime, known_books, item_id)
    assert here == replayed != before


@pytest.mark.rule("E15")
def test_books_that_end_elsewhere_are_read_anew(client: FlaskClient, runtime: Runtime) -> None:
    item_id = handed(client)
    other = handed(client)
    for each in (item_id, other):
        assert act(client, each, "weighings", mass(500, 0.4, balance="b")).status_code == 201
    mine = KnownBooks(most=1)
    both(runtime, mine, item_id)
    for amount in (10, 20):
        assert act(client, item_id, "consumptions", mass(amount, 0.2, purpose="x")).status_code == 201
    # A history that does not follow what is remembered: as if the event in between had been another.
    mine._known[item_id] = type(mine._known[item_id])(1, "0" * 64, Books())
    here, replayed = both(runtime, mine, item_id)
    assert here == replayed
    both(runtime, mine, other)
    assert list(mine._known) == [other]


def test_small_gains_are_still_added_up_over_many_weighings(client: FlaskClient) -> None:
    tell_people(client)
    item_id = handed(client)
    codes = []
    for step in range(12):
        done = act(client, item_id, "weighings", mass(500 + 0.3 * step, 0.4, balance="b"))
        codes.append(done.status_code)
    assert codes[0] == 201 and 409 in codes
    assert act(client, item_id, "weighings", mass(1, 0.4, balance="b"), actor=REVIEWER).status_code == 403
