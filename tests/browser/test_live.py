"""The live view under the hand: it decodes in the browser, and the server hears of it on release."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from scripts.server import PROJECT, serve
from scripts.wire import Wire
from tests.browser.conftest import LONGEST_WAIT, visit, wait_until_idle
from tests.browser.test_pages import code_in
from vae_core.config import DataConfig
from vae_core.data import load_images
from vae_core.latent.space import LatentSpace

EXPLORE = "explore?model=fashion-vae-16"
MAIN = ".workbench .main-picture, .path .main-picture, .plane .main-picture"
FINGERPRINT = """(canvas) => {
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.reduce((sum, value, at) => (sum * 31 + value * (at % 7)) % 1000000007, 7);
}"""
SECONDS_A_DRAW = 2.4  # of a walk, as in walk.js
PAINTED = "(canvas) => canvas.width > 1 && canvas.getContext('2d').getImageData(0, 0, 99, 99).data.some((v) => v % 255)"


def open_live(page: Page, address: str) -> Locator:
    """Open Explore and wait for its picture, which is returned."""
    page.goto(address)
    return live_picture(page)


def live_picture(page: Page) -> Locator:
    """The main picture, once it is painted and the page has settled."""
    wait_until_idle(page)
    picture = page.locator(MAIN).first
    page.wait_for_function(PAINTED, arg=picture.element_handle())
    return picture


def fingerprint(picture: Locator) -> int:
    """A number that stands for what is painted."""
    return picture.evaluate(FINGERPRINT)


def until(page: Page, picture: Locator, holds: Callable[[int], bool]) -> int:
    """Wait until the painted picture is as it should be."""
    end = time.monotonic() + LONGEST_WAIT / 1000
    while time.monotonic() < end:
        now = fingerprint(picture)
        if holds(now):
            return now
        page.evaluate("() => new Promise(requestAnimationFrame)")
    raise AssertionError("the picture did not change as it should")


def slider(page: Page, rank: int = 0) -> Locator:
    """The slider of that rank."""
    return page.locator(".workbench input[type=range]").nth(rank)


def press(page: Page, target: Locator, x: float, y: float = 0.5) -> dict[str, Any]:
    """Press the mouse on a place of an element, given as shares of its box."""
    box = target.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.mouse.down()
    return dict(box)


def test_the_picture_follows_the_hand_without_the_server(server: str, page: Page) -> None:
    """Every move changes the picture while the hand still drags, and nothing is sent until the release."""
    wire = Wire(page)
    picture = open_live(page, f"{server}/{EXPLORE}")
    track = slider(page)
    box = press(page, track, 0.1)
    page.evaluate("() => new Promise(requestAnimationFrame)")
    sent, before, address = wire.sent, fingerprint(picture), page.url
    for step in range(1, 11):
        page.mouse.move(box["x"] + (0.1 + 0.08 * step) * box["width"], box["y"] + box["height"] / 2)
        before = until(page, picture, lambda now, before=before: now != before)  # type: ignore[misc]
    assert wire.sent == sent
    assert page.url == address
    page.mouse.up()
    page.wait_for_url(lambda url: url != address)
    assert wire.sent > sent


def test_a_link_shows_another_visitor_the_same(server: str, page: Page, chromium: Browser) -> None:
    """The address after a move restores the sliders and, to the pixel, the picture."""
    picture = open_live(page, f"{server}/{EXPLORE}")
    first = page.url
    slider(page, 1).focus()
    for _ in range(5):
        page.keyboard.press("PageUp")
    page.wait_for_url(lambda url: url != first and "z=" in url)
    wait_until_idle(page)
    shown, text = fingerprint(picture), slider(page, 1).get_attribute("aria-valuetext")
    with visit(chromium) as other:
        same = open_live(other, page.url)
        assert slider(other, 1).get_attribute("aria-valuetext") == text
        until(other, same, lambda now: now == shown)


def test_the_keys_move_the_point(server: str, page: Page) -> None:
    """R draws, 0 centres, Z undoes; arrows, Home, End, Page Up and Down move a slider by what they should."""
    picture = open_live(page, f"{server}/{EXPLORE}")
    start = fingerprint(picture)
    page.keyboard.press("r")
    drawn = until(page, picture, lambda now: now != start)
    page.wait_for_url(lambda url: "z=" in url and max(map(abs, code_in(url))) > 0.5)
    page.keyboard.press("0")
    page.wait_for_url(lambda url: not any(code_in(url)))
    until(page, picture, lambda now: now not in (start, drawn))
    page.keyboard.press("z")
    until(page, picture, lambda now: now == drawn)
    page.keyboard.press("z")
    page.wait_for_url(lambda url: max(map(abs, code_in(url))) < 0.5)

    def value() -> float:
        return float(slider(page).get_attribute("aria-valuetext") or "nothing")

    slider(page).focus()
    low, high = (float(slider(page).get_attribute(end) or "") for end in ("min", "max"))
    for key, goal in (("End", high), ("Home", low), ("PageUp", low + (high - low) / 10)):
        page.keyboard.press(key)
        expect(slider(page)).to_have_attribute("aria-valuetext", f"{goal:.2f}")
    before = value()
    page.keyboard.press("ArrowLeft")
    expect(slider(page)).not_to_have_attribute("aria-valuetext", f"{before:.2f}")  # it is shown with the next frame
    assert before - value() == pytest.approx((high - low) / 100, abs=0.011)


def test_the_pad_moves_two_dimensions_at_once(server: str, page: Page) -> None:
    """Dragging it changes both of its axes and no other; other axes can be chosen, and are in the address."""
    picture = open_live(page, f"{server}/{EXPLORE}")
    pad, before = page.locator(".workbench .surface"), fingerprint(picture)
    selects = page.locator(".workbench .axes select")
    selects.nth(1).select_option("z7")
    page.wait_for_url(re.compile(r"pad=z\d+%2Cz7"))
    axes = [int(selects.nth(at).input_value()[1:]) for at in (0, 1)]
    start = code_in(page.url)
    box = press(page, pad, 0.5)
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.2 * box["height"], steps=5)
    until(page, picture, lambda now: now != before)
    page.mouse.up()
    page.wait_for_url(lambda url: code_in(url) != start)
    moved = {at for at, pair in enumerate(zip(start, code_in(page.url), strict=True)) if pair[0] != pair[1]}
    assert moved == set(axes)


def test_the_label_is_switched_while_the_hand_drags(server: str, page: Page) -> None:
    """A conditional model's picture changes at the key L, in the midst of a drag; on release the address has both."""
    picture = open_live(page, f"{server}/explore?model=mnist-cvae-10-both&label=3")
    expect(page.locator(".labels [aria-pressed=true]")).to_have_text("3")
    press(page, slider(page), 0.8)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    before = fingerprint(picture)
    page.keyboard.press("l")
    until(page, picture, lambda now: now != before)
    assert "label=3" in page.url
    page.mouse.up()
    page.wait_for_url(re.compile("label=4"))
    page.locator(".labels button").nth(8).click()
    page.wait_for_url(re.compile("label=8"))


