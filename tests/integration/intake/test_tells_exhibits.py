"""What the classifier asks of intake for its statistics."""

from flask.testing import FlaskClient

from tests.calls import CUSTODIAN, as_service, call
from tests.integration.intake.builders import EXTRA, dispatched, line, receive, seen


def test_where_and_when_exhibits_were_seized(client: FlaskClient) -> None:
    lines = [line(1, seized_on="2026-02-03", seized_country="PE"), line(2)]
    sent = dispatched(client, lines)
    receipt = receive(client, sent["id"], [seen(1), seen(2)], [EXTRA]).json
    ids = {row["line"]: row["id"] for row in receipt["exhibits"]}
    path = f"/internal/exhibits?ids={','.join(ids.values())},nobody"
    answer = as_service(client, "classifier", "GET", path)
    assert answer.status_code == 200, answer.data
    told = {row["exhibit_id"]: row for row in answer.json["items"]}
    assert set(told) == set(ids.values())
    assert (told[ids[1]]["seized_on"], told[ids[1]]["seized_country"]) == ("2026-02-03", "PE")
    assert told[ids[None]]["seized_country"] is None
    assert told[ids[1]]["kind"] == "seizure"
    assert told[ids[1]]["received_on"] == receipt["received_at"][:10]
    assert as_service(client, "chain_of_custody", "GET", path).status_code == 403
    assert call(client, "GET", path, actor=CUSTODIAN, prefix="").status_code == 403
