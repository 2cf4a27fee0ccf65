"""Every file that CONTRIBUTING.md leads to is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_ways_through_custody_lead_to_files_that_are_there() -> None:
    way = (ROOT / "CONTRIBUTING.md").read_text().partition("## The way of a change through custody")[2]
    named = set(re.findall(r"`([\w./]+(?:\.\w+|/))`", way))
    assert len(named) > 25
    missing = {
        path
        for path in named
        if not any((base / path).exists() for base in (ROOT, ROOT / "services/chain_of_custody"))
    }
    assert not missing, f"CONTRIBUTING.md leads to {sorted(missing)}"