def test_one_hand_moves_two_models(server: str, page: Page) -> None:
    """Both pictures change, and each has its model's name."""
    picture = open_live(page, f"{server}/{EXPLORE}&beside=fashion-cae-16")
    other = page.locator(".workbench .main-picture").nth(1)
    expect(page.locator(".workbench figcaption:visible")).to_have_text(["fashion-vae-16", "fashion-cae-16"])
    page.wait_for_function(PAINTED, arg=other.element_handle())
    before = fingerprint(picture), fingerprint(other)
    slider(page).focus()
    page.keyboard.press("End")
    until(page, picture, lambda now: now != before[0])
    until(page, other, lambda now: now != before[1])


@pytest.mark.parametrize(("engine", "kind"), [("Quickest", "WASM"), ("JavaScript", "JS")])
def test_the_engine_and_its_pace_can_be_shown(engine: str, kind: str, server: str, page: Page) -> None:
    """Which engine runs, and the milliseconds; both engines paint."""
    open_live(page, f"{server}/{EXPLORE}&engine={engine}&pace=true")
    expect(page.locator(".workbench .pace")).to_have_text(re.compile(rf"^{kind} · [\d.]+ ms an image"))


def test_a_decoder_travels_once(server: str, page: Page) -> None:
    """The first visit to Explore brings the whole decoder, coming back a fraction of it."""
    decoder = len(LatentSpace.open("fashion-vae-16").packed().content)
    wire = Wire(page)
    open_live(page, f"{server}/{EXPLORE}")
    first = wire.received
    page.get_by_role("link", name="Models", exact=True).first.click()
    expect(page.locator("h1")).to_have_text("Models")
    wait_until_idle(page)
    elsewhere = wire.received
    page.get_by_role("link", name="Explore", exact=True).first.click()
    expect(page.locator("h1")).to_have_text("Explore")
    live_picture(page)
    assert first > decoder
    assert wire.received - elsewhere < decoder / 2


def test_a_decoder_that_was_lost_is_sent_again(server: str, page: Page) -> None:
    """A browser that no longer holds it says so, and gets it."""
    open_live(page, f"{server}/{EXPLORE}")
    page.get_by_role("link", name="Models", exact=True).first.click()
    expect(page.locator("h1")).to_have_text("Models")
    page.evaluate("() => { globalThis.latentLive = undefined; }")
    page.get_by_role("link", name="Explore", exact=True).first.click()
    expect(page.locator("h1")).to_have_text("Explore")
    live_picture(page)


