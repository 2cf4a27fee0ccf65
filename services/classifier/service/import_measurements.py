"""Measurements from a table: one row an item, one column an analyte; all rows or none."""

import csv
import io
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.classifier import repository
from services.classifier.custody import Custody, Facts
from services.classifier.domain.programme import LARGEST, Programme
from services.classifier.service.measurements import add_measurement
from services.classifier.service.profile_rows import keep_profile_rows
from services.classifier.service.programmes import programme_of
from shared.actor import Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Invalid, TooLarge

MOST_ROWS = 10_000
_ITEM = "item"


@dataclass(frozen=True)
class CellError:
    """One wrong cell; `row` counts as the sheet does, the header is 1."""

    row: int
    column: str | None
    code: str
    message: str
    sheet: str | None = None


def import_measurements(
    actor: Actor,
    uow: UnitOfWork,
    custody: Custody,
    programme_id: str,
    content: bytes,
    *,
    now: datetime,
    dry_run: bool,
) -> dict[str, Any]:
    """Records every row, or none and says which cells are wrong; raises Invalid where there is no table at all."""
    require(actor, Role.TECHNICIAN)
    row = repository.programme_row(uow.session, programme_id)
    programme = programme_of(row)
    header, rows = read_csv(content)
    columns = _columns(programme, header)
    errors: list[CellError] = []
    facts = _facts(custody, [cells[columns[_ITEM]].strip() for _, cells in rows])
    ready: list[tuple[Facts, list[dict[str, Any]]]] = []
    for line, cells in rows:
        item = facts.get(cells[columns[_ITEM]].strip())
        values = _values(programme, columns, line, cells, errors)
        if item is None:
            errors.append(CellError(line, _ITEM, "unknown_item", "No such item; write its number or its id."))
        elif item.state in ("blocked", "disposed", "returned"):
            errors.append(CellError(line, _ITEM, item.state, f"{item.number} is {item.state}."))
        else:
            ready.append((item, values))
    if errors or dry_run:
        wrong = {error.row for error in errors}
        accepted = len(rows) - len(wrong) if dry_run else 0
        return {"accepted": accepted, "rejected": len(wrong) if dry_run else len(rows), "errors": errors}
    repository.remember_facts(uow.session, {item.id: item for item, _ in ready}.values())
    for item, values in ready:
        told = {"method": "table import", "instrument": "table", "values": values}
        add_measurement(uow, actor, item, row.id, row.version, told, now=now)
    keep_profile_rows(uow.session, row.id, {item.id: item.root_id for item, _ in ready})
    return {"accepted": len(rows), "rejected": 0, "errors": []}


def read_csv(content: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header and numbered rows of a CSV (comma or semicolon, UTF-8 or Latin-1); raises Invalid where it holds no table."""
    if b"\x00" in content[:4096] or not content.strip():
        raise Invalid("This is no table: send a CSV with a header line.", code="no_table")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    first = text.splitlines()[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Invalid(f"The table cannot be read: {error}.", code="no_table") from error
    header = [cell.strip() for cell in table[0]]
    rows = [
        (number, cells) for number, cells in enumerate(table[1:], 2) if any(cell.strip() for cell in cells)
    ]
    if len(rows) > MOST_ROWS:
        raise TooLarge(f"A table has at most {MOST_ROWS} rows; this one has {len(rows)}.")
    if not rows:
        raise Invalid("The table has a header and no rows.", code="no_table")
    return header, [(number, cells + [""] * (len(header) - len(cells))) for number, cells in rows]


def _columns(programme: Programme, header: list[str]) -> dict[str, int]:
    if _ITEM not in header:
        raise Invalid("The table has no column 'item' (number or id of the item).", code="no_table")
    if len(set(header)) != len(header):
        raise Invalid("A column stands twice in the header.", code="no_table")
    strange = [name for name in header if name != _ITEM and programme.analyte(name) is None]
    if strange:
        raise Invalid(
            f"{programme.id} has no analyte {', '.join(repr(name) for name in strange[:5])}.", code="no_table"
        )
    return {name: place for place, name in enumerate(header)}


def _facts(custody: Custody, words: list[str]) -> dict[str, Facts]:
    """Items by number or id; a word that is not an id is asked for as a number."""
    words = [word for word in dict.fromkeys(words) if word and "," not in word]
    found = {facts.id: facts for facts in custody.facts(ids=words)}
    rest = [word for word in words if word not in found]
    return found | {facts.number: facts for facts in custody.facts(numbers=rest)}


def _values(
    programme: Programme, columns: dict[str, int], line: int, cells: list[str], errors: list[CellError]
) -> list[dict[str, Any]]:
    values: list[dict[str, Any]] = []
    for name, place in columns.items():
        analyte = programme.analyte(name)
        if analyte is None:
            continue
        text = cells[place].strip()
        if not text:
            continue
        number = _number(text)
        low, high = analyte.minimum, analyte.maximum
        if number is None:
            errors.append(CellError(line, name, "not_a_number", f"{text[:40]!r} is not a number."))
        elif (low is not None and number < low) or (high is not None and number > high):
            errors.append(
                CellError(line, name, "out_of_range", f"{name} lies between {low} and {high} {analyte.unit}.")
            )
        else:
            values.append({"analyte": name, "value": number, "unit": analyte.unit})
    if not values and not any(error.row == line for error in errors):
        errors.append(CellError(line, None, "empty", "The row holds no value."))
    return values


def _number(text: str) -> float | None:
    """A number with a decimal point or one decimal comma, or None; so is what no record can hold."""
    try:
        number = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) <= LARGEST else None
