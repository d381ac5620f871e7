"""Take screenshots of every page in headless Chromium: 1280x800 and 1920x1080, light and dark, into shots/.

`python scripts/shots.py explore compare` takes those of two pages only.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.server import PROJECT, serve

SIZES = ((1280, 800), (1920, 1080))
THEMES = ("light", "dark")
OUT = PROJECT / "shots"
LONGEST_RUN = 120_000  # milliseconds
FIRST_CLICKS = {"explore": ".st-key-start_gallery button:nth-child(2)"}  # so that there is something to see
SETTLED = """() => {
  const app = document.querySelector(".stApp");
  const idle = app && app.getAttribute("data-test-script-state") === "notRunning";
  const loaded = [...document.images].every((image) => image.complete);
  const waiting = document.querySelector("[data-testid=stSkeleton], [data-testid=stSpinner]");
  return idle && loaded && document.fonts.status === "loaded" && !waiting;
}"""


def page_names() -> list[str]:
    """The start page, as an empty name, and every page in pages/."""
    return ["", *sorted(path.stem for path in (PROJECT / "pages").glob("*.py"))]


def settle(page: Page) -> None:
    """Wait until the page's script is done and all that it shows is there."""
    page.wait_for_selector("h1", timeout=LONGEST_RUN)
    page.wait_for_function(SETTLED, timeout=LONGEST_RUN)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_function(SETTLED, timeout=LONGEST_RUN)


def main(wanted: list[str]) -> int:
    """Take the screenshots; 1 if a page shows an error."""
    names = [name for name in page_names() if not wanted or (name or "start") in wanted]
    OUT.mkdir(exist_ok=True)
    broken = 0
    with serve() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM"), args=["--no-sandbox", "--disable-gpu"]
        )
        for width, height in SIZES:
            for theme in THEMES:
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
                page = context.new_page()
                for name in names:
                    page.goto(f"{address}/{name}")
                    settle(page)
                    if name in FIRST_CLICKS:
                        page.locator(FIRST_CLICKS[name]).first.click()
                        page.mouse.move(0, 0)
                        settle(page)
                    path = OUT / f"{name or 'start'}-{width}x{height}-{theme}.png"
                    page.screenshot(path=path)
                    failed = page.locator(".stException, [data-testid=stException]").count()
                    broken += failed
                    print(path.relative_to(PROJECT), "shows an error" if failed else "")
                context.close()
        browser.close()
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
