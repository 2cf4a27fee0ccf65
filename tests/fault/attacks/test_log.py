"""Somebody with the owner's rights, and at last with the log's own key, rewrites, cuts and forks the log; each is found."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from werkzeug.serving import make_server

from services.chain_of_custody.service.ledger_keys import load_origin, load_signing_key
from shared.crypto.ledger import commitment_entry, leaf_hash, sign_checkpoint
from siglab_clients.tlog.checkpoints import open_checkpoint
from siglab_clients.tlog.notes import parse_verifier_key
from siglab_clients.witness.add_checkpoint import Refused
from siglab_clients.witness.keys import new_signer
from siglab_clients.witness.server import Witness
from siglab_clients.witness.states import States
from tests.calls import AUDITOR
from tests.fault.attacks.scene import SIGLAB_VERIFY, Attacker, Scene
from tests.fault.storm.reckoning import root_of_leaves
from tests.integration.chain_of_custody.house import call, opened


@contextmanager
def published(scene: Scene) -> Iterator[str]:
    """The log at an address, as it is served to anybody."""
    server = make_server("127.0.0.1", 0, scene.client.application, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v1/ledger/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def verify_log(scene: Scene, kept: bytes | None = None) -> tuple[int, str]:
    """siglab-verify's exit status and words about the whole log, against a checkpoint that was kept."""
    since = []
    if kept is not None:
        path = scene.folder / "kept.checkpoint"
        path.write_bytes(kept)
        since = ["--since", str(path)]
    with published(scene) as address:
        command = [str(SIGLAB_VERIFY), "log", address, "--key", str(scene.key_file()), "--full", *since]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def cut(attacker: Attacker, size: int) -> None:
    """Everything behind the first `size` entries taken away, whatever told of it."""
    (gone,) = zip(*attacker.rows("SELECT event_id FROM log_entries WHERE index >= %s", size), strict=True)
    attacker.run("DELETE FROM events WHERE id = ANY(%s)", list(gone))
    attacker.run("DELETE FROM log_entries WHERE index >= %s", size)
    attacker.run("DELETE FROM log_hashes WHERE (index + 1) << level > %s", size)
    attacker.run("DELETE FROM log_checkpoints WHERE size > %s", size)
    attacker.run("DELETE FROM verifications WHERE size > %s", size)
    attacker.run("DELETE FROM items WHERE NOT EXISTS (SELECT 1 FROM events WHERE events.item_id = items.id)")
    attacker.run("DELETE FROM log_copies WHERE size > %s", size)


def sign_anew(scene: Scene, attacker: Attacker) -> None:
    """Every head signed again over the entries as they are now, with the log's own key."""
    query = (
        "SELECT event.record, event.salt FROM log_entries AS entry JOIN events AS event ON event.id = entry.event_id "
        "ORDER BY entry.index"
    )
    leaves = [leaf_hash(commitment_entry(json.loads(record), salt)) for record, salt in attacker.rows(query)]
    keys_dir = scene.settings.keys_dir
    origin, key = load_origin(keys_dir), load_signing_key(keys_dir)
    for (size,) in attacker.rows("SELECT size FROM log_checkpoints"):
        root = root_of_leaves(leaves[:size])
        note = sign_checkpoint(origin, size, root, key)
        attacker.run("UPDATE log_checkpoints SET root = %s, note = %s WHERE size = %s", root, note, size)


def rewrite(scene: Scene, attacker: Attacker) -> None:
    """Another name in one act, and all that follows from it made to fit, up to the tree's root."""
    records = [record for _, record in attacker.history(scene.item_id)]
    records[-1]["actor_name"] = "Somebody Else"
    attacker.rewrite_history(scene.item_id, records)
    attacker.rewrite_log()


def test_the_whole_log_verifies(scene: Scene) -> None:
    """Before any attack siglab-verify says so, also against a checkpoint that was kept."""
    code, said = verify_log(scene, scene.checkpoint())
    assert code == 0, said


@pytest.mark.rule("E19")
@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_tiles_hash_rewritten(scene: Scene, level: int) -> None:
    """A hash of a tile that was changed is not the one that the entries make; the self-check says which."""
    with scene.attacker() as attacker:
        attacker.run(
            "UPDATE log_hashes SET hash = decode(repeat('00', 32), 'hex') WHERE level = %s AND index = 1",
            level,
        )
    scene.finds(f"the stored hash of level {level}, number 1 is wrong")
    if level == 0:
        code, said = verify_log(scene)
        assert code == 1 and "tile" in said, said


@pytest.mark.rule("E19")
def test_an_entry_rewritten(scene: Scene) -> None:
    """An entry that was changed does not fit the event, nor the tile."""
    with scene.attacker() as attacker:
        attacker.run(
            "UPDATE log_entries SET entry = (SELECT entry FROM log_entries WHERE index = 1) WHERE index = 2"
        )
    scene.finds("entry 2 of the log: its record is not the one that the log commits to")
    code, said = verify_log(scene)
    assert code == 1 and "entr" in said, said


