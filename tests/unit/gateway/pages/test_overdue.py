"""The page of what is overdue, and operators' page, tell of every time limit that custody keeps."""

from pathlib import Path

from gateway.pages.overdue import KINDS
from services.chain_of_custody.domain.time_limits import LIMITS, Kind


def test_every_time_limit_has_its_heading_and_its_length() -> None:
    assert set(KINDS) == {kind.value for kind in Kind}
    assert set(LIMITS) == set(Kind)


def test_every_time_limit_is_told_to_operators() -> None:
    page = (Path(__file__).parents[4] / "docs" / "operators.md").read_text()
    assert not [kind for kind in Kind if f"| `{kind.value}` |" not in page]
