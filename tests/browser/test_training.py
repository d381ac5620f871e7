"""Training in a browser: a run that is started, watched on its way, left, found again, and stopped."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from playwright.sync_api import Page, expect

from scripts.server import PROJECT, serve
from tests.browser.conftest import wait_until_idle

LONGEST_TRAINING = 900_000  # milliseconds; most of it is importing torch on a busy machine


def test_a_run_is_started_watched_and_stopped(page: Page, tmp_path: Path) -> None:
    """It survives a page change, and when it is stopped its model is in the list."""
    shutil.copytree(PROJECT / "checkpoints" / "fashion-pca-16", tmp_path / "fashion-pca-16")
    with serve(LATENT_CHECKPOINTS=str(tmp_path), LATENT_DATA=str(tmp_path)) as address:
        page.goto(f"{address}/training")
        wait_until_idle(page)
        page.get_by_role("button", name="Train a model").click()
        for key, text in (("run_data", "Digits of 8x8"), ("run_preset", "fully connected layers: quick")):
            page.locator(f".st-key-{key} input").click()
            page.get_by_role("option", name=re.compile(text)).first.click()
        epochs = page.locator(".st-key-run_epochs input")
        epochs.fill("500")
        epochs.press("Enter")
        name = page.locator(".st-key-run_name input")
        name.fill("on-stage")
        name.press("Enter")
        wait_until_idle(page)
        page.get_by_role("button", name="Start", exact=True).click()
        finished = page.get_by_text(re.compile(r"epoch \d+ of 500 finished"))
        expect(finished).to_be_visible(timeout=LONGEST_TRAINING)
        expect(page.locator(".st-key-running .js-plotly-plot")).to_be_visible()
        page.get_by_role("link", name="Compare").first.click()
        page.wait_for_url(re.compile("/compare"))
        page.get_by_role("link", name="Training").first.click()
        expect(finished).to_be_visible(timeout=LONGEST_TRAINING)
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.get_by_text(re.compile(r"on-stage is stopped after \d+ of 500"))).to_be_visible(
            timeout=LONGEST_TRAINING
        )
        page.get_by_role("link", name="Its curves").click()
        page.wait_for_url(re.compile("model=on-stage"))
        wait_until_idle(page)
        expect(page.locator(".st-key-terms .js-plotly-plot")).to_be_visible()
