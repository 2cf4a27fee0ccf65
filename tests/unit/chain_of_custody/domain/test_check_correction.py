"""What of a record may be corrected, and the words for what may not."""

from typing import Any

import pytest

from services.chain_of_custody.domain.check_correction import check_correction, correctable_fields
from shared.errors import Invalid

RECORD: dict[str, Any] = {
    "type": "weighed",
    "occurred_at": "2026-11-23T08:00:00.000000Z",
    "recorded_at": "2026-11-23T08:05:00.000000Z",
    "purpose": "weighed",
    "details": {
        "net_mass_mg": 500.0,
        "uncertainty_mg": 0.4,
        "balance": "XPR205",
        "beyond_uncertainty": False,
        "expected": None,
        "runs": 3,
        "checked": True,
        "note": None,
    },
}


def test_the_wrong_words_and_the_right_ones_stand_side_by_side() -> None:
    right = {"balance": "XPR206", "purpose": "net mass", "note": "read twice", "runs": 4, "checked": False}
    was, now = check_correction(RECORD, right)
    assert now == right
    assert was == {"balance": "XPR205", "purpose": "weighed", "note": None, "runs": 3, "checked": True}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("net_mass_mg", 500.0, "says so already"),
        ("net_mass_mg", "much", "Tell a number"),
        ("net_mass_mg", True, "Tell a number"),
        ("net_mass_mg", -1, "Tell a number from 0"),
        ("net_mass_mg", 1e10, "Tell a number from 0"),
        ("uncertainty_mg", 0, "more than 0"),
        ("expected", 3, "follows from others"),
        ("remaining", 3, "follows from others"),
        ("gross_mass_g", 5.0, "follows from others"),
        ("to", "reviewer", "does not change who has the item"),
        ("receiver", "reviewer", "does not change who has the item"),
        ("open_holds", 0, "place or release a hold"),
        ("handover_id", "x", "names or proves"),
        ("parent_event_sha256", "x", "names or proves"),
        ("actor", "technician2", "no such field; it has: balance,"),
        ("balance", "XPR205", "says so already"),
        ("balance", 205, "It was a text; a number"),
        ("balance", ["XPR205"], "Only a text"),
        ("balance", "x" * 1001, "At most 1000"),
        ("runs", True, "It was a number; a yes or no"),
        ("purpose", " ", "has a purpose"),
        ("purpose", None, "has a purpose"),
        ("occurred_at", "2026-11-23T08:06:00Z", "did not happen after that"),
        ("occurred_at", "2026-11-23T09:00:00+01:00", "says so already"),
        ("occurred_at", "2026-11-23T08:00:00", "Not a time"),
        ("occurred_at", "yesterday", "Not a time"),
        ("occurred_at", 5, "Not a time"),
        ("occurred_at", "1969-01-01T00:00:00Z", "Not a time"),
    ],
)
def test_what_cannot_be_corrected_is_said_at_the_field(field: str, value: Any, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_correction(RECORD, {field: value, "note": "right"})
    (error,) = refused.value.errors
    assert error["pointer"] == f"/corrected/{field}"
    assert words in error["message"]


def test_a_time_that_two_have_signed_for_is_not_changed_by_one() -> None:
    signed = {**RECORD, "signatures": [{"login": "custodian"}, {"login": "custodian2"}]}
    with pytest.raises(Invalid, match="Several people have signed for this time"):
        check_correction(signed, {"occurred_at": "2026-11-23T07:00:00Z"})
    assert "occurred_at" not in correctable_fields(signed) and "note" in correctable_fields(signed)
    alone = {**RECORD, "signatures": [{"login": "custodian"}]}
    assert check_correction(alone, {"occurred_at": "2026-11-23T07:00:00Z"})[1]
    assert "occurred_at" in correctable_fields(alone)


def test_a_measured_mass_is_put_right_at_the_act_that_told_it() -> None:
    assert check_correction(RECORD, {"net_mass_mg": 5000}) == ({"net_mass_mg": 500.0}, {"net_mass_mg": 5000})
    gross = {**RECORD, "details": {"kind": "gross", "mass_g": 5.0, "mass_mg": 5000.0, "uncertainty_mg": 1.0}}
    assert check_correction(gross, {"mass_g": 50}) == ({"mass_g": 5.0}, {"mass_g": 50})
    portion = {**RECORD, "type": "portion_taken"}
    assert check_correction(portion, {"net_mass_mg": 2.0})[1] == {"net_mass_mg": 2.0}
    made = {**RECORD, "type": "composite_made"}
    correction = {**RECORD, "type": "corrected", "details": {"was": {}, "corrected": {"net_mass_mg": 1.0}}}
    wrong: list[tuple[dict[str, Any], str]] = [
        (made, "the composite is corrected with it"),
        (correction, "at the act that told it"),
        ({**RECORD, "type": "disposed"}, "follows from others"),
    ]
    for record, words in wrong:
        with pytest.raises(Invalid, match=words):
            check_correction(record, {"net_mass_mg": 2.0})


def test_a_correction_is_corrected_where_it_said_what_is_right() -> None:
    was, right = check_correction(RECORD, {"balance": "XPR206"})
    correction = {
        **RECORD,
        "type": "corrected",
        "details": {"corrects": {"event_id": "e"}, "was": was, "corrected": right},
    }
    assert check_correction(correction, {"balance": "XPR207"}) == (
        {"balance": "XPR206"},
        {"balance": "XPR207"},
    )
    with pytest.raises(Invalid, match="no such field"):
        check_correction(correction, {"note": "x"})


def test_an_act_lists_what_may_be_corrected_and_nothing_that_is_refused_by_its_name() -> None:
    given = {
        "from_name": "Tina",
        "place_id": "vault",
        "receipt_number": "R-1",
        "seal_number": "S-1",
        "object": {"key": "x"},
    }
    listed = correctable_fields({**RECORD, "details": {**RECORD["details"], **given}})
    assert listed[:2] == ["occurred_at", "purpose"]
    assert set(listed[2:]) == {
        "net_mass_mg",
        "uncertainty_mg",
        "balance",
        "runs",
        "checked",
        "note",
        "seal_number",
    }
    correction = {
        **RECORD,
        "type": "corrected",
        "details": {"corrects": {}, "was": {}, "corrected": {"balance": "X"}},
    }
    assert correctable_fields(correction) == ["occurred_at", "purpose", "balance"]
