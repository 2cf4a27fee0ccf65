"""Labels of exhibits: DataMatrix and the words of E3, as PDF at true millimetres and as ZPL."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zxingcpp

from services.intake import repository
from services.intake.models import Line
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.documents.render import render_pdf
from shared.http.schemas import format_time

READERS = (*LABORATORY, Role.OFFICE, Role.AUDITOR)
LABEL = Path(__file__).parents[1] / "documents" / "label.typ"
#: Dots a millimetre of a 203 dpi label printer, and the size of one module there: four dots are 0.5 mm.
_DOTS_PER_MM = 8
_MODULE_DOTS = 4


@dataclass(frozen=True)
class Label:
    """What stands on a label; `lines` are (word, value)."""

    number: str
    lines: list[tuple[str, str]]


def get_label_pdf(actor: Actor, uow: UnitOfWork, exhibit_id: str) -> bytes:
    """The label on a page of its own size, 70 x 37 mm."""
    require(actor, *READERS)
    label = _label(actor, uow, exhibit_id)
    return render_pdf(
        LABEL, {"number": label.number, "lines": label.lines, "modules": data_matrix(label.number)}
    )


def get_label_zpl(actor: Actor, uow: UnitOfWork, exhibit_id: str) -> bytes:
    """The label for a 203 dpi printer."""
    require(actor, *READERS)
    return zpl(_label(actor, uow, exhibit_id))


def data_matrix(text: str) -> list[str]:
    """The modules of an ECC 200 symbol, a row a string of 0 and 1 without quiet zone."""
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix)
    pixels = np.asarray(symbol.to_image(scale=1, add_quiet_zones=False))
    return ["".join("0" if white else "1" for white in row) for row in pixels]


def zpl(label: Label) -> bytes:
    """ZPL II of one label; characters that would start a command are replaced by their hexadecimal form."""
    width, height = 70 * _DOTS_PER_MM, 37 * _DOTS_PER_MM
    parts = [
        f"^XA^CI28^PW{width}^LL{height}",
        f"^FO24,24^BXN,{_MODULE_DOTS},200^FH_^FD{_escape(label.number)}^FS",
    ]
    parts.append(f"^FO150,24^A0N,40,40^FH_^FD{_escape(label.number)}^FS")
    for place, (word, value) in enumerate(label.lines):
        x, y = (150, 70 + 26 * place) if place < 3 else (24, 96 + 26 * place)
        parts.append(f"^FO{x},{min(y, height - 26)}^A0N,22,22^FH_^FD{_escape(f'{word}: {value}'[:60])}^FS")
    return ("\n".join(parts) + "\n^XZ\n").encode()


def _escape(text: str) -> str:
    plain = text.replace("_", "_5F").replace("^", "_5E").replace("~", "_7E")
    return "".join(character if character.isprintable() else " " for character in plain)


def _label(actor: Actor, uow: UnitOfWork, exhibit_id: str) -> Label:
    row = repository.exhibit(uow.session, actor, exhibit_id)
    submission = repository.submission(uow.session, actor, row.submission_id)
    line = repository.line(uow.session, row.submission_id, row.line)
    lines = [
        ("Submission", submission.number),
        ("Case", row.case_number or "-"),
        ("Received", format_time(row.received_at)[:10]),
        ("Collected", _collected(line)),
        ("Seal", f"{row.seal_number or '-'} {row.seal_condition}"),
        ("Gross", f"{float(row.gross_mass_g):g} g"),
        ("What", row.description[:48]),
    ]
    return Label(row.number, lines)


def _collected(line: Line | None) -> str:
    if line is None:
        return "-"
    known: dict[str, Any] = line.authentic or {}
    if known:
        return f"{known['collected_by']}, {known['collected_on']}"
    return f"{line.seized_on or '-'} {line.seized_country or ''}".strip()
