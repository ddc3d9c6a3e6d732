"""A real headless browser for the tests of pages; errors in its console fail the test."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

# CI installs a browser and sets the variable, so that no test is left out there unseen.
REQUIRED = "PROSOCIAL_REQUIRE_BROWSER"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
# A machine may be busy with other things; whatever takes longer than that is stuck.
PATIENCE = 30_000  # milliseconds
# Nothing outside the machine is asked for anything.
OFFLINE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        message = "no Chromium found; Debian: apt-get install chromium"
        if os.environ.get(REQUIRED):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        expect.set_options(timeout=PATIENCE)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser context of its own (cookies, storage); 1,000 x 800, light, no animations."""
    opened = browser.new_context(
        viewport={"width": 1000, "height": 800}, color_scheme="light", reduced_motion="reduce"
    )
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the page complained about; a test that provokes complaints clears the list."""
    return []


@pytest.fixture
def page(context: BrowserContext, complaints: list[str]) -> Iterator[Page]:
    """A page whose errors fail the test when it ends."""
    opened = context.new_page()
    watch(opened, complaints)
    yield opened
    assert complaints == []


def watch(page: Page, complaints: list[str]) -> None:
    """Collects the errors and warnings of a page."""

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"{message.type}: {message.text}")

    page.on("console", said)
    page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
