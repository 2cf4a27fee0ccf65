"""Whatever several people do with several items, the events alone tell one holder at every moment, with no gap (E8)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    multiple,
    rule,
    run_state_machine_as_test,
)

from services.chain_of_custody.app import create_app, make_runtime
from shared.actor import Actor
from shared.config import Settings
from tests.calls import AUDITOR, BOGOTA, CUSTODIAN, REVIEWER, SCIENTIST, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    CUSTODIAN2,
    SIGNED,
    TECHNICIAN2,
    act,
    call,
    events,
    item,
    mass,
    opened,
    signed_by,
    tell_account,
    tell_people,
)

PEOPLE = {
    who.login: who for who in (CUSTODIAN, CUSTODIAN2, TECHNICIAN, TECHNICIAN2, REVIEWER, SCIENTIST, BOGOTA)
}
PLACES = ("vault", "vault-a-1", "cold-room-1")
#: Acts after which somebody else, or another place, has the item; all others leave it where it is.
MOVING = ("received", "aliquot_made", "handed_over", "returned", "stored", "retrieved", "taken_over")

people = st.sampled_from(sorted(PEOPLE))


def holder_told(history: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Who has an item by its events alone; fails where a giver is not the last receiver, or two places follow each other."""
    holder: dict[str, str] | None = None
    for place, event in enumerate(history, 1):
        assert event["sequence"] == place
        assert event["previous"] == (history[place - 2]["digest"] if place > 1 else None)
        details = event["details"]
        assert ("receiver" in details) is (event["type"] in MOVING), event["type"]
        if event["type"] in MOVING:
            assert details["giver"] == holder, f"{event['type']}: the giver is not who had it"
            receiver = details["receiver"]
            assert not (holder and holder["kind"] == receiver["kind"] == "place")
            assert receiver["kind"] == "place" or event["actor"] == receiver["id"], "nobody takes for another"
            holder = receiver
        standing = event["standing"]
        assert holder is not None
        assert (standing["holder_kind"], standing["holder"]) == (holder["kind"], holder["id"])
    assert holder is not None
    return holder