def test_play_walks_until_it_is_stopped(server: str, page: Page) -> None:
    """The picture changes by itself, nothing is sent meanwhile, and the stop tells the server where."""
    wire = Wire(page)
    picture = open_live(page, f"{server}/{EXPLORE}")
    before, address = fingerprint(picture), page.url
    page.keyboard.press("p")
    sent = wire.sent
    first = until(page, picture, lambda now: now != before)
    until(page, picture, lambda now: now not in (before, first))
    assert wire.sent == sent
    page.get_by_role("button", name="Stop").click()
    page.wait_for_url(lambda url: url != address)


def test_with_less_motion_the_walk_does_not_glide(server: str, page: Page) -> None:
    """Asked for stillness, Play shows whole draws: a picture stays as it is from frame to frame."""
    page.emulate_media(reduced_motion="reduce")
    picture = open_live(page, f"{server}/{EXPLORE}")
    before = fingerprint(picture)
    page.keyboard.press("p")
    until(page, picture, lambda now: now != before)
    began, seen = time.monotonic(), []
    for _ in range(10):
        page.evaluate("() => new Promise(requestAnimationFrame)")
        seen.append(fingerprint(picture))
    draws = (time.monotonic() - began) / SECONDS_A_DRAW
    assert len(set(seen)) <= 2 + draws  # a walk that glides has a picture of its own in each frame


def test_a_phone_shows_picture_and_sliders_under_each_other(server: str, page: Page) -> None:
    """Nothing sticks out to the side."""
    page.set_viewport_size({"width": 390, "height": 844})
    open_live(page, f"{server}/{EXPLORE}")
    assert page.evaluate("() => document.scrollingElement.scrollWidth <= innerWidth")
    left, right = (page.locator(f".workbench {part}").bounding_box() for part in (".stage", ".sliders"))
    assert left is not None
    assert right is not None
    assert right["y"] >= left["y"] + left["height"]


def test_a_finger_moves_the_point(server: str, phone: Page) -> None:
    """On a touch screen a tap on the pad goes there, and a tap on a slider's strip moves its thumb."""
    page, picture = phone, open_live(phone, f"{server}/{EXPLORE}")
    for target, x in ((page.locator(".workbench .surface"), 0.8), (slider(page, 2), 0.1)):
        target.scroll_into_view_if_needed()
        before, address = fingerprint(picture), page.url
        box = target.bounding_box()
        assert box is not None
        page.touchscreen.tap(box["x"] + x * box["width"], box["y"] + 0.4 * box["height"])
        until(page, picture, lambda now, before=before: now != before)  # type: ignore[misc]
        page.wait_for_url(lambda url, address=address: url != address)  # type: ignore[misc]


def test_the_scrubber_walks_along_every_path_at_once(server: str, page: Page) -> None:
    """All pictures follow the drag without the server; on release the address has the place, the row its mark."""
    wire = Wire(page)
    open_live(page, f"{server}/interpolate?model=fashion-vae-16&a=12&b=34")
    names = page.locator(".path figcaption").all_text_contents()
    assert [name.split(" ▲")[0] for name in names] == ["fashion-cae-16", "fashion-vae-16", "Pixel cross-fade"]
    pictures = [page.locator(".path .main-picture").nth(at) for at in range(3)]
    scrubber = page.locator(".path input[type=range]")
    box = press(page, scrubber, 0.5)
    page.evaluate("() => new Promise(requestAnimationFrame)")
    before, sent = [fingerprint(one) for one in pictures], wire.sent
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2, steps=4)
    for one, was in zip(pictures, before, strict=True):
        until(page, one, lambda now, was=was: now != was)  # type: ignore[misc]
    assert wire.sent == sent
    page.mouse.up()
    page.wait_for_url(re.compile(r"step=8\.\d"))
    expect(page.locator(".st-key-row_0 button.picture").nth(7)).to_have_attribute("aria-pressed", "true")
    page.locator(".st-key-row_0 button.picture").first.click()
    expect(scrubber).to_have_attribute("aria-valuetext", "step 1.0 of 9")


def test_the_ends_of_a_live_path_are_the_reconstructions(server: str, page: Page) -> None:
    """At Home the VAE's canvas shows what its row begins with: the same grey levels, within one."""
    open_live(page, f"{server}/interpolate?model=fashion-vae-16&a=12&b=34&step=1")
    difference = page.evaluate(
        """async () => {
          const roots = [...document.querySelectorAll("*")].map((one) => one.shadowRoot).filter(Boolean);
          const find = (query) => roots.map((root) => root.querySelectorAll(query)).find((found) => found.length);
          const canvas = find(".path .main-picture")[1];
          const image = document.querySelector(".st-key-row_2 img") ?? roots.map((root) => root.host)
            .find((host) => host.closest(".st-key-row_2")).shadowRoot.querySelector("img");
          await image.decode();
          const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
          copy.drawImage(image, 0, 0);
          const [one, two] = [copy, canvas.getContext("2d")].map((context) =>
            context.getImageData(0, 0, canvas.width, canvas.height).data);
          return Math.max(...one.map((value, at) => Math.abs(value - two[at])));
        }"""
    )
    assert difference <= 1


