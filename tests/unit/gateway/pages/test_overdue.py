"""The page of what is overdue tells of every time limit that custody keeps."""

from gateway.pages.overdue import KINDS
from services.chain_of_custody.domain.time_limits import LIMITS, Kind


def test_every_time_limit_has_its_heading_and_its_length() -> None:
    assert set(KINDS) == {kind.value for kind in Kind}
    assert set(LIMITS) == set(Kind)
