"""The custody report on paper: complete, in words, the same id on every page, whatever the length and the script."""

import hashlib
import io
import json
import re
import shutil
from datetime import UTC, datetime
from typing import Any

import pytest
import typst
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image
from pypdf import PdfReader

from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository import spectra as spectra_repository
from services.chain_of_custody.service import custody_report, verify_spectrum
from services.chain_of_custody.service.photographs import MOST
from shared.runtime import Runtime
from siglab_clients.tlog.notes import parse_verifier_key
from siglab_clients.verify.check_bundle import check_bundle
from siglab_clients.verify.cli import as_json
from tests.calls import AUDITOR, BOGOTA, CUSTODIAN
from tests.integration.chain_of_custody import histories
from tests.integration.chain_of_custody.house import act, as_service, call, events, item, opened, sequence
from tests.integration.spectra import house as spectra

READ = {"format": "unknown", "reason": None, "summary": None}


def pages_of(client: FlaskClient, item_id: str) -> list[str]:
    """The words of every page."""
    answer = call(client, "GET", f"/items/{item_id}/custody.pdf", actor=AUDITOR)
    assert answer.status_code == 200, answer.data
    return [page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages]


def plain(text: str) -> str:
    """Text without the breaks that only the paper makes."""
    return re.sub(r"\s+", " ", text.replace("\u200b", ""))


def printed(moment: str) -> str:
    """A time of a record as it is printed."""
    return moment[:19].replace("T", " ")


@pytest.mark.rule("E10")
@pytest.mark.rule("E9")
def test_every_act_is_there_with_person_times_purpose_details_and_digest(
    client: FlaskClient, runtime: Runtime
) -> None:
    item_id = histories.worked_upon(client)
    sequence(runtime)
    text = plain(" ".join(pages_of(client, item_id)))
    for event in events(client, item_id):
        for word in (
            event["title"],
            event["purpose"],
            event["digest"],
            printed(event["occurred_at"]),
            f"entry {event['index']} of",
        ):
            assert plain(word) in text, (event["type"], word)
        assert f"{event['actor_name']} ({event['actor']}), {event['actor_role']}" in text
        for fact in event["facts"]:
            # What is extracted of Thai is in another order than it was written; its setting is looked at below.
            latin = re.split(r"[\u0E00-\u0E7F]", plain(fact["text"]))[0]
            assert fact["label"] in text and latin[:40] in text, fact
    assert "500 mg ± 0.4 mg (k = 2)" in text and "{" not in text
    assert text.count("BACKDATED by 2 h 30 min") == 1 and "1 recorded later than it happened" in text
    assert "S26" in text and "D26" in text and "R26-000001" in text and runtime.settings.laboratory in text


@pytest.mark.rule("E16")
def test_signatures_stand_with_name_time_meaning_and_digest(client: FlaskClient) -> None:
    item_id = histories.disposed(client)
    text = plain(" ".join(pages_of(client, item_id)))
    rows = [row for event in events(client, item_id) for row in event["signatures"]]
    assert len(rows) == 6
    for row in rows:
        signed = f"Signed {row['name']} ({row['login']}), {row['role']}, {printed(row['at'])} UTC, by password “{row['meaning']}”"
        assert plain(signed) in text
        assert row["record_sha256"] in text
    assert "NOT the digest" not in text


@pytest.mark.rule("E11")
def test_a_correction_stands_beside_what_it_corrects(client: FlaskClient) -> None:
    text = plain(" ".join(pages_of(client, histories.corrected(client))))
    measured = text.index("Corrected later. No. 5")
    assert text.index("Measured") < measured < text.index("Corrects no. 4, which stays as it is.")
    assert text.count("two vials were swapped") == 2


@pytest.mark.rule("E11")
@pytest.mark.rule("E16")
def test_a_signed_correction_says_what_was_wrong_and_what_is_right(client: FlaskClient) -> None:
    text = plain(" ".join(pages_of(client, histories.written_wrongly(client))))
    corrected = text.index("Corrected later. No. 7")
    assert corrected < text.index("Corrects no. 4, which stays as it is.")
    assert "Wrong was Balance XPR205" in text and "Right is Balance XPR206" in text
    assert "NOT the digest" not in text and "5200 mg ± 1 mg (k = 2)" in text and "S-NEW-1" in text


