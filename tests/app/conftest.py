"""Tiny checkpoints of 8x8 digits, and pages run by Streamlit's AppTest on them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from vae_core.config import DataConfig, ModelConfig, RunConfig, TrainConfig
from vae_core.data import load_images
from vae_core.training.fit import describe_images, fit

PROJECT = Path(__file__).parent.parent.parent
PAGES = ["app.py", *sorted(f"pages/{path.name}" for path in (PROJECT / "pages").glob("*.py"))]
KINDS = {
    "digits-pca": {"family": "pca", "likelihood": "gaussian"},
    "digits-cae": {"family": "cae"},
    "digits-vae": {"family": "vae"},
    "digits-cvae": {"family": "vae", "condition": "both"},
    "digits-vqvae": {"family": "vqvae"},
    "digits-vae-2": {"family": "vae", "latent": 2},
}
LONGEST_RUN = 600  # seconds; only a run that hangs lasts so long, on however busy a machine

OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny checkpoint of each kind; not to be changed."""
    folder = tmp_path_factory.mktemp("checkpoints")
    data = DataConfig("digits")
    train, test = load_images(data, "train"), load_images(data, "test")
    for name, options in KINDS.items():
        settings = {"network": "mlp", "latent": 4, "hidden": 16} | options
        run = RunConfig(data, ModelConfig(**settings), TrainConfig(epochs=1))  # type: ignore[arg-type]
        fit(describe_images(run, train), train, test, folder / name, show_progress=False)
    return folder


@pytest.fixture
def checkpoints(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the tiny checkpoints that a test may spoil, as the app's checkpoints folder."""
    folder = tmp_path / "checkpoints"
    shutil.copytree(trained, folder)
    monkeypatch.setenv("LATENT_CHECKPOINTS", str(folder))
    st.cache_resource.clear()
    st.cache_data.clear()
    return folder


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """A function that opens a page with the parameters of its address and runs it once."""
    monkeypatch.chdir(PROJECT)

    def open_page(page: str, **parameters: str | list[str]) -> AppTest:
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=LONGEST_RUN)
        if page != "app.py":
            app.switch_page(page)
        for name, value in parameters.items():
            app.query_params[name] = value
        return app.run()

    return open_page
