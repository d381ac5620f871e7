"""Drawing a picture of one's own, by mouse and by keyboard."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import wait_until_idle

INK = """(canvas) => {
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, at) => at % 4 === 0 && value > 127).length;
}"""


def open_pad(page: Page, address: str) -> Locator:
    """Open Explore and its pad."""
    page.goto(f"{address}/explore?model=fashion-vae-16&z={','.join(['0'] * 16)}")
    wait_until_idle(page)
    page.get_by_role("tab", name="Your image").click()
    page.get_by_role("radio", name="Draw", exact=True).click()
    pad = page.locator(".sketch canvas")
    expect(pad).to_be_visible()
    wait_until_idle(page)
    return pad


def test_a_drawing_becomes_the_current_point(server: str, page: Page) -> None:
    """Each stroke is encoded: the point moves with the first and again with the second; an empty pad is black."""
    pad = open_pad(page, server)
    assert pad.evaluate(INK) == 0
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    for share in (0.3, 0.7):
        before = page.url
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.1 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.9 * box["height"], steps=5)
        page.mouse.up()
        page.wait_for_url(lambda url, before=before: url != before)
    expect(page.get_by_text("your image", exact=False).first).to_be_visible()
    assert pad.evaluate(INK) > 0.1 * 224 * 224 * 0.5


def test_the_keyboard_draws_and_takes_back(server: str, page: Page) -> None:
    """Space lowers and lifts the pen, arrows move it, Backspace takes the stroke away; the drawing outlives its tab."""
    pad = open_pad(page, server)
    before = page.url
    pad.focus()
    for key in (" ", "ArrowRight", "ArrowRight", "Shift+ArrowDown", " "):
        page.keyboard.press(key if key != " " else "Space")
    page.wait_for_url(lambda url: url != before)
    inked = pad.evaluate(INK)
    assert inked > 0
    wait_until_idle(page)
    page.get_by_role("radio", name="Upload", exact=True).click()
    expect(pad).to_have_count(0)
    page.get_by_role("radio", name="Draw", exact=True).click()
    expect(pad).to_be_visible()
    assert pad.evaluate(INK) == inked
    pad.focus()
    page.keyboard.press("Backspace")
    assert pad.evaluate(INK) == 0
    expect(page.get_by_role("button", name="Undo").last).to_be_disabled()


def test_a_drawing_is_put_on_the_map(server: str, page: Page) -> None:
    """It is marked with lines to its neighbours."""
    page.goto(f"{server}/embeddings?model=fashion-vae-16")
    wait_until_idle(page)
    page.get_by_role("radio", name="Yours").click()
    page.get_by_role("radio", name="Draw", exact=True).click()
    pad = page.locator(".sketch canvas")
    expect(pad).to_be_visible()
    wait_until_idle(page)
    pad.click()
    shown = page.locator(".map").first
    page.wait_for_function(
        "(map) => map.latentMap.state.marks.some((mark) => mark.kind === 'own')", arg=shown.element_handle()
    )
    expect(page.get_by_text(re.compile("How its coordinates on the map are determined"))).to_be_visible()