@pytest.mark.rule("E19", "E20")
def test_the_log_rewritten_without_the_key(scene: Scene) -> None:
    """Tiles rewritten up to the root do not lead to the signed head, for nobody who asks."""
    kept = scene.checkpoint()
    with scene.attacker() as attacker:
        rewrite(scene, attacker)
        size = attacker.value("SELECT max(size) FROM log_checkpoints")
    scene.finds(f"the checkpoint of {size} entries does not fit the entries")
    code, said = verify_log(scene, kept)
    assert code == 1, said


@pytest.mark.rule("E20")
def test_the_log_cut_off(scene: Scene) -> None:
    """A log that was cut with everything that told of it is short of a kept checkpoint, and of the copy in the locked store."""
    with scene.attacker() as attacker:
        size = attacker.value("SELECT max(size) FROM log_checkpoints")
    opened(scene.client)
    scene.sequence()
    assert scene.self_check() == []
    kept = scene.checkpoint()
    with scene.attacker() as attacker:
        cut(attacker, size)
    code, said = verify_log(scene, kept)
    assert code == 1 and "truncated" in said.lower(), said
    scene.finds(f"tells of {size + 1} entries, the log in the database has {size}: it was cut")


@pytest.mark.rule("E20")
def test_the_log_forked_with_its_own_key(scene: Scene) -> None:
    """Two heads of one size, both rightly signed: found by a kept checkpoint, by the copy in the locked store, by a witness."""
    kept = scene.checkpoint()
    with scene.attacker() as attacker:
        rewrite(scene, attacker)
        sign_anew(scene, attacker)
    key = parse_verifier_key(scene.key_file().read_text())
    ours, theirs = open_checkpoint(kept, key), open_checkpoint(scene.checkpoint(), key)
    assert ours.size == theirs.size and ours.root != theirs.root
    assert scene.verify_bundle(scene.bundle())[0] == 0, "nobody who has but this bundle could know"
    code, said = verify_log(scene, kept)
    assert code == 1 and "forked" in said.lower(), said
    findings = scene.self_check()
    assert findings and all("two different heads of" in finding for finding in findings), findings


@pytest.mark.rule("E20")
def test_the_log_forked_and_grown(scene: Scene) -> None:
    """A fork that has grown since is no continuation of a kept checkpoint."""
    kept = scene.checkpoint()
    with scene.attacker() as attacker:
        rewrite(scene, attacker)
        sign_anew(scene, attacker)
    opened(scene.client)
    scene.sequence()
    code, said = verify_log(scene, kept)
    assert code == 1 and "rewritten" in said.lower(), said
    scene.finds("two different heads of")


@pytest.mark.rule("E20")
def test_a_witness_does_not_cosign_a_fork(scene: Scene) -> None:
    """A witness that has cosigned one head of a size refuses another of that size, however rightly signed."""
    key = parse_verifier_key(scene.key_file().read_text())
    logs = {key.name: key}
    witness = Witness(new_signer("witness.example"), logs, States(scene.folder / "witness", logs))
    kept = scene.checkpoint()
    size = open_checkpoint(kept, key).size
    assert witness.add_checkpoint(b"old 0\n\n" + kept).startswith("— witness.example ")
    with scene.attacker() as attacker:
        rewrite(scene, attacker)
        sign_anew(scene, attacker)
    with pytest.raises(Refused) as refused:
        witness.add_checkpoint(f"old {size}\n\n".encode() + scene.checkpoint())
    assert refused.value.status == 409


@pytest.mark.rule("E19")
@pytest.mark.parametrize("signature", [None, b"\0" * 64])
def test_an_outcome_of_a_self_check_that_the_log_did_not_sign(scene: Scene, signature: bytes | None) -> None:
    with scene.attacker() as attacker:
        attacker.run("UPDATE items SET remaining_mg = remaining_mg - 1 WHERE id = %s", scene.item_id)
    wrong = scene.self_check()
    assert wrong
    with scene.attacker() as attacker:
        attacker.run(
            "INSERT INTO verifications (seq, at, size, ok, findings, signature) OVERRIDING SYSTEM VALUE "
            "VALUES (900000000, now() + interval '1 year', 999999, true, '[]', %s)",
            signature,
        )
    told = call(scene.client, "GET", "/ledger/verification", actor=AUDITOR).json
    assert not told["ok"] and told["findings"][:-1] == wrong and told["size"] < 999999
    assert "row 900000000" in told["findings"][-1]
    state = call(scene.client, "GET", "/ledger/state", actor=AUDITOR).json
    assert not state["verification"]["ok"]
    # It is no outcome of today either: the next check tells of it again.
    assert "row 900000000" in scene.self_check()[-1]
