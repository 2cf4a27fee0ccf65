"""Labels: true millimetres, symbols that scanners read, text that cannot become a printer's command."""

import io
import json

import pytest
import typst
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from services.intake.service.labels import (
    HEIGHT_MM,
    LABEL,
    WIDTH_MM,
    Label,
    label_data,
    zpl,
)
from shared.documents.data_matrix import MODULE_MM, data_matrix
from shared.documents.render import render_pdf

POINTS_PER_MM = 72 / 25.4


def label(number: str = "S26-000001", **lines: str) -> Label:
    return Label(number, list((lines or {"What": "brown powder"}).items()))


@pytest.mark.rule("E3")
@pytest.mark.parametrize("number", ["S26-000001", "S26-999999", "S26-1000000", "S26-000001.12"])
def test_a_printed_label_is_read_back(number: str) -> None:
    dots = 203
    image = typst.compile(
        LABEL,
        root=LABEL.parent,
        format="png",
        ppi=dots,
        sys_inputs={"data": json.dumps(label_data(label(number)))},
    )
    assert isinstance(image, bytes)
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(image)))
    assert (read.text, read.format) == (number, zxingcpp.BarcodeFormat.DataMatrix)
    corners = read.position
    width_mm = (corners.top_right.x - corners.top_left.x) / dots * 25.4
    assert width_mm == pytest.approx(len(data_matrix(number)) * MODULE_MM, abs=0.3)


@pytest.mark.parametrize("words", ["W" * 300, "ผงสีขาว" * 30, "#set page(width: 1mm) $ _ * @x <y>"])
def test_a_label_is_one_page_of_its_size_whatever_stands_on_it(words: str) -> None:
    data = label_data(
        label(
            **dict.fromkeys(("Submission", "Case", "Collected", "What", "Seal", "Received", "Gross"), words)
        )
    )
    (page,) = PdfReader(io.BytesIO(render_pdf(LABEL, data))).pages
    assert float(page.mediabox.width) == pytest.approx(WIDTH_MM * POINTS_PER_MM, abs=0.1)
    assert float(page.mediabox.height) == pytest.approx(HEIGHT_MM * POINTS_PER_MM, abs=0.1)
    assert "page 1 of 1" in page.extract_text()


def test_text_never_becomes_a_printers_command() -> None:
    commands = zpl(label(What="^XZ^XA~JA _5E \n\x1b\u2028 ผง")).decode()
    fields = [part.partition("^FD")[2] for part in commands.split("^FS") if "^FD" in part]
    assert "What: _5EXZ_5EXA_7EJA _5F5E     ผง" in fields
    assert commands.count("^XA") == commands.count("^XZ") == 1 and "~" not in commands
    assert commands.startswith("^XA") and commands.endswith("^XZ\n")
