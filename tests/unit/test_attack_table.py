"""The table of attacks in docs/custody.md and the tests that attack: neither names what the other has not."""

import ast
import re

from tests.validation import PROJECT

PAGE = PROJECT / "docs" / "custody.md"
_NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
#: Tests in the folder of attacks that attack nothing, but watch that none is forgotten.
NO_ATTACK = {
    "test_a_whole_record_is_given_without_a_mark",
    "test_the_columns_attacked_are_all_there_are",
    "test_every_column_of_an_item_was_thought_of",
    "test_a_whole_history_is_intact",
    "test_the_house_is_whole_before_the_attacks",
    "test_the_whole_log_verifies",
    "test_what_was_found_stays_found_while_nobody_mends_it",
}


def names_in(path: str) -> set[str]:
    """Names of the tests of a file below tests/."""
    tree = ast.parse((PROJECT / "tests" / path).read_text())
    return {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_test_in_the_table_exists() -> None:
    named = set(_NAMED.findall(PAGE.read_text()))
    assert len(named) > 40
    assert {(path, name) for path, name in named if name not in names_in(path)} == set()


def test_every_attack_is_in_the_table() -> None:
    named = {name for _, name in _NAMED.findall(PAGE.read_text())}
    folder = PROJECT / "tests" / "fault" / "attacks"
    attacks = {name for path in folder.glob("test_*.py") for name in names_in(f"fault/attacks/{path.name}")}
    assert attacks - named - NO_ATTACK == set()


def test_every_row_of_the_table_has_a_test() -> None:
    attacks = PAGE.read_text().partition("## Attacks")[2]
    rows = [
        line for line in attacks.splitlines() if line.startswith("| ") and not line.startswith("| attack |")
    ]
    assert rows and [row for row in rows if not _NAMED.search(row)] == []
