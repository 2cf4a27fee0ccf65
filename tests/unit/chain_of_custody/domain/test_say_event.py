"""Events in words."""

import pytest

from services.chain_of_custody.domain.say_event import (
    backdated_by,
    facts_of,
    label_of,
    title_of,
)


def said(details: dict[str, object]) -> dict[str, str]:
    return {fact.label: fact.text for fact in facts_of(details)}


def test_a_mass_stands_with_its_uncertainty_and_first() -> None:
    details = {"balance": "XPR205", "net_mass_mg": 4100.0, "uncertainty_mg": 0.4, "expected": None}
    assert said(details) == {"Net mass": "4100 mg ± 0.4 mg (k = 2)", "Balance": "XPR205"}
    assert facts_of(details)[0].name == "net_mass_mg"


def test_what_has_no_mass_keeps_its_uncertainty() -> None:
    assert said({"uncertainty_mg": 0.4}) == {"Uncertainty (k = 2)": "0.4 mg"}


def test_objects_lists_and_times_are_words_not_json() -> None:
    details = {
        "remaining": {"net_mass_mg": 474.5, "uncertainty_mg": 0.447213596},
        "object": {"key": "raw/1", "version_id": "v2"},
        "holder": {"kind": "place", "id": "p", "name": "Vault"},
        "values": [0.5, None, {"analyte": "morphine", "value": 1e-7}],
        "acquired_at": "2026-11-01T08:00:00.000000Z",
        "beyond_uncertainty": False,
        "size": 12,
    }
    text = said(details)
    assert text["Remaining"] == "474.5 mg ± 0.448 mg (k = 2)"
    assert text["Stored object"] == "raw/1, version v2"
    assert text["Now with"] == "Vault (place)"
    assert text["Values"] == "0.5; none; Analyte morphine, Value 0.0000001"
    assert text["Acquired at"] == "2026-11-01 08:00:00 UTC"
    assert text["Beyond the uncertainty of both"] == "no"
    assert text["Size"] == "12 bytes"


@pytest.mark.rule("E9")
@pytest.mark.parametrize(
    ("recorded", "text"),
    [
        ("2026-11-24T08:00:30Z", None),
        ("2026-11-24T07:59:00Z", None),
        ("2026-11-24T08:05:00Z", "5 min"),
        ("2026-11-24T10:30:00Z", "2 h 30 min"),
        ("2026-11-27T09:30:00Z", "3 d 1 h"),
    ],
)
def test_what_was_recorded_late_is_called_so(recorded: str, text: str | None) -> None:
    assert backdated_by("2026-11-24T08:00:00.000000Z", recorded) == text


def test_what_is_not_known_is_said_by_its_own_words() -> None:
    assert title_of("library_accepted") == "Library accepted"
    assert label_of("gross_mass_after_mg") == "Gross mass after"
    assert label_of("report_sha256") == "Report SHA-256"
