"""The main job through the pages alone, by keyboard and mouse, with scripts and without."""

import re

from playwright.sync_api import Page, expect

from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.synthetic.library import synthetic_library
from services.classifier.domain.synthetic.run import synthetic_run
from siglab_clients.api import ApiClient
from tests.browser.conftest import People
from tests.system import RunningSystem


def test_from_submission_to_release(people: People, demo: RunningSystem) -> None:
    number = _submitted(people.page("bogota"))
    exhibit = _received(people.page("custodian"), number)
    _handed_over(people, exhibit)
    result = _measured_and_classified(people, demo, exhibit)
    _released(people, result)
    assert people.refused == []


def test_a_wrong_field_is_said_in_title_summary_and_at_the_field(people: People) -> None:
    page = people.page("bogota")
    page.goto("/submissions/new")
    page.get_by_label("Courier").fill("pouch")
    page.get_by_label("Gross mass").fill("much")
    page.get_by_role("button", name="Save draft").click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    expect(page.locator("#items-0-gross_mass_g")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#items-0-gross_mass_g-error")).to_be_visible()
    expect(page.get_by_label("Courier")).to_have_value("pouch")


def test_another_office_finds_nothing(people: People) -> None:
    number = _submitted(people.page("bogota"))
    page = people.page("bangkok")
    page.goto("/submissions")
    expect(page.get_by_text(number)).to_have_count(0)


def _submitted(page: Page) -> str:
    page.goto("/submissions/new")
    page.get_by_label("Courier").fill("diplomatic pouch")
    page.get_by_label("Tracking number").fill("DP-1")
    page.get_by_label("Programme").select_option("HSP")
    page.get_by_label("Description").fill("SYNTHETIC powder")
    page.get_by_label("Physical form").fill("powder")
    page.get_by_label("Gross mass").fill("5,25")
    page.get_by_label("Seal number").fill("S-1")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("button", name=re.compile("Dispatch")).click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("dispatched")
    return re.findall(r"[A-Z]{3}-\d\d-\d+", heading.inner_text())[0]


def _received(page: Page, number: str) -> str:
    """The address of the exhibit's page."""
    page.goto("/receive")
    page.get_by_label(re.compile("Scan or type")).fill(number)
    page.keyboard.press("Enter")
    page.get_by_label("Received").check()
    page.get_by_label("Gross mass now").fill("5.25")
    page.get_by_role("button", name="Make the receipt").click()
    expect(page.get_by_text("is made.")).to_be_visible()
    page.get_by_role("link", name=re.compile(r"S\d\d-\d{6}")).click()
    return page.url


def _handed_over(people: People, exhibit: str) -> None:
    page = people.page("custodian")
    for _ in range(50):
        page.goto(exhibit)
        if page.get_by_text("Hand over", exact=True).count():
            break
        page.wait_for_timeout(100)
    page.get_by_text("Hand over", exact=True).click()
    page.locator("#handover-to").fill("technician")
    page.locator("#handover-purpose").fill("heroin signature")
    page.get_by_role("button", name="Offer").click()
    expect(page.get_by_text("Offered; it is yours")).to_be_visible()
    page = people.page("technician")
    page.goto("/handovers")
    page.get_by_label("Your password").last.fill("wrong password")
    page.get_by_role("button", name="Sign and accept").last.click()
    expect(page.get_by_text("is wrong").last).to_be_visible()
    page.get_by_label("Your password").last.fill(people.users["technician"]["password"])
    page.get_by_role("button", name="Sign and accept").last.click()
    expect(page.get_by_text("the items are yours now")).to_be_visible()


def _measured_and_classified(people: People, demo: RunningSystem, exhibit: str) -> str:
    """The address of the result's page. The isotopes come by the API, as from their instrument."""
    programme = load_bundled("HSP")
    sample = synthetic_library(programme, 5, per_class=1)[0]
    page = people.page("technician")
    page.goto(exhibit)
    page.get_by_text("Weigh", exact=True).click()
    page.locator("#weigh-net_mass_mg").fill("4100")
    page.locator("#weigh-uncertainty_mg").fill("0,4")
    page.locator("#weigh-balance").fill("XPR205-1")
    page.get_by_role("button", name="Record", exact=True).first.click()
    expect(page.get_by_text("4100 ± 0.4 mg")).to_be_visible()
    page.get_by_text("Upload a run", exact=True).click()
    run = {
        "name": "run.cdf",
        "mimeType": "application/x-netcdf",
        "buffer": synthetic_run(programme, sample.values, 5),
    }
    page.locator("#file").set_input_files(run)  # type: ignore[arg-type]
    page.locator("#upload-instrument").fill("gcms1")
    page.locator("#upload-method").fill("HSP-GCMS-1")
    page.locator("#upload-acquired_at").fill("2026-11-01T08:00")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("it is being verified")).to_be_visible()
    item = page.url.rpartition("item=")[2]
    client = ApiClient(demo.base_url, people.users["technician"]["token"])
    client.wait("/spectra?item_id=" + item, lambda found: found["items"][0]["state"] == "verified")
    values = [
        {"analyte": a.name, "value": sample.values[a.name], "unit": a.unit}
        for a in programme.analytes
        if a.is_isotope
    ]
    told = {"item_id": item, "programme": "HSP", "method": "IRMS", "instrument": "irms1", "values": values}
    client.post("/measurements", told)
    page.get_by_text("Classify", exact=True).click()
    page.get_by_role("button", name="Start").click()
    for _ in range(100):
        if page.get_by_role("link", name="Result 1").count():
            break
        page.wait_for_timeout(200)
        page.goto(page.url)
    page.get_by_role("link", name="Result 1").click()
    expect(page.get_by_text("It never stands alone.")).to_be_visible()
    return page.url


def _released(people: People, result: str) -> None:
    page = people.page("reviewer")
    page.goto(result)
    page.get_by_label("Release").check()
    page.get_by_label("Comment").fill("agreed")
    page.get_by_label("Your password").fill(people.users["reviewer"]["password"])
    page.get_by_role("button", name="Sign and decide").click()
    expect(page.get_by_role("link", name="Report (PDF)")).to_be_visible()
