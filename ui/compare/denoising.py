"""Denoising on the Compare page: noisy images, what each model makes of them, and PCA's attempt."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.compare import comparison, ranking, reconstructions
from ui.compare.comparison import Baselines, caption, explain, named
from ui.shared import exports, pickers
from ui.shared.live_slider import LiveSlider
from ui.shared.rows import ImageRow, show_row
from ui.state import address, loaders
from vae_core.evaluation import metrics
from vae_core.evaluation.denoising import add_noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet


def show(checkpoint: Checkpoint, models: Sequence[Checkpoint], baselines: Baselines) -> None:
    """The chosen images with noise through the models."""
    images = loaders.attempt(lambda: loaders.test_images(checkpoint))
    if images is None:
        return
    chosen = ranking.choose_pictures(checkpoint, images)
    everyone = [(model, True) for model in baselines.available] + [(model, False) for model in models]
    usable = [(model, baseline) for model, baseline in everyone if loaders.attempt(partial(loaders.open_space, model))]
    _denoise(usable, images, chosen)
    explain(baselines)
    st.caption(
        "Below each image: its mean squared error against the clean one. PCA, being linear, averages much of the "
        "noise away. A network that has never seen noise may mistake it for something else altogether; one trained "
        "with noise removes it: python train.py \\-\\-preset cae\\-denoise trains one. As in training, models get "
        "noisy values below 0 and above 1 too, while the error of a noisy image is that of the image you see. Each "
        "image always gets the same noise, only stronger or weaker."
    )


@st.fragment
def _denoise(models: Sequence[tuple[Checkpoint, bool]], images: ImageSet, chosen: np.ndarray) -> None:
    """The noise slider and its rows; moving it runs only this again."""
    slider = LiveSlider(address.NOISE)
    place = st.container(width=420)
    rows = denoised_rows(models, images, chosen, slider.value)
    names = [pickers.picture_name(images, int(index)) for index in chosen]
    for row in rows:
        show_row(row, names)
    classes = [pickers.class_name(images, int(index)) for index in chosen]
    with st.container(horizontal=True):
        exports.download(
            "Images as PNG",
            "denoising.png",
            lambda: exports.sheet_png(rows, reconstructions.headings(chosen, classes)),
        )
        exports.download(
            "Figures as CSV",
            "denoising.csv",
            lambda: exports.csv_bytes(noise_records(rows, models, chosen, classes, slider.value)),
        )
    with place:
        slider.show(
            "Noise, standard deviation",
            "Of the Gaussian noise added to each pixel; pixels range from 0 (black) to 1 (white)",
        )


def denoised_rows(
    models: Sequence[tuple[Checkpoint, bool]], images: ImageSet, chosen: np.ndarray, deviation: float
) -> list[ImageRow]:
    """The noisy images as they are seen, cut off at 0 and 1; what each model makes of the uncut ones; the clean ones.

    Args:
        models: each model, and whether it is a baseline.
        images: the test split.
        chosen: (N,) indices of the images.
        deviation: standard deviation of the noise.

    Raises:
        UserError: if a model cannot be opened.
    """
    clean = images.images[chosen] / np.float32(255)
    noisy = add_noise(clean, deviation, chosen)

    def captions(restored: np.ndarray) -> list[str]:
        return [caption("mse", float(error)) for error in metrics.mse(clean, restored)]

    seen = noisy.clip(0, 1)
    rows = [ImageRow("Noisy", "", seen, f"with noise of {deviation:.2f}", "noisy", captions(seen))]
    for model, baseline in models:
        name, key = named(model, baseline=baseline), f"denoised_{model.name}"
        restored = comparison.reconstruct_pixels(model, images, chosen, noisy)
        rows.append(ImageRow(name, _training(model), restored, f"denoised by {name}", key, captions(restored)))
    return [*rows, ImageRow("Clean", "", clean, "clean", "clean")]


def noise_records(
    rows: Sequence[ImageRow],
    models: Sequence[tuple[Checkpoint, bool]],
    chosen: np.ndarray,
    classes: Sequence[str],
    deviation: float,
) -> list[dict[str, object]]:
    """One row a model, the noisy images among them, and image: its squared error against the clean one.

    Args:
        rows: what ``denoised_rows`` made of the models.
        models: each model, and whether it is a baseline.
        chosen: (N,) indices of the images.
        classes: of the images.
        deviation: standard deviation of the noise.
    """
    *noisy, clean = rows
    who = [("Noisy", False), *((model.name, baseline) for model, baseline in models)]
    return [
        {
            "image": int(index),
            "class": name,
            "model": model,
            "baseline": "yes" if baseline else "no",
            "noise": deviation,
            "mse": float(error),
        }
        for row, (model, baseline) in zip(noisy, who, strict=True)
        for index, name, error in zip(chosen, classes, metrics.mse(clean.images, row.images), strict=True)
    ]


def _training(model: Checkpoint) -> str:
    """Which noise a model was trained with."""
    noise = model.run.model.noise
    return f"trained with noise of {noise:g}" if noise else "trained without noise"
