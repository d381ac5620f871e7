"""What the Compare page's tabs share: models' reconstructions, PCA beside them, and words about both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from ui.shared.models import BINARISED, family_of, latent_of, pixels_of
from ui.state import loaders
from vae_core.evaluation import metrics
from vae_core.evaluation.record import FIGURES

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet

PER_IMAGE = {"mse": metrics.mse, "psnr": metrics.psnr, "ssim": metrics.ssim}
"""How each figure of single images is computed, by its name in ``metrics.json``."""
EXACT = "exact"  # instead of an infinite PSNR


@dataclass(frozen=True, eq=False)
class Outcome:
    """Images (N, C, H, W), their reconstructions from posterior means, and the figures of each."""

    checkpoint: Checkpoint
    originals: np.ndarray
    decoded: np.ndarray
    baseline: bool = False
    """Whether it was added for comparison and not chosen."""

    @property
    def name(self) -> str:
        """The checkpoint's name, with a word if it was not chosen."""
        return named(self.checkpoint, baseline=self.baseline)

    @cached_property
    def figures(self) -> dict[str, np.ndarray]:
        """MSE, PSNR and SSIM of each image, (N,) each, by their names in ``metrics.json``."""
        return {name: compute(self.originals, self.decoded) for name, compute in PER_IMAGE.items()}


def named(checkpoint: Checkpoint, *, baseline: bool) -> str:
    """A model's name, with a word if it was not chosen."""
    return f"{checkpoint.name} (baseline)" if baseline else checkpoint.name


def reconstruct(checkpoint: Checkpoint, images: ImageSet, chosen: np.ndarray, *, baseline: bool = False) -> Outcome:
    """The chosen test images through a model.

    Raises:
        UserError: if the model cannot be opened.
    """
    originals = images.images[chosen] / np.float32(255)
    return Outcome(checkpoint, originals, reconstruct_pixels(checkpoint, images, chosen, originals), baseline)


def reconstruct_pixels(checkpoint: Checkpoint, images: ImageSet, chosen: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Pixels (N, C, H, W), made from the chosen test images, through a model: (N, C, H, W) in [0, 1].

    Raises:
        UserError: if the model cannot be opened.
    """
    space = loaders.open_space(checkpoint)
    labels = images.labels[chosen] if space.classes and images.labels is not None else None
    return space.reconstruct(pixels, labels)


class Baselines(NamedTuple):
    """PCA beside the chosen models, and the chosen models that it is missing for."""

    available: list[Checkpoint]
    missing: list[Checkpoint]


def baselines(chosen: Sequence[Checkpoint], known: Sequence[Checkpoint]) -> Baselines:
    """PCA of the same latent size and the same kind of pixels for each chosen model, unless it is chosen itself.

    Where no checkpoint has it, it is fitted here, if there are training images.
    """
    available: list[Checkpoint] = []
    missing: list[Checkpoint] = []
    principal = [other for other in known if family_of(other).closed_form]
    sizes = {(latent_of(one), pixels_of(one)): one for one in reversed(chosen)}
    for size, model in reversed(sizes.items()):
        fitting = [other for other in principal if (latent_of(other), pixels_of(other)) == size]
        if not fitting:
            fitted = loaders.quietly(partial(loaders.fitted_pca, model))
            if fitted is None:
                missing.append(model)
            elif fitted.name not in (one.name for one in available):  # codes larger than the images span share one
                available.append(fitted)
        elif not any(other.name == one.name for other in fitting for one in chosen):
            available.append(fitting[0])
    return Baselines(available, missing)


def explain(baselines: Baselines) -> None:
    """One line for each PCA that was fitted here, and for each latent size that has none."""
    for model in baselines.available:
        if isinstance(model, loaders.FittedPca):
            st.caption(f"{model.name}: fitted here, to {model.images:,} training images.")
    for model in baselines.missing:
        kind = " of binarised pixels" if pixels_of(model) == BINARISED else ""
        st.caption(
            f"There is no {latent_of(model)}-dimensional PCA{kind} to compare with: none of the models is one, and the "
            "training images to fit one to are not on this machine."
        )


# --- words about models and figures ----------------------------------------------------------------------------------


def brief(checkpoint: Checkpoint) -> str:
    """Family and latent size of a model, and what is special about it, in a few words."""
    model = checkpoint.run.model
    parts = [f"{model.latent}-dimensional {family_of(checkpoint).short}"]
    if model.classes:
        parts.append("conditional")
    if model.noise:
        parts.append("trained for denoising")
    if pixels_of(checkpoint) == BINARISED:
        parts.append("trained on black and white")
    return ", ".join(parts)


def caption(name: str, value: float) -> str:
    """A figure of one image in words, with its unit."""
    if math.isinf(value):
        return EXACT
    figure = FIGURES[name]
    return figure.text(value) if figure.unit else f"{figure.heading} {figure.text(value)}"
