"""`python -m tests.validation`: writes docs/validation.md, which test holds which rule of evidence (ISO/IEC 17025, 7.11).

The rules are read from docs/evidence.md and the tests from their own markers, so that the matrix cannot say anything
that is not so. Sources are parsed, not imported: the matrix is the same on a machine that cannot run every test.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
RULES = PROJECT / "docs" / "evidence.md"
MATRIX = PROJECT / "docs" / "validation.md"

_RULE_ROW = re.compile(r"^\| (E\d+) \| (.+) \|$", re.MULTILINE)
_HEAD = """\
# Validation: which test holds which rule

Made by `make validation` from the markers of the tests themselves; a test fails where this page is out of date or a rule
has no test. What the rules mean stands in [evidence.md](evidence.md). A test runs by its name: `make test ARGS="FILE::TEST"`.

"""


@dataclass(frozen=True)
class Held:
    """A rule held by a test: where the test stands and what it shows."""

    rule: str
    path: str
    name: str
    shows: str


class BadMarker(ValueError):
    """A marker that names no rule in so many letters; says which file and line."""


def read_rules(page: str) -> dict[str, str]:
    """The rules of docs/evidence.md, in its order: number and what it says."""
    return dict(_RULE_ROW.findall(page))


def find_held(root: Path, project: Path = PROJECT) -> list[Held]:
    """Every rule that a test below `root` says it holds, ordered by file and place; raises BadMarker."""
    found: list[Held] = []
    for path in sorted(root.rglob("test_*.py")):
        found.extend(_held_in(path, path.relative_to(project).as_posix()))
    return found


def write_matrix(rules: dict[str, str], held: list[Held]) -> str:
    """The page: one line a rule, then the tests of each; raises BadMarker for a test that holds no rule that there is."""
    for one in held:
        if one.rule not in rules:
            raise BadMarker(
                f"{one.path}: {one.name} holds {one.rule}, but docs/evidence.md has no such rule."
            )
    by_rule = {rule: [one for one in held if one.rule == rule] for rule in rules}
    lines = ["| rule | what | tests |", "|---|---|---|"]
    for rule, says in rules.items():
        number = len(by_rule[rule])
        name = f"[{rule}](#{rule.lower()})" if number else rule
        lines.append(f"| {name} | {says} | {number or 'none yet'} |")
    for rule, says in rules.items():
        if by_rule[rule]:
            lines += ["", f"## {rule}", "", f"{says[0].upper()}{says[1:]}.", ""]
            lines += [f"- {one.shows}: `{one.path}::{one.name}`" for one in by_rule[rule]]
    return _HEAD + "\n".join(lines) + "\n"


def make_matrix() -> str:
    """The page as the sources are now."""
    return write_matrix(read_rules(RULES.read_text()), find_held(PROJECT / "tests"))


def _held_in(path: Path, shown: str) -> Iterator[Held]:
    tree = ast.parse(path.read_text(), str(path))
    seen: set[int] = set()
    whole = [rule for node in tree.body if _is_pytestmark(node) for rule in _rules_of([node], shown, seen)]
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            mine = whole + _rules_of(node.decorator_list, shown, seen)
            for inner in node.body:
                yield from _held_by(inner, shown, mine, seen, f"{node.name}::")
        else:
            yield from _held_by(node, shown, whole, seen, "")
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _is_marker(call) and id(call) not in seen:
            raise BadMarker(f"{shown}:{call.lineno}: a rule is marked on a test, a class or a module.")


def _held_by(node: ast.AST, shown: str, outer: list[str], seen: set[int], within: str) -> Iterator[Held]:
    if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
        for rule in dict.fromkeys(outer + _rules_of(node.decorator_list, shown, seen)):
            yield Held(rule, shown, within + node.name, _shows(node))


def _rules_of(nodes: Sequence[ast.AST], shown: str, seen: set[int]) -> list[str]:
    named: list[str] = []
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        if not _is_marker(node):
            continue
        seen.add(id(node))
        assert isinstance(node, ast.Call)
        for argument in node.args:
            if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                raise BadMarker(f'{shown}:{node.lineno}: write the rule out, as in mark.rule("E15").')
            named.append(argument.value)
        if not node.args or node.keywords:
            raise BadMarker(f'{shown}:{node.lineno}: write the rule out, as in mark.rule("E15").')
    return named


def _is_pytestmark(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
    )


def _is_marker(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("pytest.mark.rule", "mark.rule")


def _shows(test: ast.FunctionDef) -> str:
    """The first sentence of the test's docstring, or its name in words."""
    told = (ast.get_docstring(test) or "").split("\n\n")[0].replace("\n", " ")
    sentence = re.split(r"(?<=[.:;]) ", told)[0].rstrip(".:; ")
    words = sentence or test.name.removeprefix("test_").replace("_", " ")
    return words.replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Writes the page; with --check tells only whether it is up to date."""
    parser = argparse.ArgumentParser(prog="python -m tests.validation", description=main.__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 where the page is out of date"
    )
    asked = parser.parse_args(arguments)
    try:
        page = make_matrix()
    except BadMarker as error:
        print(error, file=sys.stderr)
        return 2
    if asked.check:
        return 0 if MATRIX.exists() and MATRIX.read_text() == page else 1
    MATRIX.write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
