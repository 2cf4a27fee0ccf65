"""Every act of custody on pages by keyboard and scanner: offers taken back, seals, losses, holds, a return, a destruction."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import People
from tests.browser.making import api, handed, held
from tests.browser.test_custody import scan
from tests.system import RunningSystem


def _open(page: Page, act: str) -> None:
    """Opens an act's form as the keyboard does."""
    page.locator(f"details[id^='{act}'] > summary").first.focus()
    page.keyboard.press("Enter")


def _types(page: Page, *fields: str) -> None:
    """Types into one field after the other, and ends with Enter; an empty text goes on to the next field."""
    for place, typed in enumerate(fields):
        if place:
            page.keyboard.press("Tab")
        page.keyboard.type(typed)
    page.keyboard.press("Enter")


@pytest.mark.rule("E10")
def test_a_technicians_acts_by_keyboard_alone(people: People, demo: RunningSystem) -> None:
    row = handed(people, demo)
    seal = f"N-{row['number']}"
    page = people.page("technician")
    page.goto(f"/items/{row['id']}")
    for act, first, fields, said in (
        ("weigh", "net_mass_mg", ("800", "0.4", "XPR205"), "Weighed."),
        ("consume", "net_mass_mg", ("20", "0.2", "", "GC-MS"), "Recorded."),
        ("lose", "net_mass_mg", ("1", "0.2", "", "spilt"), "The loss is recorded."),
        ("weigh_gross", "gross_mass_g", ("4", "1", "XPR205"), "Weighed."),
        ("seal", "seal_number", (seal,), "Sealed anew."),
    ):
        _open(page, act)
        page.locator(f"#{act}-{first}").focus()
        _types(page, *fields)
        expect(page.locator(".govuk-notification-banner").get_by_text(said)).to_be_visible()
    found = api(people, demo, "technician").get(f"/items/{row['id']}")
    assert found["remaining"]["net_mass_mg"] == 779 and found["seal_number"] == seal
    _open(page, "lose")
    page.locator("#lose-net_mass_mg").focus()
    _types(page, "9999", "0.2", "", "fire")
    expect(page.locator("#lose-net_mass_mg-error")).to_contain_text("779 mg remain")
    assert people.refused == []


def test_an_offer_is_withdrawn_and_another_goes_back_to_the_office(
    people: People, demo: RunningSystem
) -> None:
    (row,) = held(people, demo, 1)
    page = people.page("custodian")
    page.goto("/handovers")
    scan(page, row["number"])
    expect(page.get_by_text("1 item on the list")).to_be_visible()
    page.locator("#to").fill("technician")
    page.locator("#purpose").fill("a mistake")
    page.get_by_role("button", name="Offer all of the list").click()
    offer = page.locator(".sg-line").filter(has_text="a mistake")
    offer.get_by_text("Withdraw", exact=True).first.click()
    offer.get_by_role("button", name="Withdraw").click()
    expect(offer.locator(".govuk-error-message")).to_be_visible()
    offer.get_by_label("Reason").fill("wrong person")
    offer.get_by_label("Reason").press("Enter")
    expect(page.get_by_text("Withdrawn.")).to_be_visible()
    page.goto(f"/items/{row['id']}")
    _open(page, "handover")
    page.locator("#handover-to").focus()
    _types(page, "PER:bogota", "return")
    expect(page.get_by_text("Offered; it is yours until it is accepted.")).to_be_visible()
    office = people.page("bogota")
    office.goto("/handovers")
    taken = office.locator(".sg-line").filter(has_text=row["number"])
    taken.get_by_label("Your password").fill(people.users["bogota"]["password"])
    taken.get_by_label("Your password").press("Enter")
    expect(office.get_by_text("Accepted: the items are yours now.")).to_be_visible()
    assert api(people, demo, "custodian").get(f"/items/{row['id']}")["state"] == "returned"
    assert people.refused == []


@pytest.mark.rule("E16")
@pytest.mark.rule("E17")
def test_held_released_and_destroyed_by_two(people: People, demo: RunningSystem) -> None:
    (row,) = held(people, demo, 1)
    secrets = {login: user["password"] for login, user in people.users.items()}
    keeper, reviewer = people.page("custodian"), people.page("reviewer")
    keeper.goto(f"/items/{row['id']}")
    _open(keeper, "hold")
    keeper.locator("#hold-reason").focus()
    _types(keeper, "order of the court 7/26", secrets["custodian"])
    expect(keeper.get_by_text("On hold: it must be kept as it is.")).to_be_visible()
    keeper.goto("/holds")
    expect(keeper.get_by_role("row", name="order of the court 7/26").first).to_contain_text(row["number"])
    reviewer.goto(f"/items/{row['id']}")
    _open(reviewer, "release-")
    reviewer.locator("details[id^='release-'] input[type=text]").first.focus()
    _types(reviewer, "order lifted", "wrong password")
    expect(reviewer.locator("details[id^='release-'] .govuk-error-message")).to_contain_text("is wrong")
    reviewer.locator("details[id^='release-'] input[type=password]").fill(secrets["reviewer"])
    reviewer.locator("details[id^='release-'] input[type=password]").press("Enter")
    expect(reviewer.get_by_text("The hold is released.")).to_be_visible()
    keeper.goto(f"/items/{row['id']}")
    _open(keeper, "dispose")
    keeper.locator("#dispose-method").focus()
    _types(keeper, "incineration", "case closed", secrets["custodian"])
    expect(keeper.get_by_text("Asked; a reviewer decides.")).to_be_visible()
    reviewer.goto("/")
    reviewer.get_by_role("link", name="destructions to authorise").click()
    reviewer.get_by_role("link", name=row["number"], exact=True).first.click()
    _open(reviewer, "authorise-")
    reviewer.locator("details[id^='authorise-'] input[type=password]").focus()
    _types(reviewer, secrets["reviewer"])
    expect(reviewer.get_by_text("Authorised and signed.")).to_be_visible()
    keeper.goto(f"/items/{row['id']}")
    _open(keeper, "execute-")
    keeper.locator("details[id^='execute-'] input[type=password]").first.focus()
    _types(keeper, secrets["custodian"], "PER:reviewer", secrets["reviewer"])
    form = keeper.locator("details[id^='execute-']")
    expect(form.locator(".govuk-error-message").first).to_be_visible()
    form.locator("input[type=password]").first.fill(secrets["custodian"])
    form.locator("input[type=text]").first.fill("PER:technician")
    form.locator("input[type=password]").last.fill(secrets["technician"])
    form.locator("input[type=password]").last.press("Enter")
    expect(keeper.get_by_text("Destroyed; both signatures are on record.")).to_be_visible()
    assert api(people, demo, "custodian").get(f"/items/{row['id']}")["state"] == "disposed"
    assert people.refused == []
