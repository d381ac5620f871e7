"""How soon the map is there and how quickly it answers, in headless Chromium without a graphics processor.

  python -m benchmarks.map_page             the table, in about three minutes; leave the machine alone
  python -m benchmarks.map_page --rounds 1  a smoke run

All times are taken in the browser. A page is opened anew each time, by a browser that has seen the program before, from
a server that has, too. Plotly's WebGL scatter plot, without pictures, is measured in the same run.
"""

from __future__ import annotations

import os
import statistics
from dataclasses import dataclass

import numpy as np
import tyro
from playwright.sync_api import BrowserContext, Page, sync_playwright

from scripts.server import serve

LONGEST = 120_000  # milliseconds
HOVERS = 150
READY = '.map[data-layout]:not([data-layout=""])'
PICTURES_THERE = """() => {
  return [...(globalThis.latentMapStore?.parcels.keys() ?? [])].some((slot) => slot.startsWith("thumbnails"));
}"""
MEASURED = "(map) => ({firstPoints: map.latentMap.scene.log.firstPoints, hovers: map.latentMap.hovers})"
# Milliseconds from the visit's beginning until plotly has drawn a canvas of points.
PLOTLY_DRAWN = """() => new Promise((done) => {
  const look = () => {
    const plot = document.querySelector(".js-plotly-plot");
    if (plot?._fullData?.length && plot.querySelector("canvas.gl-canvas-context")?.width) {
      requestAnimationFrame(() => done(performance.now()));
    } else requestAnimationFrame(look);
  };
  look();
})"""
# Milliseconds from the release of the mouse until the gallery has its pictures.
WATCH_GALLERY = """() => {
  globalThis.gallery = new Promise((done) => {
    addEventListener("pointerup", () => {
      const released = performance.now();
      const look = () => {
        const host = document.querySelector(".st-key-selected [data-testid=stBidiComponentIsolated]");
        const shown = host?.shadowRoot ?? host?.firstElementChild?.shadowRoot;
        if (shown?.querySelector("img")) done(performance.now() - released);
        else requestAnimationFrame(look);
      };
      look();
    }, {capture: true, once: true});
  });
}"""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    ours: float
    bound: float
    plotly: float | None = None

    def line(self) -> str:
        """As Markdown."""
        peer = "" if self.plotly is None else f"{self.plotly:,.0f}"
        holds = "yes" if self.ours <= self.bound else "**no**"
        return f"| {self.what} | {self.ours:,.0f} | {self.bound:,.0f} | {holds} | {peer} |"


def first_points(context: BrowserContext, address: str) -> float:
    """Milliseconds from a visit's beginning to the first frame with points."""
    page = context.new_page()
    page.goto(address)
    page.locator(READY).first.wait_for(timeout=LONGEST)
    found = page.locator(READY).first.evaluate(MEASURED)["firstPoints"]
    page.close()
    return float(found)


def first_plotly(context: BrowserContext, address: str) -> float:
    """The same for plotly."""
    page = context.new_page()
    page.set_default_timeout(LONGEST)
    page.goto(address)
    found = page.evaluate(PLOTLY_DRAWN)
    page.close()
    return float(found)


def hover_times(page: Page) -> list[float]:
    """Milliseconds from the pointer's events to the frames with the pictures."""
    shown = page.locator(READY).first
    page.wait_for_function(PICTURES_THERE, timeout=LONGEST)
    box = shown.locator(".stage").bounding_box()
    assert box is not None
    places = np.random.default_rng(0).random((HOVERS, 2))
    for right, down in places:
        page.mouse.move(box["x"] + box["width"] * (0.25 + 0.5 * right), box["y"] + box["height"] * (0.2 + 0.6 * down))
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return [float(value) for value in shown.evaluate(MEASURED)["hovers"]]


def lasso_half(page: Page, address: str) -> tuple[float, int]:
    """Milliseconds from the release of a lasso to the pictures in the gallery, and how many points were in it."""
    page.goto(address)
    shown = page.locator(READY).first
    shown.wait_for(timeout=LONGEST)
    page.wait_for_function("() => document.querySelector('.stApp').dataset.testScriptState === 'notRunning'")
    page.get_by_role("button", name="Lasso (L)").first.click()
    page.evaluate(WATCH_GALLERY)
    box = shown.locator(".stage").bounding_box()
    assert box is not None
    left, top, wide, high = box["x"], box["y"], box["width"], box["height"]
    corners = [(0.09, 0.03), (0.56, 0.03), (0.56, 0.97), (0.09, 0.97)]
    page.mouse.move(left + wide * corners[0][0], top + high * corners[0][1])
    page.mouse.down()
    for right, down in corners[1:]:
        page.mouse.move(left + wide * right, top + high * down, steps=20)
    page.mouse.up()
    taken = float(page.evaluate("() => globalThis.gallery"))
    return taken, len(shown.evaluate("(map) => map.latentMap.cloud.selected()"))


def main(rounds: int = 5) -> list[Row]:
    """Measure, and print the table.

    Args:
        rounds: how often each is measured; the median counts, for hovering the 95th percentile of all.
    """
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or "/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        with serve() as address:
            page_address = f"{address}/embeddings?model=fashion-vae-16"
            times = [first_points(context, page_address) for _ in range(rounds + 1)][1:]
            rows.append(Row("the page Embeddings to first points, 10,000 (ms)", statistics.median(times), 1500))
            page = context.new_page()
            page.goto(page_address)
            rows.append(Row("hover to picture, 10,000, p95 (ms)", _p95(hover_times(page)), 40))
            found = [lasso_half(page, page_address) for _ in range(rounds + 1)][1:]
            count = statistics.median(count for _, count in found)
            taken = statistics.median(taken for taken, _ in found)
            rows.append(Row(f"lasso of {count:,.0f} of 10,000 points to the gallery (ms)", taken, 300))
            page.close()
        with serve("benchmarks/map_scene.py") as address:
            for points, bound in ((10_000, 1500), (70_000, 3000)):
                ours = [first_points(context, f"{address}/?points={points}") for _ in range(rounds + 1)][1:]
                scene = f"{address}/?points={points}&drawn=plotly"
                theirs = [first_plotly(context, scene) for _ in range(rounds + 1)][1:]
                what = f"a bare page to first points, {points:,} (ms)"
                rows.append(Row(what, statistics.median(ours), bound, statistics.median(theirs)))
            page = context.new_page()
            page.goto(f"{address}/?points=70000")
            rows.append(Row("hover to picture, 70,000, p95 (ms)", _p95(hover_times(page)), 40))
        browser.close()
    print("| what | ours | at most | holds | plotly |\n| --- | ---: | ---: | --- | ---: |")
    print("\n".join(row.line() for row in rows))
    return rows


def _p95(times: list[float]) -> float:
    return float(np.percentile(times, 95))


if __name__ == "__main__":
    tyro.cli(main)
