"""A real server and a real Chromium. Every page is watched: errors on its console, requests that leave the machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from scripts.server import serve

# Streamlit's client looks for its server beside the page's address first, and Chromium reports the answer.
ITS_OWN_PROBES = re.compile(r"/_stcore/(health|host-config)\b")
LONGEST_WAIT = 600_000  # milliseconds; only a wait that is in vain lasts so long, on however busy a machine
IDLE = """() => {
  const app = document.querySelector(".stApp");
  const waiting = document.querySelector("[data-testid=stSkeleton], [data-testid=stSpinner]");
  return app && app.getAttribute("data-test-script-state") === "notRunning" && !waiting;
}"""

expect.set_options(timeout=LONGEST_WAIT)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests; the environment variable CHROMIUM names its program."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or "/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server with the shipped checkpoints, for tests that do not need a fresh one."""
    with serve() as address:
        yield address


@contextmanager
def visit(chromium: Browser, **options: Any) -> Iterator[Page]:
    """A fresh visitor's page, which at the end must have had no error, and asked nobody else for anything.

    Args:
        chromium: the browser.
        options: of the visitor's context, beside those of a window of 1280x800.
    """
    context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, "accept_downloads": True} | options)
    context.set_default_timeout(LONGEST_WAIT)
    page = context.new_page()
    troubles: list[str] = []

    def note_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not ITS_OWN_PROBES.search(f"{message.text} {message.location.get('url', '')}"):
            troubles.append(f"console: {message.text} {message.location}")

    def note_request(request: Request) -> None:
        if not re.match(r"(http|ws)://127\.0\.0\.1:|data:|blob:", request.url):
            troubles.append(f"request to {request.url}")

    page.on("console", note_console)
    page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
    page.on("request", note_request)
    try:
        yield page
    finally:
        context.close()
    assert troubles == []


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A visitor at a window of 1280x800."""
    with visit(chromium) as page:
        yield page


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    """A visitor with a phone, whose screen takes touches."""
    with visit(chromium, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True) as page:
        yield page


def wait_until_idle(page: Page) -> None:
    """Wait until the page has its title and its script has run."""
    page.wait_for_selector("h1")
    page.wait_for_function(IDLE)
