"""What docs/integrators.md says of `siglab-verify --json` is what it answers."""

import re
from pathlib import Path

from siglab_clients.verify import container, events, findings, lineage, spectra, timestamps, unpack
from siglab_clients.verify.cli import as_json
from siglab_clients.verify.container import pack
from tests.unit.clients.verify.bundles import TRUSTED, check_bundle, good_files

ROOT = Path(__file__).parents[4]
TABLE = (ROOT / "docs" / "integrators.md").read_text().partition("## What `siglab-verify` answers")[2]


def test_the_fields_of_the_answer_are_those_of_the_page() -> None:
    told = as_json(check_bundle(pack(good_files()), TRUSTED))
    assert re.findall(r"^\| `(\w+)` \|", TABLE, re.MULTILINE) == list(told)
    (first,) = re.findall(r"`first_event`.*`\{(.*?)\}`", TABLE)
    assert first.split(", ") == list(findings.EventRef.__dataclass_fields__)


def test_the_codes_of_findings_are_on_the_page() -> None:
    (row,) = (line for line in TABLE.splitlines() if line.startswith("| `findings`"))
    told = set(re.findall(r"`(\w+)`", row.partition("one of")[2]))
    modules = (container, events, findings, lineage, spectra, timestamps, unpack)
    code = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, str) and re.fullmatch(r"[a-z_]+", value)
    }
    assert {
        events.LINE, events.COMMITMENT, events.INCLUSION, events.SIGNATURE, events.ORDER, events.FOREIGN, lineage.LINEAGE,
        spectra.SPECTRUM, spectra.NOT_GIVEN, timestamps.TIMESTAMP, unpack.DAMAGED,
    } <= told & code  # fmt: skip
    checks = (ROOT / "clients/siglab_clients/verify/check_bundle.py").read_text()
    assert set(re.findall(r'Finding\([^\n]*, "(\w+)"\)', checks)) <= told
