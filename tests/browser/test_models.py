"""The science pages in a browser: a model's validation is looked at, it is retired and brought back; the library is kept."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import People


def said(page: Page, words: str) -> None:
    expect(page.locator(".govuk-notification-banner").get_by_text(words)).to_be_visible()


@pytest.mark.rule("E16", "E17")
def test_a_model_is_looked_at_retired_and_brought_back_with_a_reason(people: People) -> None:
    trainer = people.page("scientist")
    trainer.goto("/models?programme=CSP")
    trainer.locator("tr.sg-own a").click()
    for heading in ("Every candidate", "Confusion", "Coverage by class"):
        figure = trainer.locator("figure", has_text=heading).first
        expect(figure.locator("svg[role=img]")).to_be_visible()
    page = people.page("reviewer")
    page.goto(trainer.url)
    page.locator("#retire > summary").click()
    page.locator("#retire-reason").fill("looked at again")
    page.locator("#retire-password").fill("wrong")
    page.get_by_role("button", name="Sign and retire it").click()
    expect(page.locator("#retire-password-error")).to_be_visible()
    expect(page.locator("#retire-reason")).to_have_value("looked at again")
    page.locator("#retire-password").fill(people.users["reviewer"]["password"])
    page.get_by_role("button", name="Sign and retire it").click()
    said(page, "It is retired")
    trainer.reload()
    expect(trainer.get_by_text("You trained this model")).to_be_visible()
    page.locator("#activate > summary").click()
    page.locator("#activate-password").fill(people.users["reviewer"]["password"])
    page.get_by_role("button", name="Sign and use it").click()
    expect(page.locator("#activate-reason-error")).to_contain_text("Say why")
    page.locator("#activate-reason").fill("nothing was wrong with it")
    page.locator("#activate-password").fill(people.users["reviewer"]["password"])
    page.get_by_role("button", name="Sign and use it").click()
    said(page, "It is in use now.")
    expect(page.locator(".sg-timeline")).to_contain_text("nothing was wrong with it")
    assert people.refused == []


def test_an_authentic_is_withdrawn_with_a_reason_and_accepted_again(people: People) -> None:
    page = people.page("scientist")
    page.goto("/library?programme=MPP")
    page.locator("details.sg-more > summary").first.click()
    page.locator("details.sg-more tbody a").last.click()
    page.locator("#withdraw > summary").click()
    page.get_by_role("button", name="Take it out").click()
    expect(page.locator("#withdraw-reason-error")).to_be_visible()
    page.locator("#withdraw-reason").fill("label in doubt")
    page.get_by_role("button", name="Take it out").click()
    said(page, "It is taken out of the library")
    expect(page.locator(".sg-summary")).to_contain_text("label in doubt")
    page.locator("#accept > summary").click()
    for select in page.locator("#accept select").all():
        select.select_option(index=1)
    page.get_by_role("button", name="Accept it").click()
    said(page, "It is in the library.")
    assert people.refused == []


def test_pages_of_science_are_not_there_for_an_office(people: People) -> None:
    page = people.page("bogota")
    for path in ("/models", "/library"):
        answer = page.goto(path)
        assert answer is not None and answer.status == 404
