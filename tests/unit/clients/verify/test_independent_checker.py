"""The page about the bundle's format is enough: a checker written from it alone says what siglab-verify says (E21)."""

import ast
import io
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from shared.crypto.bundle import Reader, make_bundle
from siglab_clients.tlog.cosignatures import cosign, witness_key
from siglab_clients.tlog.encoding import canonical_json
from siglab_clients.verify.container import pack
from tests.unit.clients.verify import independent_checker
from tests.unit.clients.verify.bundles import (
    ITEM_ID,
    KEY,
    ORIGIN,
    TRUSTED,
    check_bundle,
    contents,
    good_files,
    item_events,
    logged,
    signed,
)
from tests.unit.clients.verify.test_item import ITEM, LIES, bundle_saying
from tests.unit.clients.verify.test_lineage import bundle_of, divided
from tests.unit.clients.verify.test_spectra import BYTES, listed, verified
from tests.unit.clients.verify.test_spectra import bundle_of as with_spectra

pytestmark = pytest.mark.rule("E21")
WITNESS = str(witness_key("w.example/one", KEY))


def holds(raw: bytes, *witnesses: str) -> bool:
    try:
        independent_checker.check(raw, str(TRUSTED), witnesses)
    except Exception:  # noqa: BLE001 - a stranger's checker may say no in any way
        return False
    return True


def with_lineage() -> bytes:
    """A bundle of a composite."""
    return bundle_of(*divided(composite=True))


def written() -> bytes:
    """A bundle with spectra, as custody writes it."""
    log, events = verified()
    readers: dict[str, Reader] = {name: partial(list, [data]) for name, data in BYTES.items()}
    files = {"spectra.json": canonical_json(listed(events))}
    given = {"checkpoint": log.checkpoint(), "origin": ORIGIN, "key": KEY, "files": files}
    return b"".join(make_bundle({"id": ITEM_ID}, events, spectra=readers, **given).chunks())  # type: ignore[arg-type]


def test_it_imports_nothing_of_ours() -> None:
    tree = ast.parse(Path(independent_checker.__file__).read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    roots = {name.split(".")[0] for name in names}
    assert roots - set(sys.stdlib_module_names) == {"cryptography"}


@pytest.mark.parametrize(
    "make",
    [
        lambda: pack(good_files()),
        with_lineage,
        partial(with_spectra, {}),
        written,
    ],
)
def test_both_accept_what_holds(make: Callable[[], bytes]) -> None:
    assert check_bundle(make(), TRUSTED).ok
    independent_checker.check(make(), str(TRUSTED))


def test_both_demand_each_witness() -> None:
    log, events = logged(item_events(2))
    note = log.checkpoint()
    text = note.rpartition("\n\n")[0] + "\n"
    whole = pack(signed(contents(events, note + cosign(text, "w.example/one", KEY, 5))))
    assert holds(whole, WITNESS) and not holds(pack(signed(contents(events, note))), WITNESS)
    other = pack(signed(contents(events, note + cosign(text + "x", "w.example/one", KEY, 5))))
    assert not holds(other, WITNESS)


def test_both_refuse_every_changed_byte() -> None:
    """One byte in some 400 places all over the file; `tests/property/test_bundles.py` changes others each time."""
    raw = written()
    for at in range(0, len(raw), len(raw) // 400):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        assert not holds(changed), at
        assert not check_bundle(io.BytesIO(changed), TRUSTED).ok, at


def _signed_lies() -> dict[str, bytes]:
    """What only the laboratory itself could make: signed, and not so."""
    log, events = logged(item_events(4))
    good = contents(events, log.checkpoint())
    lines = good["events.jsonl"].splitlines(keepends=True)
    return {
        "an event left out": b"".join(lines[:1] + lines[2:]),
        "the first left out": b"".join(lines[1:]),
        "two exchanged": b"".join([lines[0], lines[2], lines[1], lines[3]]),
        "one doubled": b"".join([*lines, lines[-1]]),
        "cut": good["events.jsonl"][:-1],
        "none": b"",
        "changed": good["events.jsonl"].replace(b'"custodian"', b'"somebody"', 1),
        "another spelling": good["events.jsonl"].replace(b'{"entry"', b'{ "entry"', 1),
    }


@pytest.mark.parametrize("lie", sorted(_signed_lies()))
def test_both_refuse_what_the_laboratory_itself_may_forge(lie: str) -> None:
    log, events = logged(item_events(4))
    files = contents(events, log.checkpoint())
    raw = pack(signed({**files, "events.jsonl": _signed_lies()[lie]}))
    assert not holds(raw) and not check_bundle(raw, TRUSTED).ok


@pytest.mark.parametrize(
    "spectra", [{"spec1": BYTES["spec2"], "spec2": BYTES["spec1"]}, {"spec1": b"x"}, {"spec3": b"x"}]
)
def test_both_refuse_other_spectra(spectra: dict[str, bytes]) -> None:
    raw = with_spectra(spectra)
    assert not holds(raw) and not check_bundle(raw, TRUSTED).ok


def test_both_refuse_a_history_that_does_not_belong() -> None:
    raw = bundle_of(*divided())
    assert not holds(raw) and not check_bundle(raw, TRUSTED).ok
    log, histories = divided(composite=True)
    del histories[ITEM_ID][1:], histories["0190par1"][-1]
    raw = bundle_of(log, histories)
    assert not holds(raw) and not check_bundle(raw, TRUSTED).ok


@pytest.mark.parametrize("field", LIES)
def test_both_refuse_an_item_that_contradicts_its_events(field: str) -> None:
    assert holds(bundle_saying(ITEM))
    raw = bundle_saying({**ITEM, field: LIES[field][0]})
    assert not holds(raw) and not check_bundle(raw, TRUSTED).ok


def test_it_runs_alone(tmp_path: Path) -> None:
    (tmp_path / "good.zip").write_bytes(written())
    (tmp_path / "bad.zip").write_bytes(written()[:-1])
    for name, status in (("good.zip", 0), ("bad.zip", 1)):
        command = [sys.executable, "-I", independent_checker.__file__, str(tmp_path / name), str(TRUSTED)]
        done = subprocess.run(command, capture_output=True, timeout=60)
        assert done.returncode == status, done.stderr
