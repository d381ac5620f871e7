"""How closely the image follows the hand, in headless Chromium without a graphics processor.

  python -m benchmarks.live             the table, in about two minutes; leave the machine alone
  python -m benchmarks.live --seconds 1  a smoke run

All times are taken in the browser, from the event's own time stamp until the frame with the new picture has been
rendered. Streamlit's own slider, which decodes on the server, is measured in the same run.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import tyro
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright

from scripts.server import serve
from scripts.wire import Wire
from vae_core.checkpoint import find_checkpoint

LONGEST = 60_000  # milliseconds
SMALL = "fashion-vae-16"
SCREEN: ViewportSize = {"width": 1280, "height": 800}
HAND = 1 / 65  # seconds from one event of the hand to the next: a little quicker than the frames
LARGE = "shoes-cae"
SERVER_ROUNDS = 20
PICTURES = ".workbench .main-picture"
# Notes each event of the hand, and each frame after whose rendering the canvas shows something new. The message is
# handled after the frame has been rendered.
PROBE = """(canvas) => {
  const context = canvas.getContext("2d");
  const look = () => {
    const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
    let sum = 7;
    for (let at = 0; at < data.length; at += 4) sum = (sum * 31 + data[at] * (1 + at % 11)) % 1000000007;
    return sum;
  };
  const probe = (globalThis.probe = {
    delays: [], frames: [], times: [], moves: 0, since: null, shown: look(), on: true,
  });
  addEventListener("input", (event) => {
    probe.moves += 1;
    probe.since ??= event.timeStamp;
  }, true);
  let begun = 0; // when the frame began
  const rendered = new MessageChannel();
  rendered.port1.onmessage = () => {
    const now = performance.now();
    const shown = look();
    if (shown === probe.shown) return;
    probe.times.push(now - begun);
    probe.shown = shown;
    probe.frames.push(now);
    if (probe.since !== null) probe.delays.push(now - probe.since);
    probe.since = null;
  };
  const tick = () => {
    begun = performance.now();
    rendered.port2.postMessage(0);
    if (probe.on) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""
# Milliseconds from a key until Streamlit's picture is another one and has been rendered.
AFTER_KEY = """() => new Promise((done) => {
  const root = document.querySelector(".st-key-picture [data-testid=stBidiComponentIsolated]");
  const picture = () => (root?.shadowRoot ?? root?.firstElementChild?.shadowRoot ?? document
    .querySelector(".st-key-picture")).querySelector("img");
  const before = picture().src;
  let pressed = null;
  addEventListener("keydown", (event) => { pressed = event.timeStamp; }, {capture: true, once: true});
  const look = () => {
    if (pressed === null || picture().src === before) return requestAnimationFrame(look);
    const {port1, port2} = new MessageChannel();
    port1.onmessage = () => done(performance.now() - pressed);
    requestAnimationFrame(() => port2.postMessage(0));
  };
  globalThis.waiting = true;
  look();
})"""
PAINTED = """() => new Promise((done) => {
  const roots = () => [...document.querySelectorAll("*")].map((one) => one.shadowRoot).filter(Boolean);
  const look = () => {
    const canvas = roots().map((root) => root.querySelector(".main-picture")).find(Boolean);
    if (canvas?.ariaLabel && canvas.width > 1) return done(performance.now());
    requestAnimationFrame(look);
  };
  look();
})"""


@dataclass(frozen=True)
class Row:
    """One line of the table; without a bound it is there to be compared."""

    what: str
    value: float
    unit: str
    bound: float | None = None
    at_least: bool = False

    def line(self) -> str:
        """As Markdown."""
        measured = f"{self.value:,.1f} {self.unit}".strip()
        if self.bound is None:
            return f"| {self.what} | {measured} | | |"
        good = self.value >= self.bound if self.at_least else self.value <= self.bound
        aim = f"at {'least' if self.at_least else 'most'} {self.bound:g}"
        return f"| {self.what} | {measured} | {aim} | {'yes' if good else '**no**'} |"


async def open_explore(
    browser: Browser, address: str, context: BrowserContext | None = None
) -> tuple[Page, Wire, float]:
    """Explore for a new visitor, its wire, and the milliseconds from the visit's beginning until its picture was there.

    In a context given, the browser has loaded Streamlit's own programs before, as the server has the model.
    """
    page = await (context or await browser.new_context(viewport=SCREEN)).new_page()
    page.set_default_timeout(LONGEST)
    wire = Wire(page)
    await page.goto(address)
    first = float(await page.evaluate(PAINTED))
    await page.wait_for_function("() => document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'")
    return page, wire, first


async def drag(page: Page, wire: Wire, seconds: float) -> tuple[dict, int]:
    """Drag the first slider to and fro; what the probe saw, and the messages that the server got meanwhile."""
    slider = page.locator(".workbench input[type=range]").first
    box = await slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    await page.mouse.move(box["x"] + box["width"] / 2, middle)
    await page.mouse.down()
    await page.locator(PICTURES).first.evaluate(PROBE)
    await page.wait_for_timeout(300)
    before = wire.sent
    await _swing(page, box["x"] + box["width"] / 2, middle, box["width"] / 2.5, seconds)
    probe = await page.evaluate("() => { probe.on = false; return probe; }")
    sent = wire.sent - before
    await page.mouse.up()
    return probe, sent


async def _swing(page: Page, x: float, y: float, reach: float, seconds: float) -> None:
    """Move the mouse to and fro, an event each HAND seconds, whether or not the browser has handled those before."""
    begun, moves = time.monotonic(), []
    for step in range(round(seconds / HAND)):
        await asyncio.sleep(max(0.0, begun + step * HAND - time.monotonic()))
        moves.append(asyncio.ensure_future(page.mouse.move(x + reach * float(np.sin(step / 40)), y)))
    await asyncio.gather(*moves)


async def follow(browser: Browser, address: str, model: str, words: str, seconds: float) -> AsyncIterator[Row]:
    """How the picture of a model follows a drag, with all strips and the pad's 8x8 grid decoded meanwhile."""
    page, wire, _ = await open_explore(browser, f"{address}/explore?model={model}")
    probe, sent = await drag(page, wire, seconds)
    delays, times = np.array(probe["delays"]), np.array(probe["times"])
    gaps = np.diff(probe["frames"])
    yield Row(f"{words}: events of the hand a second", probe["moves"] / seconds, "")
    yield Row(f"{words}: images per second while dragging", float(1000 / gaps.mean()), "", 55, at_least=True)
    yield Row(f"{words}: hand to pixel, median", float(np.median(delays)), "ms")
    yield Row(f"{words}: hand to pixel, 95 % within", float(np.quantile(delays, 0.95)), "ms", 20)
    yield Row(f"{words}: a frame's time, 95 % within, an 8x8 grid beside it", float(np.quantile(times, 0.95)), "ms", 20)
    yield Row(f"{words}: messages to the server during the drag", sent, "", 0)
    await page.context.close()


async def visits(browser: Browser, address: str) -> AsyncIterator[Row]:
    """How soon the first picture is there, and what a second visit brings."""
    page, _, _ = await open_explore(browser, f"{address}/explore?model={SMALL}")
    page, wire, first = await open_explore(browser, f"{address}/explore?model={SMALL}", page.context)
    yield Row("Opening Explore again, as another visitor: first image after", first, "ms", 1500)
    came = wire.received
    yield Row("The first visit brings", came / 1e6, "MB")
    await page.get_by_role("link", name="Models", exact=True).first.click()
    await page.wait_for_function("() => document.querySelector('h1')?.textContent === 'Models'")
    await page.wait_for_function("() => document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'")
    before = wire.received
    await page.get_by_role("link", name="Explore", exact=True).first.click()
    await page.evaluate(PAINTED)
    await page.wait_for_function("() => document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'")
    decoder = _decoder_bytes(SMALL) / 1e6
    brought = (wire.received - before) / 1e6
    yield Row(f"The second brings (the decoder alone has {decoder:.1f} MB)", brought, "MB", decoder / 2)
    await page.context.close()


def _decoder_bytes(model: str) -> int:
    from vae_core.latent.space import LatentSpace

    return len(LatentSpace.open(find_checkpoint(model).folder).packed().content)


async def stock(browser: Browser, address: str) -> AsyncIterator[Row]:
    """Streamlit's own slider: it reports a key, the server decodes, the picture travels."""
    page = await (await browser.new_context(viewport=SCREEN)).new_page()
    page.set_default_timeout(LONGEST)
    await page.goto(f"{address}/explore?model={SMALL}&engine=Server")
    await page.wait_for_selector(".st-key-picture")
    slider = page.locator("[class*=st-key-slider_] input[type=range]").first
    await slider.focus()
    delays = []
    for _ in range(SERVER_ROUNDS):
        await page.wait_for_function("() => document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'")
        await page.evaluate(f"() => {{ globalThis.answer = ({AFTER_KEY})(); }}")
        await page.keyboard.press("ArrowRight")
        delays.append(float(await page.evaluate("() => globalThis.answer")))
    yield Row("Streamlit's slider, the same model: hand to pixel, median", float(np.median(delays)), "ms")
    yield Row("Streamlit's slider, the same model: hand to pixel, 95 % within", float(np.quantile(delays, 0.95)), "ms")
    await page.context.close()


async def measure(seconds: float) -> None:
    """Print the table, row by row."""
    print("| what | measured | aim | holds |\n| --- | ---: | --- | --- |")
    with serve() as address:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM") or None, args=["--no-sandbox", "--disable-gpu"]
            )
            for rows in (
                follow(browser, address, SMALL, "28x28 grey", seconds),
                follow(browser, address, LARGE, "64x64 colour", seconds),
                stock(browser, address),
                visits(browser, address),
            ):
                async for row in rows:
                    print(row.line(), flush=True)
            await browser.close()


def main(seconds: float = 8.0) -> int:
    """Print the table.

    Args:
        seconds: of each drag.
    """
    asyncio.run(measure(seconds))
    return 0


if __name__ == "__main__":
    sys.exit(tyro.cli(main, description=__doc__))
