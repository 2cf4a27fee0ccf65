"""Rows whose state changes are kept for the owner too: never deleted or emptied, changed in their state alone, and forward."""

from collections.abc import Iterator

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url

from shared.runtime import Runtime
from tests.calls import CUSTODIAN, REVIEWER, TECHNICIAN
from tests.integration.chain_of_custody.house import (
    SIGNED,
    act,
    call,
    handed,
    mass,
    offered,
    opened,
    tell_people,
)
from tests.integration.spectra import house as spectra_house

pytestmark = pytest.mark.rule("E12")

TABLES = (
    "items", "handovers", "handover_items", "holds", "disposals", "discrepancies", "spectra", "object_copies", "uploads",
    "scrub_rounds", "store_findings", "overdue", "people", "locations", "series",
)  # fmt: skip
CHANGES = (
    "disposals SET authorised_by = 'custodian2'", "disposals SET requested_by = 'x'", "disposals SET purpose = 'x'",
    "disposals SET state = 'requested'", "disposals SET item_id = (SELECT id FROM items LIMIT 1 OFFSET 1)",
    "handovers SET purpose = 'x'", "handovers SET giver_name = 'x'", "handovers SET offered_at = now()",
    "handovers SET state = 'offered' WHERE state = 'accepted'", "handover_items SET pending = true WHERE NOT pending",
    "handover_items SET number = number || 'x'", "holds SET reason = 'x'", "holds SET placed_by = 'x'",
    "holds SET released_by = 'x' WHERE released_by IS NOT NULL", "holds SET released_at = NULL WHERE released_at IS NOT NULL",
    "discrepancies SET detail = 'x'", "spectra SET version_id = 'x'", "spectra SET retain_until = now()",
    "spectra SET declared_sha256 = 'x'", "items SET number = number || 'x'", "items SET office = 'BKK'",
    "items SET most_mg = 1e9",
    "items SET created_at = now()", "items SET events = events - 1", "items SET root_id = 'x'",
)  # fmt: skip


@pytest.fixture(scope="module")
def history(client: FlaskClient) -> None:
    tell_people(client)
    item_id = opened(client)
    ask = {"method": "incineration", "purpose": "case closed", **SIGNED}
    disposal = act(client, item_id, "disposals", ask, CUSTODIAN).json["id"]
    assert call(client, "POST", f"/disposals/{disposal}/authorise", SIGNED, actor=REVIEWER).status_code == 200
    hold = act(client, opened(client), "holds", {"reason": "appeal", **SIGNED}, CUSTODIAN).json["id"]
    done = call(client, "POST", f"/holds/{hold}/release", {"reason": "over", **SIGNED}, actor=CUSTODIAN)
    assert done.status_code == 200, done.data
    offered(client, [opened(client)])
    weighed = handed(client)
    spectra_house.uploaded(client, weighed, b"CDF\x01")
    assert act(client, weighed, "weighings", mass(500, 0.4, balance="b"), TECHNICIAN).status_code == 201
    assert act(client, weighed, "weighings", mass(400, 0.4, balance="b"), TECHNICIAN).json["blocked"]


@pytest.fixture
def owner(history: None, runtime: Runtime) -> Iterator[psycopg.Connection]:
    """The owner of the tables; what was done is undone."""
    url = make_url(runtime.settings.owner_database_url()).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        connection.execute("SET search_path = chain_of_custody")
        yield connection
        connection.rollback()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("how", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_nobody_takes_rows_away(owner: psycopg.Connection, table: str, how: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute(how.format(table).encode())


@pytest.mark.parametrize("change", CHANGES)
def test_a_row_changes_in_its_state_alone_and_forward(owner: psycopg.Connection, change: str) -> None:
    table, _, rest = change.partition(" ")
    condition = rest.partition(" WHERE ")[2] or "true"
    found = owner.execute(f"SELECT count(*) FROM {table} WHERE {condition}".encode()).fetchone()
    assert found and found[0], "there is nothing to change"
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only forward"):
        owner.execute(f"UPDATE {change}".encode())
