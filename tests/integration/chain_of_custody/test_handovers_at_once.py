"""Many hands at the same moment: one offer, one acceptance, no deadlock whatever the order of the items."""

import threading
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.calls import CUSTODIAN, TECHNICIAN
from tests.integration.chain_of_custody.house import SIGNED, call, events, item, offered, opened


def together(acts: list[Callable[[], int]]) -> list[int]:
    """The statuses of acts that run at the same time, sorted."""
    said: list[int] = []
    threads = [threading.Thread(target=lambda act=act: said.append(act())) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said)


@pytest.mark.rule("E8")
def test_of_many_who_offer_and_accept_at_once_one_succeeds(client: FlaskClient) -> None:
    ids = [opened(client) for _ in range(4)]
    app = client.application

    def offer(order: list[str]) -> Callable[[], int]:
        body = {"item_ids": order, "to": "technician", "purpose": "analysis"}
        return lambda: call(app.test_client(), "POST", "/handovers", body, actor=CUSTODIAN).status_code

    assert together([offer(ids[k % 4 :] + ids[: k % 4]) for k in range(6)]) == [201] + [409] * 5
    listed = call(client, "GET", f"/handovers?item_id={ids[0]}&state=offered", actor=TECHNICIAN).json["items"]
    path = f"/handovers/{listed[0]['id']}/accept"

    def accept() -> int:
        return call(app.test_client(), "POST", path, SIGNED, actor=TECHNICIAN).status_code

    assert together([accept] * 6) == [200] + [409] * 5
    for item_id in ids:
        kinds = [event["type"] for event in events(client, item_id)]
        assert kinds == ["received", "handover_offered", "handed_over"]


@pytest.mark.rule("E16")
def test_a_word_in_the_body_is_no_signature(client: FlaskClient) -> None:
    item_id = opened(client)
    offer = offered(client, [item_id])
    raw = b'{"password": "verified"}'
    answer = call(client, "POST", f"/handovers/{offer}/accept", raw, actor=TECHNICIAN)
    assert (answer.status_code, answer.json["code"]) == (403, "wrong_password")
    assert item(client, item_id)["holder"]["name"] == "custodian"
