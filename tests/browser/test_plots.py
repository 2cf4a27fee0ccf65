"""Links, statistics and runs in the browser: tables beside pictures, everything by keyboard and in the address."""

import csv
import io
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from deploy.demo.exhibit import make_demo_exhibit
from siglab_clients.api import ApiClient
from tests.browser.conftest import People
from tests.browser.test_custody import api
from tests.system import RunningSystem

NEVER_ALONE = "never stands alone"


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """What the first test of the module made; the others work with it too."""
    return {}


@pytest.fixture
def pair(demo: RunningSystem, people: People, made: dict[str, Any]) -> list[Any]:
    """Two seizures with a run each and the values of the other techniques; the first has a released result."""
    if "pair" in made:
        return list(made["pair"])
    technician = api(people, demo, "technician")
    rows = _seized(people, demo)
    for seed, row in enumerate(rows, 11):
        exhibit = make_demo_exhibit(seed)
        metadata = {
            "filename": f"run-{seed}.cdf",
            "item_id": row["id"],
            "technique": "GC-MS",
            "instrument": "gcms1",
        }
        metadata |= {"method": "HSP-1", "run_role": "sample", "acquired_at": "2026-01-02T03:04:05Z"}
        row["spectrum"] = api(people, demo, "gcms1").upload(exhibit.raw_run, metadata)
        told = {
            "item_id": row["id"],
            "programme": "HSP",
            "method": "m",
            "instrument": "i",
            "values": exhibit.values,
        }
        technician.post("/measurements", told)
    for row in rows:
        technician.wait(f"/spectra/{row['spectrum']}", lambda found: found["read_at"] is not None)
    job = technician.post("/jobs", {"programme": "HSP", "item_ids": [rows[0]["id"]]})
    ended = technician.wait(f"/jobs/{job['id']}", lambda found: found["state"] not in ("queued", "running"))
    rows[0]["result"] = ended["results"][0]["result_id"]
    signed = {"decision": "release", "comment": "agreed", "password": people.users["reviewer"]["password"]}
    api(people, demo, "reviewer").post(f"/results/{rows[0]['result']}/review", signed)
    made["pair"] = rows
    return list(rows)


def _seized(people: People, demo: RunningSystem) -> list[dict[str, Any]]:
    """Two received seizures of one parcel from Bogotá."""
    office, custodian = api(people, demo, "bogota"), api(people, demo, "custodian")
    line = {"programme": "HSP", "description": "powder", "physical_form": "powder", "gross_mass_g": 9.0}
    lines = [{**line, "line": n, "seal_number": f"PLOT-{n}", "seized_country": "CO"} for n in (1, 2)]
    parcel = {
        "kind": "seizure",
        "courier": "c",
        "tracking_number": "PLOTS",
        "seal_numbers": [],
        "items": lines,
    }
    sent = office.post("/submissions", parcel)
    office.post(f"/submissions/{sent['id']}/dispatch")
    found = {"outcome": "received", "gross_mass_g": 9.0, "seal_condition": "intact", "remarks": ""}
    receipt = {"lines": [{"line": n, **found} for n in (1, 2)], "unexpected": []}
    made = custodian.post(f"/submissions/{sent['id']}/receipts", receipt)
    rows = []
    for exhibit in made["exhibits"]:
        opened = custodian.wait(f"/exhibits/{exhibit['id']}", lambda row: row["item_id"] is not None)
        rows.append(custodian.get(f"/items/{opened['item_id']}"))
    return rows


def no_wider_than_the_window(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_from_an_item_to_its_links_and_to_a_pair(people: People, pair: list[Any]) -> None:
    one, other = pair
    page = people.page("technician")
    page.goto(f"/items/{one['id']}")
    page.get_by_role("link", name="Links", exact=True).click()
    expect(page.get_by_role("heading", name=f"Links of {one['number']}")).to_be_visible()
    expect(page.locator(".sg-caveat")).to_contain_text(NEVER_ALONE)
    expect(page.locator("p.sg-synthetic").last).to_contain_text("SYNTHETIC: the library behind")
    table = page.locator("table.sg-alike")
    expect(table.get_by_role("row")).to_have_count(26)
    expect(table).to_contain_text("support for")
    page.get_by_label("Most alike", exact=True).select_option("100")
    page.get_by_role("button", name="Show").click()
    expect(table.get_by_role("row")).to_have_count(101)
    expect(page).to_have_url(re.compile("limit=100"))
    expect(page.locator("section[aria-labelledby=population] svg")).to_contain_text("Cllr")
    page.goto(f"/links/{one['id']}?with={other['id']}")
    pictures = page.locator("#pair svg.sg-picture")
    expect(pictures).to_have_count(2)
    expect(pictures.first).to_contain_text(NEVER_ALONE)
    expect(pictures.last).to_contain_text("internal standard")
    page.get_by_role("link", name="Over each other").click()
    expect(page.get_by_role("link", name="Over each other")).to_have_attribute("aria-current", "true")
    expect(page.locator("#pair svg").first).to_contain_text("as it is compared")
    assert people.refused == []


def test_the_network_is_walked_by_keyboard(people: People, pair: list[Any], demo: RunningSystem) -> None:
    library = api(people, demo, "scientist").get("/library", programme="HSP", limit=500)["items"]
    analyst = api(people, demo, "analyst")
    item = next(
        row["item_id"]
        for row in library
        if len(analyst.get("/links/network", programme="HSP", item_id=row["item_id"])["nodes"]) > 2
    )
    page = people.page("analyst")
    page.goto(f"/links/{item}?programme=HSP")
    picture = page.locator("section[aria-labelledby=network] svg")
    expect(picture).to_contain_text(NEVER_ALONE)
    links = picture.locator("a")
    assert links.count() > 2
    first = links.nth(1)
    wanted = first.get_attribute("href")
    assert wanted
    first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(wanted.split("?")[0])))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Links of")


