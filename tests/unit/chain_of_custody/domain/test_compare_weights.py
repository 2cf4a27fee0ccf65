"""Custody takes a receipt's gross mass for as uncertain as intake does."""

from decimal import Decimal

import pytest

from services.chain_of_custody.domain.check_mass_balance import quantity
from services.chain_of_custody.domain.compare_weights import compare_weight
from services.chain_of_custody.domain.replay_books import GROSS, Books
from services.intake.domain.compare_receipt import TOLERANCE


@pytest.mark.rule("E4")
@pytest.mark.parametrize("grams", [Decimal(1), Decimal(100), Decimal(100_000)])
def test_a_gross_mass_may_differ_from_the_receipt_by_what_intake_lets_pass(grams: Decimal) -> None:
    within = min(TOLERANCE.most_g, max(TOLERANCE.least_g, TOLERANCE.share * grams)) * 1000
    for off, passes in ((within, True), (within + Decimal("0.1"), False)):
        found = quantity(grams * 1000 - off, 0)
        assert (compare_weight(Books(), GROSS, found, grams * 1000).finding is None) is passes