@pytest.mark.rule("E27")
def test_each_print_has_an_id_of_its_own_on_every_page_and_one_content_digest(client: FlaskClient) -> None:
    item_id = histories.worked_upon(client)
    first, second = pages_of(client, item_id), pages_of(client, item_id)
    ids, digests = [], []
    for pages in (first, second):
        found = [re.findall(r"Report ([0-9a-f]{32}) ·", page) for page in pages]
        assert all(len(on_page) == 1 for on_page in found) and len({each[0] for each in found}) == 1
        for number, page in enumerate(pages, 1):
            assert f"page {number} of {len(pages)}" in plain(page)
        ids.append(found[0][0])
        digests.append(re.findall(r"Content digest of this one: ?([0-9a-f]{64})", plain(pages[-1]))[0])
    assert ids[0] != ids[1] and digests[0] == digests[1]


@pytest.mark.rule("E19", "E27")
def test_of_its_proof_it_says_what_was_checked_and_against_which_head(
    client: FlaskClient, runtime: Runtime
) -> None:
    item_id = histories.worked_upon(client)
    sequence(runtime)
    many = len(events(client, item_id))
    assert (
        act(client, item_id, "moves", {"place": "vault-a-1", "purpose": "storage"}, CUSTODIAN).status_code
        == 201
    )
    text = plain(" ".join(pages_of(client, item_id)))
    note = call(client, "GET", "/ledger/checkpoint", actor=None).data.decode()
    assert plain(note).strip() in text and f"({note.splitlines()[1]} entries, signed at " in text
    assert f"{many} of {many + 1} acts: the entry whose number stands beside the act leads" in text
    assert f"1 of {many + 1}: no place under this head yet" in text
    assert "Not checked here: whether the log was forked" in text
    assert not re.search(r"\b(unchanged|complete|none left out|guarantee)", text)


@pytest.mark.rule("E21")
def test_the_key_is_told_as_the_ledger_and_the_verifier_tell_it(client: FlaskClient) -> None:
    """One id and one fingerprint, wherever somebody compares them."""
    key = parse_verifier_key(call(client, "GET", "/ledger/key", actor=None).data.decode().strip())
    state = call(client, "GET", "/ledger/state", actor=AUDITOR).json
    assert (state["key_id"], state["fingerprint"]) == (key.id.hex(), key.fingerprint)
    text = plain(pages_of(client, opened(client))[-1])
    assert f"Key id {key.id.hex()}, SHA-256 of the key's 32 bytes: {key.fingerprint}" in text.replace(
        "’", "'"
    )
    told = as_json(check_bundle(b"no bundle", key))["key"]
    assert told == {"name": key.name, "id": state["key_id"], "fingerprint": state["fingerprint"]}


@pytest.mark.rule("E15")
def test_the_lineage_stands_with_its_books(client: FlaskClient) -> None:
    item_id = histories.worked_upon(client)
    number = item(client, item_id)["number"]
    text = plain(" ".join(pages_of(client, item_id)))
    row = text[text.index("Lineage and mass balance") :]
    assert f"{number} in custody 500 ± 0.4 25.5 ± 0.2 10 ± 0.2 0 0 464.5 ± 0.49 close (0, tolerance 0)" in row
    assert f"{number}.1 in custody 25.5 ± 0.2 0 0 0 0 25.5 ± 0.2 close" in row


@pytest.mark.rule("E22")
@pytest.mark.rule("E23")
def test_files_stand_with_digest_and_version(client: FlaskClient) -> None:
    item_id = histories.worked_upon(client)
    text = plain(" ".join(pages_of(client, item_id)))
    (run,) = call(client, "GET", f"/spectra?item_id={item_id}", actor=CUSTODIAN).json["items"]
    assert "run.cdf (16 bytes)" in text and histories.RUN_SHA256 in text
    assert f"version {run['object']['version_id']}" in text.replace("\n", " ")


def test_the_symbol_is_that_of_the_label(client: FlaskClient, runtime: Runtime) -> None:
    item_id = opened(client)
    number = item(client, item_id)["number"]
    with runtime.unit_of_work() as uow:
        row = items_repository.item(uow.session, CUSTODIAN, item_id)
        material = custody_report.gather(uow, row, runtime)
        data = custody_report.report_data(CUSTODIAN, material, runtime, now=datetime.now(UTC))
    image: Any = typst.compile(
        custody_report.TEMPLATE,
        format="png",
        ppi=203,
        sys_inputs={"data": json.dumps({**data, "photographs": []})},
    )
    first = image[0] if isinstance(image, list) else image
    assert [read.text for read in zxingcpp.read_barcodes(Image.open(io.BytesIO(first)))] == [number]


