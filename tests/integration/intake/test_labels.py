"""Labels of real exhibits."""

import io

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from tests.calls import CUSTODIAN
from tests.integration.intake.builders import EXTRA, ask, authentic, dispatched, line, receive, seen


def label(client: FlaskClient, exhibit_id: str) -> tuple[str, str]:
    """The words of the PDF and the ZPL."""
    pdf = ask(client, "GET", f"/exhibits/{exhibit_id}/label.pdf", actor=CUSTODIAN).data
    zpl = ask(client, "GET", f"/exhibits/{exhibit_id}/label.zpl", actor=CUSTODIAN).text
    (page,) = PdfReader(io.BytesIO(pdf)).pages
    return page.extract_text(), zpl


@pytest.mark.rule("E3")
def test_a_label_says_what_the_rules_ask(client: FlaskClient) -> None:
    sent = dispatched(client, [line(1, seal_number="S-4711", case_number="C-9")])
    exhibit = receive(client, sent["id"], [seen(1)]).json["exhibits"][0]
    for text in label(client, exhibit["id"]):
        for word in (
            exhibit["number"], f"{sent['number']} line 1", "C-9", "BOG 2026-09-02 EC", "brown powder", "S-4711", "5.25 g",
            "by custodian", "Sealed by", "Witness",
        ):  # fmt: skip
            assert word in text, word


@pytest.mark.rule("E3")
def test_labels_of_an_authentic_and_of_what_nobody_announced(client: FlaskClient) -> None:
    sent = dispatched(client, [authentic(1)], kind="authentic")
    announced, extra = receive(client, sent["id"], [seen(1)], [EXTRA]).json["exhibits"]
    assert "field team 4, 2026-08-15 MX" in label(client, announced["id"])[0]
    words = label(client, extra["id"])[0]
    assert "unannounced" in words and "none, absent at receipt" in words
