"""Film the Explore page for the README: a hand drags sliders and the pad, and the image follows. Writes docs/demo.webp.

`python scripts/demo.py` (or `make demo`) needs a Chromium; see scripts/chromium.py.
"""

from __future__ import annotations

import io
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, ViewportSize, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import itertools

from scripts.server import PROJECT, serve
from scripts.shots import FIRST_CLICKS, settle

PAGE = "explore?model=fashion-vae-16"
SCREEN: ViewportSize = {"width": 1280, "height": 720}
WIDTH = 800  # pixels of the film
FRAMES_PER_SECOND = 12
QUALITY = 60  # of WebP, up to 100
MOST_BYTES = 3_000_000
OUT = PROJECT / "docs" / "demo.webp"
SLIDERS = ".workbench input[type=range]"
PAD = ".workbench .pad .surface"
# Screenshots have no mouse pointer, so the page gets a dot that follows it.
POINTER = """() => {
  const dot = document.createElement("div");
  dot.style = "position: fixed; width: 18px; height: 18px; margin: -9px; border-radius: 50%; z-index: 999999;" +
    "background: rgba(213, 94, 0, 0.75); box-shadow: 0 0 0 2px white; pointer-events: none; left: -50px";
  document.body.append(dot);
  addEventListener("pointermove", (event) => {
    dot.style.left = `${event.clientX}px`;
    dot.style.top = `${event.clientY}px`;
  }, true);
}"""

Point = tuple[float, float]


def swing(start: float, frames: int, low: float = 0.06, high: float = 0.94) -> list[float]:
    """Shares of a track: from ``start`` up to ``high``, down to ``low`` and back to ``start``, slow at the turns."""
    turns = [start, high, low, start]
    steps = frames // (len(turns) - 1)
    return [
        a + (b - a) * (1 - math.cos(math.pi * step / steps)) / 2
        for a, b in itertools.pairwise(turns)
        for step in range(1, steps + 1)
    ]


def slider_path(slider: Locator, frames: int) -> list[Point]:
    """Mouse positions along a slider and back to where its value is now."""
    box = slider.bounding_box()
    assert box is not None
    now = slider.evaluate("(input) => (input.value - input.min) / (input.max - input.min)")
    return [(box["x"] + share * box["width"], box["y"] + box["height"] / 2) for share in swing(now, frames)]


def pad_path(pad: Locator, frames: int) -> list[Point]:
    """Mouse positions on a circle over the pad, beginning on its right."""
    box = pad.bounding_box()
    assert box is not None
    return [
        (
            box["x"] + box["width"] * (0.5 + 0.35 * math.cos(2 * math.pi * frame / frames)),
            box["y"] + box["height"] * (0.5 + 0.35 * math.sin(2 * math.pi * frame / frames)),
        )
        for frame in range(frames + 1)
    ]


def drag(page: Page, path: list[Point]) -> Iterator[Image.Image]:
    """Drag the mouse along a path; a screenshot of the page after each step."""
    page.mouse.move(*path[0])
    yield screenshot(page)
    page.mouse.down()
    for position in path:
        page.mouse.move(*position)
        yield screenshot(page)
    page.mouse.up()
    settle(page)
    yield screenshot(page)


def screenshot(page: Page) -> Image.Image:
    """What the page shows once the next two frames are rendered, in the width of the film."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return picture.resize((WIDTH, WIDTH * picture.height // picture.width), Image.Resampling.LANCZOS)


def film(page: Page, address: str) -> Iterator[Image.Image]:
    """The frames: two latent dimensions, then both axes of the pad at once."""
    page.goto(f"{address}/{PAGE}")
    settle(page)
    page.locator(FIRST_CLICKS["explore"]).first.click()
    settle(page)
    page.locator(".workbench").first.evaluate("(element) => element.scrollIntoView({block: 'center'})")
    page.evaluate(POINTER)
    for rank in (0, 1):
        yield from drag(page, slider_path(page.locator(SLIDERS).nth(rank), 33))
    yield from drag(page, pad_path(page.locator(PAD).first, 30))


def main() -> int:
    """Make the film; 1 if it has become too large for a README."""
    with serve() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=SCREEN, color_scheme="light")
        first, *others = film(page, address)
        browser.close()
    first.save(
        OUT,
        save_all=True,
        append_images=others,
        duration=1000 // FRAMES_PER_SECOND,
        loop=0,
        quality=QUALITY,
        method=6,
    )
    size = OUT.stat().st_size
    print(f"{OUT.relative_to(PROJECT)}: {1 + len(others)} frames, {size / 1e6:.1f} MB")
    return 1 if size > MOST_BYTES else 0


if __name__ == "__main__":
    sys.exit(main())