class Succession(RuleBasedStateMachine):
    """Random people who try random acts; most are refused, and what is refused leaves nothing."""

    client: FlaskClient

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    items = Bundle("items")
    offers = Bundle("offers")

    @rule(target=items)
    def receive(self) -> str:
        return self._kept(opened(self.client))

    @rule(target=offers, ids=st.lists(items, min_size=1, max_size=3), who=people, to=people)
    def offer(self, ids: list[str], who: str, to: str) -> Any:
        body = {"item_ids": ids, "to": to, "purpose": "analysis"}
        made = self._try("/handovers", body, PEOPLE[who])
        return made["id"] if made else multiple()

    @rule(target=offers, item_id=items, to=people)
    def offer_what_one_has(self, item_id: str, to: str) -> Any:
        body = {"item_ids": [item_id], "to": to, "purpose": "analysis"}
        made = self._try("/handovers", body, self._hands(item_id))
        return made["id"] if made else multiple()

    @rule(item_id=items, place=st.sampled_from(PLACES))
    def store_what_one_has(self, item_id: str, place: str) -> None:
        self._try(f"/items/{item_id}/moves", {"place": place, "purpose": "storage"}, self._hands(item_id))

    @rule(offer=offers, who=people, end=st.sampled_from(("accept", "decline", "withdraw")))
    def end(self, offer: str, who: str, end: str) -> None:
        body = SIGNED if end == "accept" else {"reason": "another day"}
        self._try(f"/handovers/{offer}/{end}", body, PEOPLE[who])

    @rule(offer=consumes(offers))
    def end_rightly(self, offer: str) -> None:
        told = call(self.client, "GET", f"/handovers/{offer}", actor=AUDITOR).json
        self._try(f"/handovers/{offer}/accept", SIGNED, PEOPLE[told["to"]])

    @rule(ids=st.lists(items, min_size=1, max_size=3), who=people, place=st.sampled_from(PLACES))
    def store(self, ids: list[str], who: str, place: str) -> None:
        self._try("/moves", {"item_ids": ids, "place": place, "purpose": "storage"}, PEOPLE[who])

    @rule(
        ids=st.lists(items, min_size=1, max_size=2),
        who=st.sampled_from(("custodian", "custodian2", "technician")),
    )
    def take_out(self, ids: list[str], who: str) -> None:
        self._try("/retrievals", {"item_ids": ids, "purpose": "analysis"}, PEOPLE[who])

    @rule(target=items, item_id=items)
    def divide(self, item_id: str) -> Any:
        holder = self._hands(item_id)
        self._try(f"/items/{item_id}/weighings", mass(500, balance="XPR205"), holder)
        made = self._try(f"/items/{item_id}/aliquots", mass(1, 0.1, purpose="GC-MS"), holder)
        return self._kept(made["id"]) if made else multiple()

    @rule(
        item_id=items,
        leaver=people,
        who=st.sampled_from(("custodian", "custodian2")),
        holder_leaves=st.booleans(),
    )
    def take_over(self, item_id: str, leaver: str, who: str, holder_leaves: bool) -> None:
        """Somebody leaves, mostly who has the item, and a custodian tries to take it over; then they come back."""
        gone = self._hands(item_id) if holder_leaves else PEOPLE[leaver]
        tell_account(self.client, gone, active=False)
        body = {"reason": "left", "witness": "scientist", "witness_password": "verified", **SIGNED}
        path, taker = f"/items/{item_id}/takeovers", PEOPLE[who]
        answer = signed_by(self.client, path, body, taker, SCIENTIST, actor=taker)
        assert answer.status_code in (201, 404, 409), answer.data
        tell_account(self.client, gone, active=True)

    @rule(item_id=items, who=people)
    def hold(self, item_id: str, who: str) -> None:
        self._try(f"/items/{item_id}/holds", {"reason": "court order", **SIGNED}, PEOPLE[who])

    def _try(self, path: str, body: dict[str, Any], actor: Actor) -> Any:
        answer = call(self.client, "POST", path, body, actor=actor)
        assert answer.status_code in (200, 201, 403, 404, 409, 422), answer.data
        return answer.json if answer.status_code < 300 else None

    def teardown(self) -> None:
        """Every item's holder is the one that its events tell."""
        for item_id in self.seen:
            told = holder_told(events(self.client, item_id))
            name = told["name"] if told["kind"] == "place" else told["id"]
            assert item(self.client, item_id)["holder"] == {"kind": told["kind"], "name": name}

    def _hands(self, item_id: str) -> Actor:
        """Who has an item; the custodian where a place has it."""
        return PEOPLE.get(item(self.client, item_id)["holder"]["name"], CUSTODIAN)

    def _kept(self, item_id: str) -> str:
        self.seen.append(item_id)
        return item_id


def _machine(client: FlaskClient) -> type[Succession]:
    return type("SuccessionHere", (Succession,), {"client": client})


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[FlaskClient]:
    runtime = make_runtime(settings)
    made = create_app(settings, runtime).test_client()
    tell_people(made)
    yield made
    runtime.engine.dispose()


@pytest.mark.rule("E8")
def test_holders_follow_each_other_without_a_gap(client: FlaskClient) -> None:
    quietly = profile(
        max_examples=20,
        stateful_step_count=40,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(_machine(client), settings=quietly)


@pytest.mark.rule("E8")
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            lambda told: told[2]["details"].update(giver=told[1]["details"]["receiver"] | {"id": "x"}),
            "not who had it",
        ),
        (lambda told: told.pop(1), "assert"),
        (lambda told: told.insert(1, told.pop(2)), "assert"),
        (lambda told: told[2]["details"].pop("receiver"), "retrieved"),
        (lambda told: told[2].update(actor="technician"), "nobody takes for another"),
    ],
)
def test_a_gap_would_be_seen(client: FlaskClient, wrong: Callable[[list[Any]], Any], words: str) -> None:
    """The check itself can fail: a giver who never had it, an act left out, two acts swapped, a receiver who did not act."""
    item_id = opened(client)
    assert act(client, item_id, "moves", {"place": "vault", "purpose": "x"}, CUSTODIAN).status_code == 201
    assert act(client, item_id, "retrievals", {"purpose": "x"}, CUSTODIAN2).status_code == 201
    told = events(client, item_id)
    assert holder_told(told)["id"] == "custodian2"
    wrong(told)
    with pytest.raises(AssertionError, match=words):
        holder_told(told)
