"""Receipts of many exhibits: stored together, each item with its own event, in the order of the receipt."""

import pytest
from flask.testing import FlaskClient

from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.repository.items import person
from services.chain_of_custody.service.put_person import know_person
from shared.runtime import Runtime
from tests.integration.chain_of_custody.house import as_service, events, exhibit, receipt, sequence

CLERK = Author("custodian", "Cora", "custodian")


@pytest.mark.rule("E19")
def test_a_longer_receipt_opens_what_is_new(client: FlaskClient, runtime: Runtime) -> None:
    old, new = [exhibit() for _ in range(3)], [exhibit() for _ in range(40)]
    first = as_service(client, "intake", "POST", "/internal/items", receipt(old))
    mixed = [*new[:20], *old, *new[20:]]
    second = as_service(client, "intake", "POST", "/internal/items", receipt(mixed))
    assert [row["exhibit_id"] for row in second.json["items"]] == [row["exhibit_id"] for row in mixed]
    assert second.json["items"][20:23] == first.json["items"]
    assert all(len(events(client, row["item_id"])) == 1 for row in second.json["items"])
    sequence(runtime)
    places = [events(client, row["item_id"])[0]["index"] for row in second.json["items"]]
    assert places[:20] == list(range(places[0], places[0] + 20))
    assert places[23:] == list(range(places[19] + 1, places[19] + 21))


def test_a_receipt_with_an_exhibit_twice_opens_nothing(client: FlaskClient) -> None:
    told = exhibit()
    refused = as_service(client, "intake", "POST", "/internal/items", receipt([exhibit(), told, told]))
    assert refused.status_code >= 400
    again = as_service(client, "intake", "POST", "/internal/items", receipt([told]))
    assert again.status_code == 200 and len(events(client, again.json["items"][0]["item_id"])) == 1


@pytest.mark.rule("E8")
def test_a_holder_is_made_sure_of_again_after_a_transaction_was_taken_back(runtime: Runtime) -> None:
    with runtime.unit_of_work() as uow:
        know_person(uow, "nobody-told-of", "N. N.", "custodian", author=CLERK, now=runtime.clock())
        know_person(uow, "nobody-told-of", "N. N.", "custodian", author=CLERK, now=runtime.clock())
        uow.rollback()
        assert person(uow.session, "nobody-told-of") is None
        know_person(uow, "nobody-told-of", "N. N.", "custodian", author=CLERK, now=runtime.clock())
        uow.commit()
    with runtime.unit_of_work() as uow:
        assert person(uow.session, "nobody-told-of") is not None