def test_thai_spanish_and_words_without_end_stay_on_the_paper(client: FlaskClient) -> None:
    thai, spanish = "ผงสีน้ำตาลเข้มห่อด้วยพลาสติกใส", "Polvo marrón «ñandú» envuelto en plástico; ¿húmedo?"
    endless = "x" * 900
    item_id = opened(client, description=f"{thai} {spanish} {endless}")
    answer = call(client, "GET", f"/items/{item_id}/custody.pdf", actor=BOGOTA)
    reader = PdfReader(io.BytesIO(answer.data))
    text = plain(" ".join(page.extract_text() for page in reader.pages))
    assert spanish in text and "ผงสี" in text
    assert text.replace(" ", "").count("x" * 24) >= 2 * 900 // 24 - 2
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert any("NotoSansThai" in font for font in fonts), fonts


ABOUT: dict[str, Any] = {"technique": "photograph", "instrument": "camera 2", "method": "as received"}


def photographed(client: FlaskClient, runtime: Runtime, item_id: str, name: str, content: bytes) -> str:
    """A verified photograph of an item; returns its id."""
    spectrum_id = spectra.uploaded(client, item_id, content, filename=name, **ABOUT)
    verify_spectrum.verify_spectrum(runtime, spectrum_id)
    path = f"/internal/spectra/{spectrum_id}/reading"
    assert as_service(client, "classifier", "POST", path, READ).status_code == 200
    return spectrum_id


def picture(colour: tuple[int, int, int], kind: str = "PNG") -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, kind)
    return out.getvalue()


def test_photographs_that_cannot_be_shown_leave_a_frame_that_says_why_and_hide_no_other(
    client: FlaskClient, runtime: Runtime
) -> None:
    item_id = histories.worked_upon(client)
    front, side = picture((120, 60, 10)), picture((10, 60, 120), "JPEG")
    broken, other, lost = front[:-30], b"GIF89a, of no kind that is set", picture((1, 2, 3))
    photographed(client, runtime, item_id, "front.png", front)
    photographed(client, runtime, item_id, "broken.png", broken)
    photographed(client, runtime, item_id, "other.gif", other)
    gone = photographed(client, runtime, item_id, "lost.png", lost)
    photographed(client, runtime, item_id, "side.jpg", side)
    with runtime.unit_of_work() as uow:
        row = spectra_repository.known_spectrum(uow.session, gone)
        assert row is not None
        (path,) = runtime.settings.data_dir.rglob(f"*{row.version_id}*")
    shutil.rmtree(path)
    answer = call(client, "GET", f"/items/{item_id}/custody.pdf", actor=AUDITOR)
    reader = PdfReader(io.BytesIO(answer.data))
    text = plain(" ".join(page.extract_text() for page in reader.pages))
    text = text[text.index("Photographs") :]
    assert sum(len(page.images) for page in reader.pages) == 2
    for name, content in (("front.png", front), ("side.jpg", side)):
        assert name in text and hashlib.sha256(content).hexdigest() in text.replace(" ", "")
    assert text.count("This photograph cannot be shown.") == 3
    for name, content, why in (
        ("broken.png", broken, "the picture cannot be read: failed to decode image"),
        ("other.gif", other, "it is neither JPEG nor PNG"),
        ("lost.png", lost, "the object store does not give its bytes"),
    ):
        assert name in text and why in text, why
        assert hashlib.sha256(content).hexdigest() in text.replace(" ", "")


def test_photographs_beyond_what_is_shown_are_counted(client: FlaskClient, runtime: Runtime) -> None:
    item_id = opened(client)
    for number in range(MOST + 1):
        spectra.uploaded(client, item_id, picture((number, 0, 0)), filename=f"{number}.png", **ABOUT)
    text = plain(" ".join(pages_of(client, item_id)))
    assert text.count("it is verifying: its bytes are not verified yet") == MOST
    assert "1 more photograph is not shown" in text


def test_five_hundred_acts_do_not_break_it(client: FlaskClient, runtime: Runtime) -> None:
    item_id = opened(client)
    for number in range(500):
        histories.record(
            client,
            item_id,
            "measured",
            f"series {number}",
            measurement_id=f"{item_id}-{number}",
            sha256="ab" * 32,
        )
    pages = pages_of(client, item_id)
    text = plain(" ".join(pages))
    assert all(f"Purpose: series {number}" in text for number in range(500))
    assert f"page {len(pages)} of {len(pages)}" in plain(pages[-1]) and "501 acts" in text


def test_of_what_is_gone_the_report_says_with_whom_it_was_last(client: FlaskClient, runtime: Runtime) -> None:
    for history, words in ((histories.disposed, "Last with"), (histories.worked_upon, "Now with")):
        item_id = history(client)
        sequence(runtime)
        assert f"{words} Clara" in plain(pages_of(client, item_id)[0])
