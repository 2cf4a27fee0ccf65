from pathlib import Path

import pytest

from services.classifier.domain.readers.errors import ReaderError
from services.classifier.domain.readers.text_file import decimal_mark, lines_of, number


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("1.5", ".", 1.5), (" -1.5e-3 ", ".", -0.0015), ("1,234.5", ".", 1234.5), ("1,234", ".", 1234), (".5", ".", 0.5),
        ("1,5", ",", 1.5), ("1.234,5", ",", 1234.5), ("-0,016667", ",", -0.016667), ("7", ",", 7), ("5.", ".", 5),
        ("1.234.567,8", ",", 1234567.8), ("1,5", ".", None), ("1.5", ",", None), ("nan", ".", None), ("inf", ".", None),
        ("1_000", ".", None), ("0x1f", ".", None), ("", ".", None), ("1e31", ".", None), ("1e999", ".", None),
        ("=1+1", ".", None), ("1" * 41, ".", None), ("١٢", ".", None), ("12 34", ".", None), ("--1", ".", None),
    ],
)  # fmt: skip
def test_a_number_is_what_is_written_and_nothing_else(text: str, mark: str, value: float | None) -> None:
    assert number(text, mark) == value


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        ([], "."),
        (["1", "x"], "."),
        (["1.5"], "."),
        (["1,5"], ","),
        (["1,234.5"], "."),
        (["1.234,5", "1"], ","),
    ],
)
def test_the_decimal_mark_is_found_where_something_tells_it(cells: list[str], mark: str) -> None:
    assert decimal_mark(cells) == mark


def test_both_marks_in_one_column_are_refused() -> None:
    with pytest.raises(ReaderError, match="both"):
        decimal_mark(["1,5", "1.5"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_come_in_any_usual_encoding(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(f"Fläche µV{end}{end}zwei".encode(encoding))
    assert list(lines_of(path)) == ["Fläche µV", "", "zwei"]
