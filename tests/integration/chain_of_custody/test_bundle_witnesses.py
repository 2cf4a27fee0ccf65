"""Which head a bundle carries where there are several witnesses, and what `siglab-verify --witness` demands of it (E20, E21)."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient

from services.chain_of_custody.app import create_app, make_runtime
from services.chain_of_custody.repository import attestations
from services.chain_of_custody.repository import ledger as repository
from services.chain_of_custody.service import ask_witnesses as asking
from services.chain_of_custody.service import copy_heads
from services.chain_of_custody.service.ledger_keys import load_verifier_key
from shared.config import Witness
from shared.runtime import Runtime
from siglab_clients.tlog.cosignatures import WitnessKey, cosign, parse_witness_key, witness_key
from siglab_clients.verify.check_bundle import check_bundle
from siglab_clients.verify.cli import main
from siglab_clients.verify.findings import Verdict
from tests.calls import BOGOTA
from tests.database import make_settings
from tests.integration.chain_of_custody import house
from tests.integration.chain_of_custody.house import TOLD, call, opened, sequence

pytestmark = pytest.mark.rule("E20")

_numbers = itertools.count()
_KEYS = {name: Ed25519PrivateKey.generate() for name in ("one", "two", "three")}
LINES = {name: str(witness_key(f"{name}.example/w", key)) for name, key in _KEYS.items()}


@pytest.fixture
def runtime(postgres_server: str, tmp_path: Path) -> Iterator[Runtime]:
    found = make_runtime(
        make_settings(postgres_server, f"t_bundle_heads_{next(_numbers)}", tmp_path / "data")
    )
    witnesses = tuple(Witness(LINES[name], "http://127.0.0.1:9") for name in ("one", "two"))
    found.settings = replace(found.settings, witnesses=witnesses)
    yield found
    found.engine.dispose()


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    client = create_app(runtime.settings, runtime).test_client()
    house.tell_people(client)
    return client


def grown(client: FlaskClient, runtime: Runtime, *names: str, stamped: bool = False) -> str:
    """A new item whose head these witnesses cosign."""
    item_id = opened(client)
    sequence(runtime)
    now = datetime.now(UTC)
    with runtime.unit_of_work() as uow:
        head = repository.newest_checkpoint(uow.session)
        assert head is not None
        text = head.note.rpartition("\n\n")[0] + "\n"
        for name in names:
            line = cosign(text, f"{name}.example/w", _KEYS[name], int(now.timestamp()))
            attestations.add_cosignature(
                uow.session, size=head.size, witness=LINES[name], line=line, cosigned_at=now
            )
        if stamped:
            attestations.add_timestamp(
                uow.session, size=head.size, authority="a", token=b"stamp", stamped_at=now
            )
        uow.commit()
    return item_id


def checked(client: FlaskClient, runtime: Runtime, item_id: str, *names: str) -> Verdict:
    raw = call(client, "GET", f"/items/{item_id}/bundle.zip", actor=BOGOTA).data
    witnesses: list[WitnessKey] = [parse_witness_key(LINES[name]) for name in names]
    return check_bundle(raw, load_verifier_key(runtime.settings.keys_dir), witnesses=witnesses)


def size_of(verdict: Verdict) -> int:
    assert verdict.checkpoint is not None
    return verdict.checkpoint.size


@pytest.mark.rule("E21")
def test_a_bundle_carries_the_head_that_most_witnesses_cosigned(
    client: FlaskClient, runtime: Runtime
) -> None:
    first = grown(client, runtime, "one")
    grown(client, runtime, "one", "two")
    grown(client, runtime, "two", "one")
    last = grown(client, runtime, "two")
    verdict = checked(client, runtime, first, "one", "two")
    assert verdict.ok and size_of(verdict) == TOLD + 3 and len(verdict.cosigned) == 2
    verdict = checked(client, runtime, last, "two")
    assert verdict.ok and size_of(verdict) == TOLD + 4
    verdict = checked(client, runtime, last, "one", "two")
    assert [finding.code for finding in verdict.findings] == ["witness"]
    assert "not cosigned by the witness one.example/w" in verdict.findings[0].message


def test_the_configured_witnesses_count_and_then_any(client: FlaskClient, runtime: Runtime) -> None:
    first = grown(client, runtime, "one")
    second = grown(client, runtime, "three")
    third = grown(client, runtime)
    assert size_of(checked(client, runtime, first, "one")) == TOLD + 1
    assert size_of(checked(client, runtime, second, "three")) == TOLD + 2
    assert size_of(checked(client, runtime, third)) == TOLD + 3


def test_of_heads_with_as_many_cosignatures_a_stamped_one_is_carried(
    client: FlaskClient, runtime: Runtime
) -> None:
    first = grown(client, runtime, "one", "two", stamped=True)
    second = grown(client, runtime, "one", "two")
    third = grown(client, runtime, stamped=True)
    grown(client, runtime)
    verdict = checked(client, runtime, first, "one", "two")
    assert (
        size_of(verdict) == TOLD + 1 and "a time stamp of an authority is in the bundle" in verdict.notes[0]
    )
    assert size_of(checked(client, runtime, second, "one", "two")) == TOLD + 2
    assert size_of(checked(client, runtime, third)) == TOLD + 3


def test_each_witness_that_is_given_is_demanded(
    client: FlaskClient, runtime: Runtime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item_id = grown(client, runtime, "one", "two")
    (tmp_path / "b.zip").write_bytes(call(client, "GET", f"/items/{item_id}/bundle.zip", actor=BOGOTA).data)
    given = [str(tmp_path / "b.zip"), "--key", str(load_verifier_key(runtime.settings.keys_dir))]
    both = ["--witness", LINES["one"], "--witness", LINES["two"]]
    assert main([*given, *both]) == 0
    said = capsys.readouterr().out
    assert "Cosigned by the witness one.example/w" in said and "Cosigned by the witness two.example/w" in said
    assert main([*given, *both, "--witness", LINES["three"]]) == 1
    assert "not cosigned by the witness three.example/w" in capsys.readouterr().out


def test_all_witnesses_are_asked_for_one_head_though_the_log_grows(
    client: FlaskClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(client)
    sequence(runtime)
    keys = {f"{name}.example/w": key for name, key in _KEYS.items()}

    def post(url: str, body: bytes, **_: object) -> SimpleNamespace:
        """Each witness cosigns what it is asked for; the log grows while it does."""
        opened(client)
        sequence(runtime)
        note = body.decode().partition("\n\n")[2]
        text = note.rpartition("\n\n")[0] + "\n"
        name = f"{url.split('/')[2]}.example/w"
        return SimpleNamespace(status=200, body=cosign(text, name, keys[name], 1_800_000_000).encode())

    monkeypatch.setattr(asking.outbound, "post", post)
    witnesses = tuple(Witness(LINES[name], f"http://{name}") for name in ("one", "two"))
    runtime.settings = replace(runtime.settings, witnesses=witnesses)
    asking.ask_witnesses(runtime)
    with runtime.unit_of_work() as uow:
        assert attestations.fully_cosigned_size(uow.session, {LINES["one"], LINES["two"]}) == TOLD + 1


def test_an_old_question_to_a_witness_that_knows_more_is_no_contradiction(
    client: FlaskClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown(client, runtime)
    with runtime.unit_of_work() as uow:
        old = repository.newest_checkpoint(uow.session)
    grown(client, runtime)
    monkeypatch.setattr(
        asking.outbound, "post", lambda *_, **__: SimpleNamespace(status=409, body=b"%d\n" % (TOLD + 2))
    )
    assert not asking.ask_witness(runtime, runtime.settings.witnesses[0], old)
    with runtime.unit_of_work() as uow:
        assert attestations.attempts(uow.session, attestations.CONTRADICTION) == []
        [attempt] = attestations.attempts(uow.session, attestations.WITNESS)
    assert attempt.error is not None and "meanwhile" in attempt.error


def test_what_all_witnesses_cosigned_is_stamped(
    client: FlaskClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamped: list[int] = []
    monkeypatch.setattr(copy_heads, "stamp_head", lambda _, size, __: stamped.append(size))
    grown(client, runtime, "one", "two")
    grown(client, runtime, "one")
    copy_heads.copy_head(runtime)
    grown(client, runtime, "one", "two", stamped=True)
    grown(client, runtime, "one")
    copy_heads.copy_head(runtime)
    assert stamped == [TOLD + 1, TOLD + 4]
