"""The log in the browser: its last check, and a bundle that is checked by upload, whole and changed."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from siglab_clients.api import ApiClient
from tests.browser.conftest import People
from tests.system import RunningSystem


@pytest.fixture
def bundle(demo: RunningSystem, people: People, tmp_path: Path) -> Path:
    """The bundle of an item of the demo."""
    custodian = ApiClient(demo.base_url, people.users["custodian"]["token"])
    item = custodian.get("/items", limit=1)["items"][0]
    path = tmp_path / "bundle.zip"
    path.write_bytes(custodian.fetch(f"/items/{item['id']}/bundle.zip"))
    return path


def _changed(bundle: Path) -> Path:
    """The same bundle with one letter of its first event changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "events.jsonl":
                data = data.replace(b'"purpose":"', b'"purpose":"X', 1)
            new.writestr(entry, data)
    path = bundle.with_name("changed.zip")
    path.write_bytes(out.getvalue())
    return path


def _check(page: Page, path: Path) -> None:
    page.goto("/ledger")
    page.get_by_label("The bundle of an item (bundle.zip)").set_input_files(path)
    page.get_by_role("button", name="Check").click()


@pytest.mark.rule("E21")
def test_a_bundle_is_checked_by_upload(people: People, bundle: Path) -> None:
    page = people.page("auditor")
    _check(page, bundle)
    expect(page.get_by_text("everything holds")).to_be_visible()
    _check(page, _changed(bundle))
    expect(page.get_by_text("does not hold", exact=True)).to_be_visible()
    expect(page.get_by_text("The first act that fails:")).to_be_visible()
    page.goto("/ledger")
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#bundle-error")).to_contain_text("Choose the bundle")
    assert people.refused == []


@pytest.mark.rule("E20")
def test_who_sees_the_checks(people: People) -> None:
    page = people.page("admin")
    page.get_by_role("link", name="Log", exact=True).click()
    expect(page.get_by_role("heading", name="The last full check")).to_be_visible()
    expect(page.get_by_text("No witness is named")).to_be_visible()
    copies = page.get_by_role("row").filter(has_text="Copies in the locked store")
    expect(copies.get_by_role("cell").nth(1)).to_have_text(re.compile(r"^(\d+|none yet)$"))
    page = people.page("bogota")
    page.goto("/ledger")
    expect(page.get_by_text("Verifier key")).to_be_visible()
    expect(page.get_by_role("heading", name="The last full check")).to_have_count(0)
