"""A composite on pages: picked and scanned, its mass balance beforehand, what is too much said at its field, made once."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import People
from tests.browser.making import api, handed, held
from tests.browser.test_custody import scan
from tests.system import RunningSystem


def weighed(people: People, demo: RunningSystem, count: int) -> list[dict[str, Any]]:
    """Aliquots of one item with 50 mg each in the custodian's hands: what is of one submission for sure."""
    (row,) = held(people, demo, 1)
    client = api(people, demo, "custodian")
    told = {"net_mass_mg": 1000, "uncertainty_mg": 0.4, "balance": "XPR205"}
    client.post(f"/items/{row['id']}/weighings", told)
    part = {"net_mass_mg": 50, "uncertainty_mg": 0.2, "purpose": "pool"}
    return [client.post(f"/items/{row['id']}/aliquots", part) for _ in range(count)]


@pytest.mark.rule("E15")
def test_a_composite_from_the_list_to_the_lineage(people: People, demo: RunningSystem) -> None:
    first, second = weighed(people, demo, 2)
    page = people.page("custodian")
    page.goto("/composites/new")
    page.get_by_role("button", name="Show the mass balance").click()
    expect(page.locator("#scan-error")).to_contain_text("at least two items")
    scan(page, first["number"])
    expect(page.get_by_text("1 item on the list")).to_be_visible()
    page.get_by_role("button", name=f"Add {second['number']}", exact=True).click()
    expect(page.get_by_text("2 items on the list")).to_be_visible()
    page.locator(f"#mass-{first['id']}").fill("20")
    page.locator(f"#mass-{second['id']}").fill("60")
    page.locator("#uncertainty").fill("0,3")
    page.locator("#purpose").fill("profile of the parcel")
    page.get_by_role("button", name="Show the mass balance").click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator(f"#mass-{second['id']}-error")).to_contain_text("50 mg remain")
    expect(page.get_by_role("button", name="Make the composite")).to_have_count(0)
    page.locator(f"#mass-{second['id']}").fill("10")
    page.get_by_role("button", name="Show it again").click()
    table = page.locator("table")
    expect(table.get_by_role("row", name=first["number"])).to_contain_text("30 ±")
    expect(table.get_by_role("row", name="The composite")).to_contain_text("30 ±")
    form = page.locator("form[data-scan-form]").evaluate("form => Object.fromEntries(new FormData(form))")
    carried = [
        ("scanned", f"{first['id']} {first['number']}"),
        ("scanned", f"{second['id']} {second['number']}"),
    ]
    page.get_by_role("button", name="Make the composite").click()
    expect(page.get_by_text(re.compile(r"The composite \S+ is made"))).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Composite")
    composite = page.url.rpartition("/")[2].partition("?")[0]
    # The click that came twice: the same form again is the same composite.
    fields = [(name, str(value)) for name, value in form.items() if name != "scanned"] + carried
    body = urlencode([*fields, ("do", "make")])
    again = page.request.post(
        "/composites/new",
        data=body,
        headers={"Referer": page.url, "Content-Type": "application/x-www-form-urlencoded"},
    )
    assert composite in again.url
    left = api(people, demo, "custodian").get(f"/items/{first['id']}")["remaining"]["net_mass_mg"]
    assert left == 30
    page.goto(f"/items/{composite}/balance")
    expect(page.get_by_text("The books of the whole tree close.")).to_be_visible()
    expect(page.get_by_text("A composite of")).to_contain_text(first["number"])
    assert people.refused == []


def test_what_is_not_held_or_of_another_submission_does_not_come_in(
    people: People, demo: RunningSystem
) -> None:
    (mine,) = weighed(people, demo, 1)
    foreign = handed(people, demo)
    page = people.page("custodian")
    page.goto(f"/composites/new?item={mine['id']}")
    expect(page.get_by_text("1 item on the list")).to_be_visible()
    scan(page, foreign["number"])
    expect(page.get_by_text(f"{foreign['number']} is not in your hands")).to_be_visible()
    expect(page.get_by_text("1 item on the list")).to_be_visible()
    reviewer = people.page("reviewer")
    reviewer.goto("/composites/new")
    expect(reviewer.get_by_role("heading", level=1)).to_have_text("There is no such page.")
