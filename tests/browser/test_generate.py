"""Generate in a browser: walking in a grid by keyboard, and the downloaded sheet."""

from __future__ import annotations

import re

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import wait_until_idle


def test_a_grid_of_samples_is_walked_with_the_arrow_keys(server: str, page: Page) -> None:
    """One stop for the Tab key; down and right from the first picture lead a row and a column on; Enter takes it."""
    page.goto(f"{server}/generate?model=fashion-vae-2")
    wait_until_idle(page)
    pictures = page.locator(".st-key-sheet button.picture")
    expect(pictures).to_have_count(60)
    expect(page.locator(".st-key-sheet button.picture[tabindex='0']")).to_have_count(1)
    pictures.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(pictures.nth(13)).to_be_focused()
    page.keyboard.press("Enter")
    expect(pictures.nth(13)).to_have_attribute("aria-pressed", "true")
    link = page.get_by_role("link", name="Explore the marked image")
    expect(link).to_be_visible()
    link.click()
    page.wait_for_url(re.compile("/explore"))
    expect(page.get_by_text("sample 14 from the prior")).to_be_visible()


def test_samples_can_be_downloaded(server: str, page: Page) -> None:
    """The sheet is a PNG file with the model's name."""
    page.goto(f"{server}/generate?model=fashion-vae-16")
    wait_until_idle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG", exact=True).click()
    assert download.value.suggested_filename == "fashion-vae-16-samples.png"
    with Image.open(download.value.path()) as picture:
        assert picture.format == "PNG"
