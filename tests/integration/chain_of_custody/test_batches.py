"""Acts upon many items ask the database as often as acts upon few: what a batch costs beside its rows does not grow."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from shared.runtime import Runtime
from tests.calls import CUSTODIAN, TECHNICIAN
from tests.integration.chain_of_custody.house import SIGNED, as_service, call, exhibit, offered, receipt


@contextmanager
def _statements(runtime: Runtime) -> Iterator[list[str]]:
    """What is sent to the database meanwhile; one statement with many rows of parameters counts once, as it is sent."""
    found: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    event.listen(runtime.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(runtime.engine, "before_cursor_execute", note)


def _received(client: FlaskClient, count: int) -> list[str]:
    told = receipt([exhibit() for _ in range(count)])
    made = as_service(client, "intake", "POST", "/internal/items", told)
    assert made.status_code == 200, made.data
    return [row["item_id"] for row in made.json["items"]]


def _accept(client: FlaskClient, ids: list[str]) -> None:
    done = call(client, "POST", f"/handovers/{offered(client, ids)}/accept", SIGNED, actor=TECHNICIAN)
    assert done.status_code == 200, done.data


def _store(client: FlaskClient, ids: list[str]) -> None:
    body = {"item_ids": ids, "place": "vault-a-1", "purpose": "storage"}
    done = call(client, "POST", "/moves", body, actor=CUSTODIAN)
    assert done.status_code in (200, 201), done.data


@pytest.mark.parametrize("act", [_accept, _store], ids=["hand-over", "move"])
def test_many_items_take_no_more_statements_than_few(
    client: FlaskClient, runtime: Runtime, act: Callable[[FlaskClient, list[str]], None]
) -> None:
    counts = []
    for size in (3, 40):
        ids = _received(client, size)
        with _statements(runtime) as sent:
            act(client, ids)
        counts.append(len(sent))
    assert counts[0] == counts[1] > 5


def test_a_receipt_takes_no_more_statements_for_many_exhibits(client: FlaskClient, runtime: Runtime) -> None:
    counts = []
    for size in (3, 40):
        with _statements(runtime) as sent:
            _received(client, size)
        counts.append(len(sent))
    assert counts[0] == counts[1] > 1
