"""What the house keeps on pages: places, balances, calendars, people; errors beside their fields, with scripts and without."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from shared.identifiers import new_id
from tests.browser.conftest import People
from tests.browser.making import api, handed, held
from tests.browser.test_custody import scan
from tests.system import RunningSystem


def _day(after: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=after)).isoformat()


def test_a_place_is_made_renamed_restricted_and_closed(people: People, demo: RunningSystem) -> None:
    page = people.page("admin")
    name = f"Safe {new_id()[-6:]}"
    page.goto("/storage/vault")
    page.get_by_role("button", name="New place in it").click()
    page.locator("#capacity").fill("many")
    page.get_by_role("button", name="Make the place").click()
    expect(page.locator("#name-error")).to_be_visible()
    expect(page.locator("#capacity-error")).to_be_visible()
    page.locator("#name").fill(name)
    page.locator("#capacity").fill("2")
    page.locator("#logins").fill("nobody")
    page.get_by_role("button", name="Make the place").click()
    expect(page.locator("#logins-error")).to_contain_text("no active person")
    page.locator("#logins").fill("technician")
    page.get_by_label("every custodian").check()
    page.get_by_role("button", name="Make the place").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    expect(page.get_by_text("every custodian, technician")).to_be_visible()
    place_id = page.url.rpartition("/")[2]
    label = page.request.get(f"/storage/{place_id}/label.pdf")
    assert label.ok and label.body().startswith(b"%PDF")
    (row,) = held(people, demo, 1)
    client = api(people, demo, "custodian")
    client.post(f"/items/{row['id']}/moves", {"place": place_id, "purpose": "storage"})
    page.goto(f"/storage/{place_id}/change")
    page.locator("#name").fill(f"{name} B")
    page.locator("#reason").fill("new door")
    page.get_by_role("button", name="Change the place").click()
    expect(page.get_by_text("take them out first").first).to_be_visible()
    client.post(f"/items/{row['id']}/retrievals", {"purpose": "inventory"})
    page.get_by_role("button", name="Change the place").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{name} B")
    expect(page.get_by_text(re.compile("new door"))).to_be_visible()
    page.get_by_role("button", name="Change or close it").click()
    page.get_by_role("button", name="Close it").click()
    expect(page.locator("#closing_reason-error")).to_be_visible()
    page.locator("#closing_reason").fill("rusty")
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_text("nothing more goes into it").first).to_be_visible()
    keeper = people.page("custodian")
    keeper.goto("/storage/put")
    scan(keeper, f"LOC:{place_id}", row["number"])
    expect(keeper.get_by_text("1 item on the list")).to_be_visible()
    keeper.get_by_role("button", name="Put all of the list there").click()
    expect(keeper.get_by_text("is closed: nothing more goes into it").first).to_be_visible()
    keeper.goto(f"/storage/{place_id}/change")
    expect(keeper.get_by_role("heading", level=1)).to_have_text("There is no such page.")
    assert people.refused == []


def test_a_balance_beyond_its_calibration_is_seen_where_one_weighs(
    people: People, demo: RunningSystem
) -> None:
    name = f"XS {new_id()[-6:]}"
    page = people.page("admin")
    page.goto("/balances")
    if page.locator("#new").get_attribute("open") is None:
        page.get_by_text("Add a balance", exact=True).click()
    page.locator("#name").fill(name)
    page.locator("#serial_number").fill(f"B{new_id()[-8:]}")
    page.locator("#readability_mg").fill("0,01")
    page.locator("#repeatability_mg").fill("0,015")
    page.locator("#calibrated_on").fill(_day(-400))
    page.locator("#next_due").fill(_day(-500))
    page.get_by_role("button", name="Add it to the register").click()
    expect(page.locator("#next_due-error")).to_contain_text("after this one")
    expect(page.locator("#name")).to_have_value(name)
    page.locator("#next_due").fill(_day(-35))
    page.get_by_role("button", name="Add it to the register").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("overdue")
    balance_id = page.url.rpartition("/")[2]
    row = handed(people, demo)
    hand = people.page("technician")
    hand.goto(f"/items/{row['id']}")
    hand.locator("#weigh > summary").click()
    expect(hand.locator("#weigh").get_by_text(f"{name}: calibration was due {_day(-35)}")).to_be_visible()
    hand.locator("#weigh-net_mass_mg").fill("2000")
    hand.locator("#weigh-uncertainty_mg").fill("0.4")
    # The scanner sends the balance's label and Enter: the form goes, and the refusal stands at the field.
    hand.locator("#weigh-balance").press_sequentially(f"BAL:{balance_id}", delay=0)
    hand.keyboard.press("Enter")
    expect(hand.locator("#weigh-balance-error")).to_contain_text("was to be calibrated")
    page.locator("#calibrated_on").fill(_day(0))
    page.locator("#next_due").fill(_day(365))
    page.get_by_role("button", name="Enter the calibration").click()
    expect(page.get_by_text(f"the next calibration is due {_day(365)}")).to_be_visible()
    hand.locator("#weigh-balance").fill(f"BAL:{balance_id}")
    hand.locator("#weigh-balance").press("Enter")
    expect(hand.get_by_text("Weighed.")).to_be_visible()
    found = api(people, demo, "technician").get(f"/items/{row['id']}/events?limit=500")["items"]
    assert found[-1]["details"]["balance"] == name
    assert people.refused == []


def test_a_calendar_is_set_with_its_errors_at_the_line(people: People, demo: RunningSystem) -> None:
    page = people.page("admin")
    page.goto("/calendars/BOG")
    page.locator("#time_zone").fill("Colombia")
    page.locator("#holidays").fill("2027-01-01 New Year\n\nChristmas\n2027-05-01 Labour Day")
    page.get_by_role("button", name="Set the calendar").click()
    expect(page.locator("#time_zone-error")).to_contain_text("no time zone")
    expect(page.locator("#holidays-error").first).to_contain_text("Line 3")
    page.locator("#time_zone").fill("America/Bogota")
    page.locator("#holidays").fill("2027-05-01 Labour Day\n2027-01-01 New Year")
    page.get_by_role("button", name="Set the calendar").click()
    expect(page.get_by_text("holds from now on")).to_be_visible()
    office = people.page("bogota")
    office.goto("/calendars/BOG")
    expect(office.get_by_text("Labour Day")).to_be_visible()
    expect(office.get_by_role("button", name="Set the calendar")).to_have_count(0)
    stranger = people.page("bangkok")
    stranger.goto("/calendars/BOG")
    expect(stranger.get_by_role("heading", level=1)).not_to_contain_text("Calendar")
    assert people.refused == []


@pytest.mark.rule("E8")
def test_the_receiver_is_chosen_from_the_list_or_by_a_badge(people: People, demo: RunningSystem) -> None:
    (row,) = held(people, demo, 1)
    page = people.page("custodian")
    badge = page.request.get("/people/technician2/badge.pdf")
    assert badge.ok and badge.body().startswith(b"%PDF")
    page.goto(f"/items/{row['id']}")
    page.locator("#handover > summary").click()
    choices = page.locator("#handover datalist option")
    logins = [each.get_attribute("value") for each in choices.all()]
    assert {"technician", "technician2", "bogota"} <= set(logins) and "custodian" not in logins
    page.locator("#handover-to").fill("Somebody Else")
    page.locator("#handover-purpose").fill("analysis")
    page.get_by_role("button", name="Offer", exact=True).click()
    expect(page.locator("#handover-to-error")).to_contain_text("no active person")
    page.locator("#handover-to").fill("PER:technician2")
    page.locator("#handover-to").press("Enter")
    expect(page.get_by_text("Offered; it is yours until it is accepted.")).to_be_visible()
    receiver = people.page("technician2")
    expect(receiver.get_by_role("link", name="hand-overs offered to you")).to_be_visible()
    assert people.refused == []


@pytest.mark.rule("E11")
def test_an_auditor_reads_what_became_of_an_account(people: People) -> None:
    page = people.page("auditor")
    page.goto("/people")
    page.get_by_role("row", name="technician2").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("technician2")
    expect(page.get_by_role("cell", name="Account opened")).to_be_visible()
    technician = people.page("technician")
    technician.goto("/people")
    expect(technician.get_by_role("row", name="technician2").get_by_role("link")).to_have_count(1)
    assert people.refused == []
