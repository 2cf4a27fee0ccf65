"""The witness's one request (C2SP tlog-witness), each answer of it."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from siglab_clients.tlog.cosignatures import open_cosignature
from siglab_clients.witness.add_checkpoint import Refused
from siglab_clients.witness.server import Witness
from siglab_clients.witness.states import StateLost, States
from tests.unit.clients.witness.logs import LOG, ORIGIN, SIGNER, growth, note, request


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """A witness that has cosigned the log at 5 entries."""
    made = Witness(SIGNER, {ORIGIN: LOG}, States(tmp_path / "state", {ORIGIN: LOG}), lambda: 1_795_510_083.9)
    made.add_checkpoint(growth(0, 5))
    return made


@pytest.mark.rule("E20")
@pytest.mark.parametrize("size", [5, 6, 8, 100])
def test_a_log_that_grew_is_cosigned(size: int, witness: Witness) -> None:
    line = witness.add_checkpoint(growth(5, size))
    assert open_cosignature((note(size) + line).encode(), SIGNER.public) == 1_795_510_083
    known = witness.states.read(ORIGIN)
    assert known is not None and known.size == size


STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))
GOOD = growth(5, 8)
REFUSED = {
    "an unknown log": (request(0, [], note(5, origin="other.example/log")), 404, None),
    "another key": (request(5, [], note(5, key=STRANGER)), 403, None),
    "old above new": (request(6, [], note(5)), 400, None),
    "an old size that is not known": (growth(4, 8), 409, 5),
    "the first again": (growth(0, 8), 409, 5),
    "older than what is known": (growth(3, 4), 409, 5),
    "a fork of the same size": (request(5, [], note(5, b"x")), 409, 5),
    "a fork that grew": (growth(5, 8, b"x"), 422, None),
    "no proof": (request(5, [], note(8)), 422, None),
    "a proof too long": (request(5, [bytes(32)], note(5)), 422, None),
    "another proof": (request(5, [bytes(32)] * 4, note(8)), 422, None),
    "no empty line": (b"old 5\n", 400, None),
    "nothing": (b"", 400, None),
    "no old size": (GOOD.replace(b"old 5", b"size 5"), 400, None),
    "leading zero": (GOOD.replace(b"old 5", b"old 05"), 400, None),
    "plus sign": (GOOD.replace(b"old 5", b"old +5"), 400, None),
    "no base64": (request(5, [], note(8)).replace(b"\n\n", b"\n????\n\n", 1), 400, None),
    "a short hash": (request(5, [bytes(31)], note(8)), 400, None),
    "64 lines of proof": (request(5, [bytes(32)] * 64, note(8)), 400, None),
    "not ASCII": (GOOD.replace(b"old 5", "old ５".encode()), 400, None),
    "a note that is none": (b"old 5\n\nsiglab.example/ledger\n8\n", 400, None),
    "carriage returns": (GOOD.replace(b"\n", b"\r\n"), 400, None),
    "too long": (GOOD + bytes(1 << 16), 413, None),
}


@pytest.mark.rule("E20")
@pytest.mark.parametrize("name", REFUSED)
def test_everything_else_is_refused_and_changes_nothing(name: str, witness: Witness) -> None:
    body, status, size = REFUSED[name]
    with pytest.raises(Refused) as refused:
        witness.add_checkpoint(body)
    assert refused.value.status == status
    if status == 409:
        assert (refused.value.body, refused.value.content_type) == (f"{size}\n", "text/x.tlog.size")
    known = witness.states.read(ORIGIN)
    assert known is not None and known.size == 5


def test_an_empty_log_has_one_root(tmp_path: Path) -> None:
    witness = Witness(SIGNER, {ORIGIN: LOG}, States(tmp_path, {ORIGIN: LOG}))
    with pytest.raises(Refused) as refused:
        witness.add_checkpoint(request(0, [], note(0).replace("47DEQ", "57DEQ")))
    assert refused.value.status == 403
    assert witness.add_checkpoint(request(0, [], note(0)))
    assert witness.add_checkpoint(growth(0, 3))


@pytest.mark.rule("E20")
def test_what_was_cosigned_is_known_after_a_restart(tmp_path: Path, witness: Witness) -> None:
    witness.states.close()
    again = Witness(SIGNER, {ORIGIN: LOG}, States(tmp_path / "state", {ORIGIN: LOG}))
    with pytest.raises(Refused) as refused:
        again.add_checkpoint(growth(0, 5, b"x"))
    assert refused.value.status == 409
    assert again.add_checkpoint(growth(5, 9))


@pytest.mark.rule("E20")
@pytest.mark.parametrize("loss", ["gone", "damaged", "older"])
def test_a_witness_that_forgot_signs_nothing(loss: str, witness: Witness) -> None:
    path = witness.states.path(ORIGIN)
    older = path.read_bytes()
    witness.add_checkpoint(growth(5, 9))
    path.unlink() if loss == "gone" else path.write_bytes(older if loss == "older" else older[:-9])
    with pytest.raises(StateLost, match=r"gone|does not hold|put back"):
        witness.add_checkpoint(growth(0 if loss == "gone" else 5, 12, b"x"))


def test_a_damaged_memory_is_told_at_the_start(tmp_path: Path, witness: Witness) -> None:
    witness.states.path(ORIGIN).write_bytes(b"")
    witness.states.close()
    with pytest.raises(StateLost, match="does not hold the last checkpoint"):
        States(tmp_path / "state", {ORIGIN: LOG})


def test_what_cannot_be_remembered_is_not_signed(witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StateLost, match="No space left"):
        witness.add_checkpoint(growth(5, 9))
    monkeypatch.undo()
    known = witness.states.read(ORIGIN)
    assert known is not None and known.size == 5
    assert list(witness.states.path(ORIGIN).parent.glob(".*")) == []
    assert witness.add_checkpoint(growth(5, 9))
