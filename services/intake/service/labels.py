"""Labels of exhibits: DataMatrix and the words of E3, as PDF at true millimetres and as ZPL."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.intake import repository
from services.intake.models import Exhibit, Line
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.documents.data_matrix import MODULE_MM, data_matrix
from shared.documents.render import render_pdf
from shared.http.schemas import format_time

READERS = (*LABORATORY, Role.OFFICE, Role.AUDITOR)
LABEL = Path(__file__).parents[1] / "documents" / "label.typ"
WIDTH_MM, HEIGHT_MM = 70, 37
_DOTS_PER_MM = 8
_MODULE_DOTS = 5
#: Characters of one line at the label's type size.
_MOST_CHARACTERS = 46


@dataclass(frozen=True)
class Label:
    """What stands on a label; `lines` are (word, value)."""

    number: str
    lines: list[tuple[str, str]]


def get_label_pdf(actor: Actor, uow: UnitOfWork, exhibit_id: str) -> bytes:
    """The label on a page of its own size."""
    require(actor, *READERS)
    return render_pdf(LABEL, label_data(_label(actor, uow, exhibit_id)))


def label_data(label: Label) -> dict[str, Any]:
    """Everything that the PDF prints."""
    return {
        "number": label.number,
        "lines": label.lines,
        "modules": data_matrix(label.number),
        "module_mm": MODULE_MM,
    }


def get_label_zpl(actor: Actor, uow: UnitOfWork, exhibit_id: str) -> bytes:
    """The label for a 203 dpi printer."""
    require(actor, *READERS)
    return zpl(_label(actor, uow, exhibit_id))


def zpl(label: Label) -> bytes:
    """ZPL II of one label; characters that would start a command are replaced by their hexadecimal form."""
    width, height = WIDTH_MM * _DOTS_PER_MM, HEIGHT_MM * _DOTS_PER_MM
    parts = [
        f"^XA^CI28^PW{width}^LL{height}",
        f"^FO24,24^BXN,{_MODULE_DOTS},200^FH_^FD{_escape(label.number)}^FS",
        f"^FO136,20^A0N,40,40^FH_^FD{_escape(label.number)}^FS",
    ]
    for place, (word, value) in enumerate(label.lines):
        parts.append(f"^FO136,{66 + 24 * place}^A0N,20,20^FH_^FD{_escape(f'{word}: {value}')}^FS")
    for place, word in enumerate(("Sealed by", "Witness", "Date")):
        parts.append(f"^FO{20 + 180 * place},{height - 34}^A0N,18,18^FD{word}^FS")
        parts.append(f"^FO{100 + 180 * place},{height - 18}^GB90,1,1^FS")
    return ("\n".join(parts) + "\n^XZ\n").encode()


def _escape(text: str) -> str:
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain.replace("_", "_5F").replace("^", "_5E").replace("~", "_7E")


def _label(actor: Actor, uow: UnitOfWork, exhibit_id: str) -> Label:
    row = repository.exhibit(uow.session, actor, exhibit_id)
    submission = repository.submission(uow.session, actor, row.submission_id)
    line = repository.line(uow.session, row.submission_id, row.line)
    lines = [
        ("Submission", f"{submission.number} {'unannounced' if row.line is None else f'line {row.line}'}"),
        ("Case", row.case_number or "-"),
        ("Collected", _collected(row, line)),
        ("What", row.description),
        ("Seal", f"{row.seal_number or 'none'}, {row.seal_condition} at receipt"),
        ("Received", f"{format_time(row.received_at)[:10]} by {row.received_by}"),
        ("Gross", f"{float(row.gross_mass_g):g} g"),
    ]
    return Label(row.number, [(word, value[: _MOST_CHARACTERS - len(word)]) for word, value in lines])


def _collected(row: Exhibit, line: Line | None) -> str:
    """By whom, when and where: an authentic's collector, else the office."""
    if line is None:
        return row.office
    origin: dict[str, Any] = line.authentic or {}
    if origin:
        return f"{origin['collected_by']}, {origin['collected_on']} {origin['country']}"
    return " ".join(str(part) for part in (row.office, line.seized_on, line.seized_country) if part)
