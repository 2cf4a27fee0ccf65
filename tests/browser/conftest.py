"""A real browser before the running demo system; where there is no Chromium the tests say so and are skipped."""

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.system import RunningSystem

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    binary = shutil.which("chromium")
    if binary is None:
        pytest.skip("no chromium here: `make browser` installs it where it may")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=_FLAGS)
        yield browser
        browser.close()


class People:
    """Signs people in, each with a browser window of their own; collects what the content policy refused."""

    def __init__(self, browser: Browser, system: RunningSystem, scripts: bool) -> None:
        self._browser = browser
        self._system = system
        self._scripts = scripts
        self._contexts: list[BrowserContext] = []
        self.users: dict[str, Any] = json.loads(system.credentials.read_text())["users"]
        self.refused: list[str] = []

    def page(self, login: str) -> Page:
        """The first page of somebody who has signed in."""
        context = self._browser.new_context(base_url=self._system.base_url, java_script_enabled=self._scripts)
        self._contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda said: self.refused.append(said.text) if "Content Security Policy" in said.text else None,
        )
        page.goto("/")
        page.get_by_label("Name").fill(login)
        page.get_by_label("Password").fill(self.users[login]["password"])
        page.get_by_role("button", name="Sign in").click()
        return page

    def close(self) -> None:
        """Closes every window."""
        for context in self._contexts:
            context.close()


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def people(chromium: Browser, demo: RunningSystem, request: pytest.FixtureRequest) -> Iterator[People]:
    """People at their browsers."""
    found = People(chromium, demo, request.param)
    yield found
    found.close()
