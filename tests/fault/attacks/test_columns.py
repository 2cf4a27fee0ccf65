"""Somebody with the owner's rights changes one column on which a decision, a page or an export rests; the self-check tells which.

One laboratory for all attacks: each is done and checked in a transaction of the owner that is rolled back.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import CursorResult, create_engine, text
from sqlalchemy.orm import sessionmaker

from services.chain_of_custody.app import create_app, make_runtime
from services.chain_of_custody.service import verify_spectrum
from services.chain_of_custody.service.ledger_keys import load_verifier_key
from services.chain_of_custody.service.verify_ledger import find_wrongs
from shared.config import Settings
from shared.db.unit_of_work import UnitOfWork
from shared.runtime import Runtime
from tests.calls import ADMIN, CUSTODIAN, REVIEWER, TECHNICIAN
from tests.database import make_settings
from tests.integration.chain_of_custody.house import (
    CUSTODIAN2,
    SIGNED,
    act,
    as_service,
    call,
    events,
    exhibit,
    handed,
    mass,
    offered,
    opened,
    receipt,
    sequence,
    signed_by,
    tell_people,
    weighed,
)
from tests.integration.spectra import house as spectra_house

SAYS = ": its row is not what its events say"
#: (attack, words of the finding); `$name` is an id of the history.
ATTACKS = [
    # (a) an aliquot's facts
    *(
        (f"UPDATE items SET {change} WHERE id = '$aliquot'", f"first event says: {column}")
        for column, change in (
            ("number", "number = 'S26-9'"),
            ("description", "description = 'flour'"),
            ("programme", "programme = 'WINE'"),
            ("created_at", "created_at = created_at - interval '1 day'"),
            ("kind", "kind = 'authentic'"),
            ("office", "office = 'BKK'"),
            ("exhibit_id", "exhibit_id = 'another'"),
            ("seizure_id", "seizure_id = 'another'"),
            ("root_id", "root_id = id"),
            ("most_mg", "most_mg = 1e9"),
        )
    ),
    # (b) a composite's
    *(
        (f"UPDATE items SET {change} WHERE id = '$composite'", f"first event says: {column}")
        for column, change in (
            ("office", "office = 'BKK'"),
            ("number", "number = 'S26-9-C9'"),
            ("description", "description = 'composite of nothing'"),
            ("programme", "programme = 'WINE'"),
            ("kind", "kind = 'authentic'"),
            ("submission_id", "submission_id = 'another'"),
            ("receipt_number", "receipt_number = 'R26-9'"),
            ("most_mg", "most_mg = 1e9"),
        )
    ),
    ("UPDATE composite_parts SET net_mass_mg = 1", "first event of the composite says: net_mass_mg"),
    ("DELETE FROM composite_parts", "stands in an event, but its row is gone"),
    # (c) a spectrum's state, reason and lock
    ("UPDATE spectra SET state = 'verified' WHERE id = '$bad'", "spectrum $bad: its row is not what its events say: state"),
    ("UPDATE spectra SET reason = NULL WHERE id = '$bad'", "its events say: reason"),
    ("UPDATE spectra SET state = 'quarantined' WHERE id = '$good'", "its events say: state"),
    ("UPDATE spectra SET retain_until = now()", "its events say: retain_until"),
    ("UPDATE spectra SET acquired_at = now()", "its events say: acquired_at"),
    ("UPDATE spectra SET uploaded_by = 'x'", "its events say: uploaded_by"),
    # (d) the most that an unweighed item can hold
    ("UPDATE items SET most_mg = 1e9 WHERE id = '$unweighed'", "first event says: most_mg"),
    ("UPDATE items SET created_at = now() WHERE id = '$unweighed'", "first event says: created_at"),
    ("UPDATE items SET line = 99 WHERE id = '$unweighed'", "first event says: line"),
    # (e) who asked for a disposal, who authorised, who did it
    *(
        (f"UPDATE disposals SET {column} = 'x' WHERE id = '$disposal'", f"disposal $disposal{SAYS}: {column}")
        for column in ("requested_by", "authorised_by", "executed_by", "witness", "purpose", "method")
    ),
    *(
        (f"UPDATE disposals SET {column} = now() WHERE id = '$disposal'", f"its events say: {column}")
        for column in ("requested_at", "authorised_at", "executed_at")
    ),
    ("UPDATE disposals SET state = 'authorised' WHERE id = '$disposal'", "its events say: state"),
    ("DELETE FROM disposals", "disposal $disposal stands in an event, but its row is gone"),
    # (g) why and by whom something is on hold, and what
    ("UPDATE holds SET reason = 'none'", "hold $hold: its row is not what its events say: reason"),
    ("UPDATE holds SET placed_by = 'x'", "its events say: placed_by"),
    ("UPDATE holds SET placed_at = now()", "its events say: placed_at"),
    ("UPDATE holds SET release_reason = 'x'", "its events say: release_reason"),
    ("DELETE FROM hold_items WHERE item_id = '$held_aliquot'", "hold of $held_aliquot by $hold stands in an event"),
    ("INSERT INTO hold_items VALUES ('$hold', '$unweighed')", "hold of $unweighed by $hold stands in no event"),
    # (h) what an offer said
    *(
        (f"UPDATE handovers SET {column} = 'x' WHERE id = '$offer'", f"hand-over $offer{SAYS}: {column}")
        for column in ("purpose", "giver", "giver_name", "receiver_name", "reason")
    ),
    ("UPDATE handovers SET offered_at = now() WHERE id = '$offer'", "its events say: offered_at"),
    ("UPDATE handovers SET ended_at = now() WHERE id = '$offer'", "its events say: ended_at"),
    ("UPDATE handover_items SET pending = false WHERE handover_id = '$offer'", "its events say: pending"),
    ("DELETE FROM handover_items WHERE handover_id = '$offer'", "in hand-over $offer stands in an event, but its row is gone"),
    # Tables that only grow
    ("DELETE FROM corrections", "correction $correction stands in an event, but its row is gone"),
    ("UPDATE corrections SET corrects = event_id", "its events say: corrects"),
    ("UPDATE transfers SET giver = 'x' WHERE giver IS NOT NULL", "its event says: giver"),
    ("UPDATE transfers SET receiver = 'x'", "its event says: receiver"),
    ("DELETE FROM transfers WHERE item_id = '$unweighed'", "its row counts 1 transfers, there are 0"),
    ("UPDATE discrepancies SET detail = 'x'", "discrepancy $discrepancy: its row is not what its events say: detail"),
    ("UPDATE discrepancies SET opened_at = now()", "its events say: opened_at"),
    ("UPDATE discrepancies SET resolved_at = now()", "its events say: resolved_at"),
    ("DELETE FROM discrepancies", "discrepancy $discrepancy stands in an event, but its row is gone"),
    ("UPDATE balance_calibrations SET next_due = next_due + 1", "balance XPR205: the register is not what"),
    ("UPDATE balance_calibrations SET calibrated_on = calibrated_on - 1", "balance XPR205: the register is not what"),
    ("UPDATE balances SET serial_number = 'x'", "balance XPR205: the register is not what"),
    ("UPDATE locations SET capacity = NULL WHERE id = '$place'", "its row is not what its changes say"),
    ("UPDATE locations SET enter_roles = NULL, enter_logins = NULL WHERE id = '$place'", "its row is not what its changes say"),
    ("UPDATE locations SET closed = true WHERE id = 'vault'", "its row is not what its changes say"),
    ("UPDATE locations SET stored = 3 WHERE id = 'vault'", "its row counts 3 items, there are 0"),
    ("DELETE FROM location_changes", "its row is not what its changes say"),
    ("DELETE FROM location_changes", "change of place $place, version 1 stands in an event, but its row is gone"),
    # A place together with its history
    (
        "WITH told AS (UPDATE location_changes SET after = jsonb_set(after, '{capacity}', '9') WHERE location_id = '$place') "
        "UPDATE locations SET capacity = 9 WHERE id = '$place'",
        "change of place $place, version 1: its row is not what its events say: after",
    ),
    ("UPDATE location_changes SET actor = 'x'", "its events say: actor"),
    ("UPDATE location_changes SET at = at - interval '1 day'", "its events say: at"),
    ("UPDATE location_changes SET reason = 'x'", "its events say: reason"),
    (
        "UPDATE locations SET parent_id = 'cold-room', path = 'Laboratory / Cold room / Safe' WHERE id = '$place'",
        "place Laboratory / Cold room / Safe stands elsewhere than its acts say",
    ),
    (
        "UPDATE locations SET name = 'Attic', path = 'Laboratory / Attic' WHERE id = 'vault'",
        "place Laboratory / Vault / Cabinet A stands elsewhere than its acts say, or is called so",
    ),
    # Whose account is open, and what they may
    ("UPDATE people SET active = false WHERE login = 'technician'", f"account technician{SAYS}: active"),
    ("UPDATE people SET active = true WHERE login = 'gone'", f"account gone{SAYS}: active"),
    ("UPDATE people SET role = 'analyst' WHERE login = 'technician'", f"account technician{SAYS}: role"),
    ("UPDATE people SET name = 'x' WHERE login = 'technician'", f"account technician{SAYS}: name"),
    ("UPDATE people SET office = 'BKK' WHERE login = 'bogota'", f"account bogota{SAYS}: office"),
    ("INSERT INTO people VALUES ('x', 'X', 'custodian', NULL, true)", "account x stands in no event"),
    ("DELETE FROM people WHERE login = 'gone'", "account gone stands in an event, but its row is gone"),
    ("DELETE FROM events WHERE subject = 'account:gone'", "of the log, is missing"),
    ("UPDATE events SET subject = 'account:x' WHERE subject = 'account:gone'", "its subject is not that of its record"),
]  # fmt: skip


def _done(answer: Any) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.data
    return dict(answer.json)


def _substance(client: FlaskClient) -> dict[str, str]:
    """An aliquot, a composite, and something on hold together with its aliquot, weighed on a registered balance."""
    today = datetime.now(UTC).date()
    balance = {
        "name": "XPR205", "serial_number": "B1", "readability_mg": 0.01, "repeatability_mg": 0.02,
        "calibrated_on": f"{today}", "next_due": f"{today.replace(year=today.year + 1)}",
    }  # fmt: skip
    _done(call(client, "POST", "/balances", balance, actor=ADMIN))
    item_id = weighed(client)
    aliquot = _done(act(client, item_id, "aliquots", mass(20, purpose="profile")))["id"]
    parts = [{"item_id": found, **mass(5)} for found in (item_id, aliquot)]
    composite = _done(call(client, "POST", "/composites", {"parts": parts, "purpose": "x"}, actor=TECHNICIAN))
    hold = _done(act(client, item_id, "holds", {"reason": "court order", **SIGNED}, CUSTODIAN))
    last = events(client, item_id)[-1]
    reason = {
        "event_id": last["id"],
        "reason": "misread",
        "corrected": {"purpose": "court order 2"},
        **SIGNED,
    }
    correction = _done(act(client, item_id, "corrections", reason, CUSTODIAN))
    return {
        "item": item_id, "aliquot": aliquot, "held_aliquot": aliquot, "composite": composite["id"], "hold": hold["id"],
        "correction": correction["id"],
    }  # fmt: skip


def _spectra(client: FlaskClient, runtime: Runtime) -> dict[str, str]:
    item_id = handed(client)
    found = {
        "good": spectra_house.uploaded(client, item_id, b"CDF\x01 one"),
        "bad": spectra_house.uploaded(client, item_id, b"CDF\x01 two", sha256="0" * 64),
    }
    for spectrum_id in found.values():
        verify_spectrum.verify_spectrum(runtime, spectrum_id)
    return found


def _house(client: FlaskClient) -> dict[str, str]:
    place = {
        "name": "Safe",
        "parent_id": "vault",
        "capacity": 3,
        "access": {"roles": ["custodian"], "logins": []},
    }
    disposal = _done(
        act(client, opened(client), "disposals", {"method": "incineration", "purpose": "case closed", **SIGNED}, CUSTODIAN)
    )["id"]  # fmt: skip
    _done(call(client, "POST", f"/disposals/{disposal}/authorise", SIGNED, actor=REVIEWER))
    body = {"witness": "custodian2", "witness_password": "verified", **SIGNED}
    path = f"/disposals/{disposal}/execute"
    _done(signed_by(client, path, body, CUSTODIAN, CUSTODIAN2, actor=CUSTODIAN))
    blocked = exhibit(blocked=True)
    _done(as_service(client, "intake", "POST", "/internal/items", receipt([blocked])))
    unweighed = opened(client)
    return {
        "place": _done(call(client, "POST", "/locations", place, actor=ADMIN))["id"],
        "disposal": disposal,
        "offer": offered(client, [opened(client)]),
        "unweighed": unweighed,
        "discrepancy": f"receipt:{blocked['exhibit_id']}",
    }


@pytest.fixture(scope="module")
def house(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Settings, dict[str, str], Any]]:
    settings = make_settings(postgres_server, f"t_columns_{os.getpid()}", tmp_path_factory.mktemp("columns"))
    runtime = make_runtime(settings)
    client = create_app(settings, runtime).test_client()
    tell_people(client)
    found = _substance(client) | _house(client) | _spectra(client, runtime)
    sequence(runtime)
    owner = create_engine(settings.owner_database_url())
    yield settings, found, sessionmaker(owner)
    owner.dispose()
    runtime.engine.dispose()


def _wrongs(settings: Settings, sessions: Any, attack: str | None) -> list[str]:
    with UnitOfWork(sessions, "chain_of_custody") as uow:
        uow.session.execute(text("SET LOCAL search_path = chain_of_custody"))
        uow.session.execute(text("SET LOCAL session_replication_role = replica"))
        if attack is not None:
            done = uow.session.execute(text(attack))
            assert isinstance(done, CursorResult) and done.rowcount > 0, "the attack touches nothing"
        return find_wrongs(uow, load_verifier_key(settings.keys_dir))[1]


def test_the_house_is_whole_before_the_attacks(house: Any) -> None:
    """Whatever is found below, the attack did it."""
    settings, _, sessions = house
    assert _wrongs(settings, sessions, None) == []


@pytest.mark.rule("E8", "E11", "E12", "E17", "E22")
@pytest.mark.parametrize(("attack", "words"), ATTACKS)
def test_a_column_changed_without_an_act(house: Any, attack: str, words: str) -> None:
    """What a row says is not what the events say, and the finding names row and column."""
    settings, found, sessions = house
    for name, value in sorted(found.items(), key=lambda named: -len(named[0])):
        attack, words = attack.replace(f"${name}", value), words.replace(f"${name}", value)
    findings = _wrongs(settings, sessions, attack)
    assert any(words in finding for finding in findings), findings
