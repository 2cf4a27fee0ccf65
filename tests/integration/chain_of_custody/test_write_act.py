"""One act in one statement: what is stored, what the session then believes, and a history that moved on."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event as events
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.models import Event, Item
from services.chain_of_custody.repository import items as repository
from services.chain_of_custody.repository.write_act import write_act
from services.chain_of_custody.service.record_event import make_event
from shared.runtime import Runtime
from tests.calls import TECHNICIAN
from tests.integration.chain_of_custody.house import handed


def test_the_item_and_its_event_are_stored_and_nothing_is_sent_again(
    client: FlaskClient, runtime: Runtime
) -> None:
    item_id = handed(client)
    now = runtime.clock()
    with runtime.unit_of_work() as uow:
        row = repository.lock_item(uow.session, TECHNICIAN, item_id)
        row.blocked, row.seal_number = True, None
        made, _ = make_event(
            row, "sealed", author=Author.of(TECHNICIAN), now=now, purpose="x", occurred_at=now - timedelta(1)
        )
        write_act(uow.session, row, made)
        sent: list[str] = []
        listen = (runtime.engine, "before_cursor_execute", lambda *told: sent.append(told[2]))
        events.listen(*listen)
        uow.session.flush()
        events.remove(*listen)
        assert sent == []
        uow.commit()
    with runtime.unit_of_work() as uow:
        row = uow.session.scalars(select(Item).where(Item.id == item_id)).one()
        stored = uow.session.scalars(select(Event).where(Event.id == made.id)).one()
    assert (row.blocked, row.seal_number) == (True, None)
    assert (row.events, row.last_digest, row.state) == (made.sequence, made.digest, "blocked")
    names = ("item_id", "sequence", "type", "occurred_at", "recorded_at", "record", "digest", "salt")
    assert [getattr(stored, name) for name in names] == [getattr(made, name) for name in names]


@pytest.mark.rule("E11")
def test_an_event_never_follows_another_history(client: FlaskClient, runtime: Runtime) -> None:
    item_id = handed(client)
    with runtime.unit_of_work() as uow:
        row = repository.lock_item(uow.session, TECHNICIAN, item_id)
        stands = row.events
        row.events += 1
        author = Author.of(TECHNICIAN)
        made, _ = make_event(row, "sealed", author=author, now=runtime.clock(), purpose="x")
        with pytest.raises(StaleDataError):
            write_act(uow.session, row, made)
    with runtime.unit_of_work() as uow:
        assert uow.session.scalars(select(Item.events).where(Item.id == item_id)).one() == stands
