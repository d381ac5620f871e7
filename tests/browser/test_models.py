"""Models in a browser: choosing in the list, the drawing, and the downloaded weights."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import wait_until_idle
from vae_core.checkpoint import find_checkpoint

ROW_HEIGHT = 35


def test_a_click_on_a_row_opens_that_model(server: str, page: Page) -> None:
    """The second model of the filtered list becomes the current one, and a click on the first leads on."""
    page.goto(f"{server}/models?model=fashion-vae-16&family=VAE")
    wait_until_idle(page)
    table = page.locator(".stDataFrame canvas").first
    expect(table).to_be_visible()
    box = table.bounding_box()
    assert box is not None
    names = sorted(found.name for found in _variational())
    for position in (1, 0, 1):
        page.mouse.click(box["x"] + 160, box["y"] + ROW_HEIGHT * (position + 1.5))
        page.wait_for_url(re.compile(rf"model={names[position]}\b"))
        wait_until_idle(page)
        expect(page.get_by_role("heading", name=names[position], exact=True)).to_be_visible()


def _variational() -> list:
    from vae_core.checkpoint import list_checkpoints

    return [found for found in list_checkpoints().usable if found.run.model.family == "vae"]


def test_the_drawing_is_there_in_the_pages_colours(server: str, page: Page) -> None:
    """An image with a text for those who cannot see it; its words have the page's text colour."""
    page.goto(f"{server}/models?model=fashion-vae-16")
    wait_until_idle(page)
    drawing = page.get_by_role("img", name=re.compile(r"^Encoder: image, 1 × 28 × 28; .* Decoder: "))
    expect(drawing).to_be_visible()
    colour = page.locator(".stMain p").first.evaluate("element => getComputedStyle(element).color")
    expect(drawing.locator("text.shape").first).to_have_css("fill", colour)


def test_the_weights_can_be_downloaded(server: str, page: Page) -> None:
    """The file is the checkpoint's own, byte for byte."""
    page.goto(f"{server}/models?model=fashion-pca-16")
    wait_until_idle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Weights").click()
    assert download.value.suggested_filename == "fashion-pca-16.safetensors"
    content = download.value.path().read_bytes()
    assert content == (find_checkpoint("fashion-pca-16").folder / "model.safetensors").read_bytes()
