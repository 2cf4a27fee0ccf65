import pytest

from services.classifier.domain.check_programme import programme_from_data
from services.classifier.domain.qc import check_qc, failed
from tests.unit.classifier.domain.builders import programme_data

PROGRAMME = programme_from_data(
    programme_data(
        qc=[
            {"rule": "blank_ratio", "limit": 0.05},
            {"rule": "control_z", "limit": 3},
            {"rule": "internal_standard_area", "limit": 1000},
        ]
    )
)


@pytest.mark.parametrize(
    ("noted", "wrong"),
    [
        ({}, set()),
        ({"blank_ratio": 0.01, "control_z": -2.9, "internal_standard_area": 2000}, set()),
        ({"blank_ratio": 0.06}, {"blank_ratio"}),
        ({"control_z": -3.1}, {"control_z"}),
        ({"internal_standard_area": 10}, {"internal_standard_area"}),
        ({"blank_ratio": "fail"}, {"blank_ratio"}),
        ({"blank_ratio": "pass"}, set()),
        ({"blank_ratio": float("nan")}, {"blank_ratio"}),
        ({"blank_ratio": [1]}, {"blank_ratio"}),
        ({"tuning": False, "note": "fine"}, {"tuning"}),
    ],
)
def test_rules_are_judged(noted: dict[str, object], wrong: set[str]) -> None:
    assert {finding.rule for finding in failed(check_qc(PROGRAMME, noted))} == wrong


def test_what_was_not_noted_is_said_and_does_not_fail() -> None:
    assert [finding.passed for finding in check_qc(PROGRAMME, {})] == [None, None, None]
