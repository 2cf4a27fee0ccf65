"""The matrix of rules and tests: complete, current, and made from nothing but the markers."""

from pathlib import Path

import pytest

from tests.validation import (
    MATRIX,
    PROJECT,
    RULES,
    BadMarker,
    Held,
    find_held,
    make_matrix,
    read_rules,
    write_matrix,
)

#: Rules whose code is not there yet.
NOT_BUILT = {"E4", "E20", "E26"}


def found(tmp_path: Path, source: str) -> list[Held]:
    """What the matrix finds in a test file of this content."""
    (tmp_path / "test_it.py").write_text(source)
    return find_held(tmp_path, tmp_path)


def test_the_page_is_current() -> None:
    assert MATRIX.read_text() == make_matrix(), "docs/validation.md is out of date: run `make validation`"


def test_every_rule_has_a_test() -> None:
    rules = read_rules(RULES.read_text())
    assert list(rules) == [f"E{number}" for number in range(1, 32)]
    held = {one.rule for one in find_held(PROJECT / "tests")}
    assert set(rules) - held <= NOT_BUILT


def test_markers_of_tests_classes_and_modules_count(tmp_path: Path) -> None:
    source = '''
pytestmark = pytest.mark.rule("E1")

@pytest.mark.parametrize("x", [1])
@pytest.mark.rule("E2", "E3")
@pytest.mark.rule("E4")
def test_one_thing(x):
    """It holds. And more."""

@pytest.mark.rule("E5")
class TestMany:
    def test_within(self): ...
    def no_test(self): ...
'''
    assert [(one.rule, one.name, one.shows) for one in found(tmp_path, source)] == [
        ("E1", "test_one_thing", "It holds"),
        ("E2", "test_one_thing", "It holds"),
        ("E3", "test_one_thing", "It holds"),
        ("E4", "test_one_thing", "It holds"),
        ("E1", "TestMany::test_within", "within"),
        ("E5", "TestMany::test_within", "within"),
    ]


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("@pytest.mark.rule(RULE)", r"test_it.py:1: write the rule out"),
        ("@pytest.mark.rule()", r"test_it.py:1: write the rule out"),
        ("@pytest.mark.rule(name='E1')", r"test_it.py:1: write the rule out"),
        ("@pytest.mark.parametrize('x', [pytest.param(1, marks=[])])\n@other(pytest.mark.rule('E1'))", None),
    ],
)
def test_what_cannot_be_read_is_an_error(tmp_path: Path, marker: str, message: str | None) -> None:
    source = f"{marker}\ndef test_it(x): ...\n"
    if message is None:
        assert [one.rule for one in found(tmp_path, source)] == ["E1"]
        return
    with pytest.raises(BadMarker, match=message):
        found(tmp_path, source)


def test_a_marker_on_what_is_no_test_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadMarker, match=r"test_it.py:1: a rule is marked on a test"):
        found(tmp_path, "MARK = pytest.mark.rule('E1')\n")


def test_a_rule_that_there_is_not_is_an_error() -> None:
    with pytest.raises(BadMarker, match=r"tests/test_x\.py: test_x holds E99"):
        write_matrix({"E1": "something"}, [Held("E99", "tests/test_x.py", "test_x", "x")])
