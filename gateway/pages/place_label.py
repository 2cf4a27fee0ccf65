"""The label of a place: its DataMatrix at true size, and its whole name."""

from pathlib import Path

from shared.documents.data_matrix import MODULE_MM, data_matrix
from shared.documents.render import render_pdf

TEMPLATE = Path(__file__).parents[1] / "documents" / "place.typ"


def place_label(code: str, path: str) -> bytes:
    """The label as PDF, 70 x 37 mm as those of exhibits."""
    data = {"path": path, "code": code, "modules": data_matrix(code), "module_mm": MODULE_MM}
    return render_pdf(TEMPLATE, data)
