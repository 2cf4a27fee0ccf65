"""Numbers are text of a fixed form."""

import pytest

from services.intake.domain.countries import COUNTRIES
from services.intake.domain.numbers import exhibit_number, receipt_number, submission_number


@pytest.mark.rule("E1")
def test_numbers_keep_their_zeros_and_may_grow() -> None:
    assert exhibit_number(2026, 1) == "S26-000001"
    assert exhibit_number(2026, 1_000_000) == "S26-1000000"
    assert submission_number("BOG", 2026, 7) == "BOG-26-0007"
    assert receipt_number(2009, 42) == "R09-000042"


def test_the_country_codes_are_those_officially_assigned() -> None:
    assert len(COUNTRIES) == 249
    assert {"CO", "TH", "MX", "XK", "UK", "EU"} & COUNTRIES == {"CO", "TH", "MX"}
