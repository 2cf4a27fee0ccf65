"""Time limits in the browser: the badge, the list by kind with its filters, the parcel at the door."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from siglab_clients.api import ApiClient
from tests.browser.conftest import People
from tests.system import RunningSystem


@pytest.fixture
def late(demo: RunningSystem, people: People) -> str:
    """The number of the demo's shipment that did not arrive, once the system has looked at it."""
    auditor = ApiClient(demo.base_url, people.users["auditor"]["token"])
    end = time.monotonic() + 100
    while not (found := auditor.all("/overdue", kind="not_arrived", office="BOG")):
        assert time.monotonic() < end, "no look at the limits found the shipment of the demo"
        time.sleep(1)
    return str(found[0]["number"])


@pytest.mark.rule("E26")
def test_from_the_badge_to_the_shipment(people: People, late: str) -> None:
    page = people.page("custodian")
    expect(page.get_by_role("link", name=re.compile(r"^Overdue \d+$"))).to_be_visible()
    page.get_by_role("link", name="shipments not arrived, more than 14 days").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Overdue")
    row = page.get_by_role("row").filter(has_text=late)
    # Sent 17 days ago: over since the end of the fourteenth, by the days of Bogotá.
    expect(row.get_by_role("cell").last).to_have_text(re.compile(r"^[23]$"))
    row.get_by_role("link", name="BOG", exact=True).click()
    expect(page.get_by_text("office BOG")).to_be_visible()
    page.get_by_role("link", name=re.compile("remove the filter kind")).click()
    assert "kind" not in page.url and "office=BOG" in page.url
    page.get_by_role("link", name=late).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(late)
    assert people.refused == []


@pytest.mark.rule("E6")
@pytest.mark.rule("E30")
def test_an_office_sees_its_own_alone(people: People, late: str) -> None:
    page = people.page("bogota")
    page.get_by_role("link", name="shipments not arrived, more than 14 days").click()
    expect(page.get_by_role("link", name=late)).to_be_visible()
    page.get_by_role("link", name="Sent without receipt").click()
    expect(page.get_by_role("link", name=late)).to_be_visible()
    page = people.page("bangkok")
    for address in ("/overdue", "/submissions?receipt=awaited"):
        page.goto(address)
        expect(page.get_by_text(late)).to_have_count(0)
    page = people.page("analyst")
    page.goto("/overdue")
    expect(page.get_by_role("heading", level=1)).to_contain_text("There is no such page")


@pytest.mark.rule("E2")
def test_a_closed_parcel_at_the_door(people: People, demo: RunningSystem) -> None:
    sent = _sent(ApiClient(demo.base_url, people.users["bogota"]["token"]))
    page = people.page("custodian")
    page.goto(f"/receive/{sent}")
    password = people.users["custodian"]["password"]
    _at_the_door(page, "", password)
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator("#delivered_by")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Who brought it").fill("DHL, J. Pérez")
    page.get_by_label("Your password").fill("not mine")
    page.get_by_role("button", name="Sign the arrival").click()
    expect(page.locator("#password")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Your password").fill(password)
    page.get_by_role("button", name="Sign the arrival").click()
    expect(page.get_by_text("The arrival is recorded")).to_be_visible()
    page = people.page("bogota")
    page.goto(f"/submissions/{sent}")
    expect(page.get_by_text("brought by DHL, J. Pérez")).to_be_visible()
    assert people.refused == []


def _at_the_door(page: Page, who: str, password: str) -> None:
    page.get_by_text("A closed parcel is at the door").click()
    page.get_by_label("Who brought it").fill(who)
    page.get_by_label("Your password").fill(password)
    page.get_by_role("button", name="Sign the arrival").click()


def _sent(office: ApiClient) -> str:
    line = {
        "line": 1,
        "description": "SYNTHETIC powder",
        "physical_form": "powder",
        "gross_mass_g": 1.0,
        "seal_number": "S-1",
    }
    body = {
        "kind": "seizure",
        "courier": "DHL",
        "tracking_number": "T-1",
        "seal_numbers": [],
        "items": [line],
    }
    made = office.post("/submissions", body)
    office.post(f"/submissions/{made['id']}/dispatch")
    return str(made["id"])
