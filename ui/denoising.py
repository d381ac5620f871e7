"""Denoising on the Compare page: pictures with noise, what each model makes of them, and PCA's attempt."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui import choose, comparison, exports, loaders, ranking, reconstructions
from ui.comparison import Baselines, PictureRow, explain, named, show_row, told
from vae_core import metrics
from vae_core.denoising import add_noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet

LARGEST, STEP, FIRST = 0.5, 0.05, 0.2  # standard deviations; pixels in [0, 1]


def show(checkpoint: Checkpoint, models: Sequence[Checkpoint], baselines: Baselines) -> None:
    """The chosen pictures with noise through the models."""
    images = loaders.attempt(lambda: loaders.test_images(checkpoint))
    if images is None:
        return
    chosen = ranking.choose_pictures(checkpoint, images)
    beside = [(named(model, baseline=True), model) for model in baselines.found]
    everyone = beside + [(model.name, model) for model in models]
    usable = [(name, model) for name, model in everyone if loaders.attempt(partial(loaders.open_space, model))]
    _denoise(usable, images, chosen)
    explain(baselines)
    st.caption(
        "Under each picture its mean squared error against the clean one. PCA, being linear, averages much of the "
        "noise away. A network that has never met noise may take it for something else altogether; one trained with "
        "noise removes it: python train.py \\-\\-preset cae\\-denoise makes one. Models get the noisy values as in "
        "training, below 0 and above 1 too. A picture always gets the same noise, only stronger or weaker."
    )


@st.fragment
def _denoise(models: Sequence[tuple[str, Checkpoint]], images: ImageSet, chosen: np.ndarray) -> None:
    """The noise slider and its rows; moving it runs only this again."""
    st.session_state.setdefault("noise", FIRST)
    deviation = st.slider(
        "Noise, standard deviation", 0.0, LARGEST, step=STEP, key="noise", bind="query-params", width=420,
        help="Of the Gaussian noise added to each pixel; pixels lie between 0 (black) and 1 (white)",
    )  # fmt: skip
    rows = denoised_rows(models, images, chosen, float(deviation))
    names = [choose.picture_name(images, int(index)) for index in chosen]
    for row in rows:
        show_row(row, names)
    classes = [choose.class_name(images, int(index)) for index in chosen]
    with st.container(horizontal=True):
        exports.download(
            "Pictures as PNG", "denoising.png",
            lambda: exports.sheet_png(rows, reconstructions.headings(chosen, classes)),
        )  # fmt: skip
        exports.download(
            "Figures as CSV", "denoising.csv",
            lambda: exports.csv_bytes(noise_records(rows, chosen, classes, float(deviation))),
        )  # fmt: skip


def denoised_rows(
    models: Sequence[tuple[str, Checkpoint]], images: ImageSet, chosen: np.ndarray, deviation: float
) -> list[PictureRow]:
    """The noisy pictures, what each model makes of them, and the clean ones.

    Args:
        models: what to call each model, and the model.
        images: the test split.
        chosen: (N,) indices of the pictures.
        deviation: standard deviation of the noise.

    Raises:
        UserError: if a model cannot be opened.
    """
    clean = images.images[chosen] / np.float32(255)
    noisy = add_noise(clean, deviation, chosen)

    def measured(pictures: np.ndarray) -> list[str]:
        return [told("MSE", float(error)) for error in metrics.mse(clean, pictures)]

    rows = [PictureRow("Noisy", "", noisy, f"with noise of {deviation:.2f}", "noisy", measured(noisy))]
    for name, model in models:
        restored = comparison.passed_through(model, images, chosen, noisy)
        rows.append(
            PictureRow(name, _training(model), restored, f"denoised by {name}", f"denoised_{name}", measured(restored))
        )
    return [*rows, PictureRow("Clean", "", clean, "clean", "clean")]


def noise_records(
    rows: Sequence[PictureRow], chosen: np.ndarray, classes: Sequence[str], deviation: float
) -> list[dict[str, object]]:
    """One row a model, the noisy pictures among them, and picture: its squared error against the clean one."""
    *noisy, clean = rows
    return [
        {"image": int(index), "class": name, "model": row.title, "noise": deviation, "mse": float(error)}
        for row in noisy
        for index, name, error in zip(chosen, classes, metrics.mse(clean.pictures, row.pictures), strict=True)
    ]


def _training(model: Checkpoint) -> str:
    """Which noise a model has learned from."""
    assert model.run is not None
    noise = model.run.model.noise
    return f"trained with noise of {noise:g}" if noise else "trained without noise"