def test_a_run_is_seen_closer(people: People, pair: list[Any]) -> None:
    one, other = pair
    page = people.page("auditor")
    page.goto(f"/items/{one['id']}")
    page.get_by_role("link", name=re.compile(r"^run-\d+\.cdf$")).first.click()
    picture = page.locator("#run svg")
    expect(picture).to_contain_text("noscapine")
    page.get_by_label("From, s").fill("780")
    page.get_by_label("To, s").fill("840")
    page.get_by_role("button", name="Show").click()
    expect(picture).not_to_contain_text("noscapine")
    expect(picture).to_contain_text("main compound")
    page.get_by_role("link", name="Closer").click()
    expect(page.get_by_text("From 795 to 825 s, ")).to_be_visible()
    page.get_by_role("link", name="Whole run").click()
    expect(picture).to_contain_text("noscapine")
    page.get_by_label("Channel").select_option("mz:341")
    page.get_by_role("button", name="Show").click()
    expect(picture).to_contain_text("acetylcodeine")
    expect(picture).not_to_contain_text("noscapine")
    page.goto(f"/spectra/{one['spectrum']}?from=840&to=780")
    expect(page.locator("#to-error")).to_contain_text("later than the beginning")
    page.goto(f"/spectra/{one['spectrum']}")
    page.get_by_label("Number of an item, or id of a run").fill(other["number"])
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#run svg")).to_contain_text("50 %")
    expect(page.get_by_label("View")).to_have_value("mirror")
    page.get_by_label("Number of an item, or id of a run").fill("S99-999999")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#with-error")).to_contain_text("No run and no item")
    assert people.refused == []


@pytest.mark.parametrize("people", [True], ids=["with scripts"], indirect=True)
def test_a_part_is_taken_by_dragging(people: People, pair: list[Any]) -> None:
    page = people.page("scientist")
    page.goto(f"/spectra/{pair[0]['spectrum']}")
    picture = page.locator("#run svg")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.3, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"from=[\d.]+&to=[\d.]+"))
    expect(page.locator("#run").get_by_role("link", name="Whole run")).to_be_visible()
    assert float(page.get_by_label("From, s").input_value()) < float(page.get_by_label("To, s").input_value())
    page.go_back()
    expect(page.locator("#run").get_by_role("link", name="Whole run")).to_have_count(0)


def test_statistics_as_picture_table_and_files(people: People, pair: list[Any]) -> None:
    page = people.page("analyst")
    page.get_by_role("link", name="Statistics").click()
    page.get_by_label("Programme").select_option("HSP")
    page.get_by_label("By", exact=True).select_option("office")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("group_by=office"))
    picture = page.locator("section[aria-labelledby=shares-heading] svg")
    expect(picture).to_contain_text("not drawn at random")
    expect(picture).to_contain_text("SYNTHETIC")
    row = page.get_by_role("row").filter(has_text="BOG")
    expect(row).to_contain_text(re.compile(r"\d+ % \(\d+ to \d+\), \d+"))
    for name, begins in (
        ("Rows as CSV", b"result_id,"),
        ("Rows as Parquet", b"PAR1"),
        ("Picture (SVG)", b"<svg"),
    ):
        with page.expect_download() as waited:
            page.get_by_role("button", name=name).click()
        content = waited.value.path().read_bytes()
        assert content.startswith(begins), name
    answer = page.request.get("/statistics/origins.csv?programme=HSP")
    rows = list(csv.DictReader(io.StringIO(answer.text())))
    assert pair[0]["result"] in {each["result_id"] for each in rows}
    page.goto("/statistics?programme=HSP&to=1990-01-01")
    expect(page.get_by_text("No released result of a seizure matches.")).to_be_visible()
    page.goto("/statistics?programme=HSP&from=yesterday")
    expect(page.locator("#from-error")).to_be_visible()
    assert people.refused == []


def test_small_screens_scroll_pictures_and_not_the_page(people: People, pair: list[Any]) -> None:
    page = people.page("reviewer")
    page.set_viewport_size({"width": 390, "height": 800})
    one, other = pair
    for address in (
        f"/links/{one['id']}?with={other['id']}",
        "/statistics?programme=HSP",
        f"/spectra/{one['spectrum']}",
    ):
        page.goto(address)
        expect(page.locator("svg.sg-picture").first).to_be_attached()
        assert no_wider_than_the_window(page), address


def test_whose_pages_they_are(people: People, pair: list[Any], demo: RunningSystem) -> None:
    page = people.page("bogota")
    for address in (
        f"/links/{pair[0]['id']}",
        "/statistics",
        f"/spectra/{pair[0]['spectrum']}",
        "/statistics/origins.csv",
    ):
        answer = page.goto(address)
        assert answer is not None and answer.status == 404, address
    office = ApiClient(demo.base_url, people.users["bogota"]["token"])
    page.goto(f"/results/{pair[0]['result']}")
    expect(page.get_by_role("link", name="Profiles that are alike")).to_have_count(0)
    assert office.get(f"/results/{pair[0]['result']}")["state"] == "released"
    page = people.page("analyst")
    page.goto(f"/results/{pair[0]['result']}")
    page.get_by_role("link", name="Profiles that are alike").click()
    expect(page.get_by_role("heading", name="Most alike of")).to_be_visible()