def test_the_cursor_shows_the_plane_under_it(server: str, page: Page) -> None:
    """Hovering paints; a click makes the place the shared point, which a link leads to; arrows move it."""
    wire = Wire(page)
    picture = open_live(page, f"{server}/generate?model=fashion-vae-2&shown=Plane&side=6")
    surface = page.locator(".plane .surface")
    box = surface.bounding_box()
    assert box is not None
    before, sent = fingerprint(picture), wire.sent
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"])
    until(page, picture, lambda now: now != before)
    assert wire.sent == sent
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(lambda url: "z=" in url and code_in(url)[0] < -0.3 and code_in(url)[1] < -0.3)
    page.mouse.move(box["x"] + box["width"] + 40, box["y"])
    first = code_in(page.url)
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: code_in(url)[0] > first[0])
    assert code_in(page.url)[1] == pytest.approx(first[1], abs=0.002)
    wait_until_idle(page)
    page.get_by_role("link", name="Explore the marked image").click()
    page.wait_for_url(re.compile("/explore"))
    live_picture(page)


@pytest.mark.parametrize("step", [1, 5, 9])
def test_the_cross_fade_has_the_pixels_that_numpy_blends(step: int, server: str, page: Page) -> None:
    """At both ends and in the middle, of images that no turn or mirror maps onto themselves."""
    address = f"interpolate?model=fashion-vae-16&models=fashion-vae-16&a=12&b=34&steps=9&step={step}"
    open_live(page, f"{server}/{address}")
    canvas = page.locator(".path .main-picture").last
    page.wait_for_function(PAINTED, arg=canvas.element_handle())
    shown = canvas.evaluate("(one) => [...one.getContext('2d').getImageData(0, 0, one.width, one.height).data]")
    pixels = np.array(shown).reshape(28, 28, 4)
    images = load_images(DataConfig("fashion-mnist"), "test").images
    a, b = (images[index, 0].astype(float) for index in (12, 34))
    expected = a + (step - 1) / 8 * (b - a)
    assert min(np.abs(expected - other).max() for other in (expected.T, expected[::-1], expected[:, ::-1])) > 50
    assert np.abs(pixels[..., :3] - expected[..., None]).max() <= 1
    assert (pixels[..., 3] == 255).all()


def test_an_attributes_slider_walks_its_direction(page: Page, tmp_path: Path) -> None:
    """It is called by the attribute; its value is the way along the direction in the codes' standard deviations."""
    copy = tmp_path / "checkpoints" / "fashion-vae-16"
    shutil.copytree(PROJECT / "checkpoints" / copy.name, copy)
    metrics = json.loads((copy / "metrics.json").read_text(encoding="utf-8"))
    direction = [1.0, *[0.0] * 14, 2.0]
    metrics["attributes"] = [{"name": "Smiling", "accuracy": 0.9, "majority": 0.5, "direction": direction}]
    (copy / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    row = LatentSpace.open(copy).directions.rows[0]
    with serve(LATENT_CHECKPOINTS=str(copy.parent), LATENT_CACHE=str(tmp_path / "cache")) as address:
        open_live(page, f"{address}/{EXPLORE}&basis=Attributes")
        expect(slider(page)).to_have_attribute("aria-label", "Smiling")
        start = code_in(page.url)
        before = float(slider(page).get_attribute("aria-valuetext") or "nothing")
        slider(page).focus()
        page.keyboard.press("End")
        page.wait_for_url(lambda url: code_in(url) != start)
        expect(slider(page)).to_have_attribute("aria-valuetext", "3.50")
        np.testing.assert_allclose(np.subtract(code_in(page.url), start), (3.5 - before) * row, atol=0.02)


def test_every_control_has_a_name(server: str, page: Page) -> None:
    """Sliders say dimension and value, the picture what it is of."""
    picture = open_live(page, f"{server}/{EXPLORE}")
    expect(picture).to_have_attribute("aria-label", re.compile("^Image decoded from the current code"))
    for at in range(slider(page).count()):
        expect(slider(page, at)).to_have_attribute("aria-label", re.compile(r"^z\d+, [\d.]+ nats"))
        expect(slider(page, at)).to_have_attribute("aria-valuetext", re.compile(r"^-?\d+\.\d\d$"))
    unnamed = page.locator(".workbench button, .workbench select, .workbench input").evaluate_all(
        "all => all.filter((one) => !(one.ariaLabel || one.textContent.trim() || one.labels?.length)).length"
    )
    assert unnamed == 0
