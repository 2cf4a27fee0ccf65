"""Custody through the pages: scan lists, storage, acts with their errors, corrections and proofs; with scripts and without."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import People
from tests.browser.making import api, handed, held
from tests.system import RunningSystem


def scan(page: Page, *codes: str) -> None:
    """As a wedge scanner types: the code, Enter, at once the next."""
    for code in codes:
        page.locator("#scan").press_sequentially(code, delay=0)
        page.keyboard.press("Enter")


@pytest.mark.rule("E8")
@pytest.mark.rule("E16")
def test_a_hand_over_by_scanner_from_list_to_signature(people: People, demo: RunningSystem) -> None:
    first, second, third = (row["number"] for row in held(people, demo, 3))
    page = people.page("custodian")
    page.goto("/handovers")
    expect(page.locator("#scan")).to_be_focused()
    scan(page, first, f"]d1{second}", third, first)
    expect(page.get_by_text("3 items on the list")).to_be_visible()
    expect(page.get_by_text(f"{first} is on the list already.")).to_be_visible()
    expect(page.locator("#scan")).to_be_focused()
    scan(page, "S26-999999")
    expect(page.get_by_text("There is no item S26-999999.")).to_be_visible()
    page.get_by_role("button", name=f"Take off {third}").click()
    expect(page.get_by_text("2 items on the list")).to_be_visible()
    page.locator("#to").fill("nobody")
    page.get_by_label("Purpose").fill("heroin signature")
    page.get_by_role("button", name="Offer all of the list").click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator("#to-error")).to_contain_text("no active person")
    expect(page.get_by_text("2 items on the list")).to_be_visible()
    page.locator("#to").fill("technician")
    page.get_by_role("button", name="Offer all of the list").click()
    expect(page.get_by_text("2 items offered to")).to_be_visible()
    receiver = people.page("technician")
    receiver.goto("/handovers")
    offer = receiver.locator(".sg-line").filter(has_text=first)
    offer.get_by_label("Your password").fill("wrong password")
    offer.get_by_role("button", name="Sign and accept").click()
    expect(offer.get_by_text("is wrong")).to_be_visible()
    offer.get_by_label("Your password").fill(people.users["technician"]["password"])
    offer.get_by_role("button", name="Sign and accept").click()
    expect(receiver.get_by_text("the items are yours now")).to_be_visible()
    assert people.refused == []


def test_fifty_items_go_at_once_and_come_back_declined(people: People, demo: RunningSystem) -> None:
    rows = held(people, demo, 50)
    page = people.page("custodian")
    page.goto("/handovers")
    page.locator("#scan").fill(" ".join(row["number"] for row in rows))
    page.keyboard.press("Enter")
    expect(page.get_by_text("50 items on the list")).to_be_visible()
    page.locator("#to").fill("technician2")
    page.get_by_label("Purpose").fill("inventory")
    page.get_by_role("button", name="Offer all of the list").click()
    expect(page.get_by_text("50 items offered to")).to_be_visible()
    receiver = people.page("technician2")
    receiver.goto("/handovers")
    offer = receiver.locator(".sg-line").filter(has_text=rows[0]["number"])
    offer.get_by_text("Decline", exact=True).first.click()
    offer.get_by_role("button", name="Decline").click()
    expect(offer.locator(".govuk-error-message")).to_be_visible()
    offer.get_by_label("Reason").fill("one label is torn")
    offer.get_by_role("button", name="Decline").click()
    expect(receiver.get_by_text("Declined.")).to_be_visible()
    mine = api(people, demo, "custodian").get(f"/items/{rows[0]['id']}")
    assert mine["holder"] == {"kind": "person", "name": "custodian"}


@pytest.mark.rule("E8")
def test_put_away_and_take_out_by_scan(people: People, demo: RunningSystem) -> None:
    first, second = held(people, demo, 2)
    page = people.page("custodian")
    page.goto("/storage/put")
    scan(page, first["number"])
    expect(page.get_by_text("1 item on the list")).to_be_visible()
    page.get_by_role("button", name="Put all of the list there").click()
    expect(page.locator("#scan-error")).to_contain_text("Scan the place")
    scan(page, "LOC:vault-a-1")
    expect(page.get_by_text("Place: Laboratory / Vault / Cabinet A / Shelf A1").first).to_be_visible()
    scan(page, second["number"])
    expect(page.get_by_text("2 items on the list")).to_be_visible()
    page.get_by_role("button", name="Put all of the list there").click()
    expect(page.get_by_text("2 items put into Laboratory / Vault / Cabinet A / Shelf A1.")).to_be_visible()
    page.goto("/storage")
    page.get_by_label(re.compile("Scan or type")).fill("LOC:vault-a-1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Shelf A1")
    expect(page.get_by_role("link", name=first["number"])).to_be_visible()
    page.goto("/storage/take")
    scan(page, first["number"], second["number"])
    expect(page.get_by_text("2 items on the list")).to_be_visible()
    page.get_by_label("Purpose").fill("analysis")
    page.get_by_role("button", name="Take all of the list out").click()
    expect(page.get_by_text("2 items taken out; you hold them now.")).to_be_visible()
    page.goto("/storage/out")
    expect(page.get_by_role("heading", level=1)).to_have_text("Out of storage")
    assert people.refused == []


@pytest.mark.rule("E9")
@pytest.mark.rule("E15")
def test_an_act_with_errors_then_late_then_its_lineage(people: People, demo: RunningSystem) -> None:
    row = handed(people, demo)
    page = people.page("technician")
    page.goto(f"/items/{row['id']}")
    page.get_by_text("Weigh", exact=True).click()
    page.locator("#weigh-net_mass_mg").fill("much")
    page.locator("#weigh-balance").fill("XPR205")
    page.get_by_role("button", name="Record", exact=True).first.click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator("#weigh-net_mass_mg")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#weigh-net_mass_mg-error")).to_be_visible()
    expect(page.locator("#weigh-balance")).to_have_value("XPR205")
    page.locator("#weigh-net_mass_mg").fill("2000")
    page.locator("#weigh-uncertainty_mg").fill("0,4")
    page.locator("#weigh summary", has_text="It happened earlier").click()
    # The demo's balance was calibrated long before.
    earlier = datetime.now(UTC) - timedelta(days=9)
    page.locator("#weigh-occurred_at").fill(earlier.strftime("%Y-%m-%dT%H:%M"))
    page.get_by_role("button", name="Record", exact=True).first.click()
    expect(page.get_by_text("2000 ± 0.4 mg")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Backdated by \d+ d"))).to_be_visible()
    page.get_by_text("Take an aliquot", exact=True).click()
    page.locator("#aliquot-net_mass_mg").fill("25")
    page.locator("#aliquot-uncertainty_mg").fill("0.2")
    page.locator("#aliquot-purpose").fill("GC-MS")
    page.get_by_role("button", name="Make the aliquot").click()
    expect(page.get_by_text(f"The aliquot {row['number']}.1 is made.")).to_be_visible()
    expect(page.get_by_text("The books close.")).to_be_visible()
    page.get_by_role("rowheader").get_by_role("link", name=f"{row['number']}.1").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Aliquot {row['number']}.1")
    expect(page.get_by_text("Made as an aliquot")).to_be_visible()
    assert people.refused == []


@pytest.mark.rule("E11")
@pytest.mark.rule("E21")
def test_a_correction_beside_what_it_corrects_and_the_proof_of_each(
    people: People, demo: RunningSystem
) -> None:
    row = handed(people, demo)
    client = api(people, demo, "technician")
    told = {"net_mass_mg": 1000, "uncertainty_mg": 0.4, "balance": "XPR205"}
    client.post(f"/items/{row['id']}/weighings", told)
    page = people.page("technician")
    number = client.get(f"/items/{row['id']}")["events"]
    client.wait(f"/items/{row['id']}/events?limit=500", lambda found: found["items"][-1]["index"] is not None)
    page.goto(f"/items/{row['id']}/events/{number}")
    expect(page.get_by_text("Checked now: its leaf is entry")).to_be_visible()
    page.get_by_text("Correct what was written wrongly").click()
    page.get_by_label("What is wrong").select_option("balance")
    page.get_by_label("What is right").fill("XPR206")
    page.get_by_label("Reason").fill("read from the neighbouring balance")
    page.get_by_label("Your password").fill("wrong password")
    page.get_by_role("button", name="Sign the correction").click()
    expect(page.locator("#correct-password-error")).to_contain_text("is wrong")
    page.get_by_label("Your password").fill(people.users["technician"]["password"])
    page.get_by_role("button", name="Sign the correction").click()
    expect(page.get_by_text(f"Corrected by no. {number + 1}; no. {number} stays as it was.")).to_be_visible()
    expect(page.locator(f"#no-{number} .sg-corrected")).to_contain_text("read from the neighbouring balance")
    expect(page.locator(f"#no-{number + 1} .sg-corrects")).to_contain_text(f"no. {number}")
    assert people.refused == []


def test_the_same_form_twice_is_one_act(people: People, demo: RunningSystem) -> None:
    row = handed(people, demo)
    page = people.page("technician")
    page.goto(f"/items/{row['id']}")
    form: dict[str, str | float | bool] = {
        "once": page.locator("#weigh input[name=once]").input_value(),
        "csrf_token": page.locator("#weigh input[name=csrf_token]").input_value(),
        "weigh-net_mass_mg": "1500",
        "weigh-uncertainty_mg": "0.4",
        "weigh-balance": "XPR205",
    }
    for _ in range(2):
        answer = page.request.post(f"/items/{row['id']}/weigh", form=form, headers={"Referer": page.url})
        assert answer.ok
    found = api(people, demo, "technician").get(f"/items/{row['id']}/events?limit=500")["items"]
    assert [event["type"] for event in found].count("weighed") == 1


def test_documents_of_an_item_come_as_files(people: People, demo: RunningSystem) -> None:
    (row,) = held(people, demo, 1)
    page = people.page("custodian")
    for name, begins in (("custody.pdf", b"%PDF"), ("case.jsonld", b"{"), ("bundle.zip", b"PK")):
        answer = page.request.get(f"/items/{row['id']}/{name}")
        assert answer.ok and answer.body().startswith(begins), name
        assert row["number"] in answer.headers["content-disposition"]
    label = page.request.get("/storage/vault-a-1/label.pdf")
    assert label.ok and label.body().startswith(b"%PDF")
