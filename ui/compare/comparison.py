"""What the Compare page's tabs share: models' reconstructions, PCA beside them, and rows of pictures with names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from ui.components.gallery import GalleryProps, gallery
from ui.frame import plain
from ui.shared.models import BINARISED, family_of, latent_of, pixels_of
from ui.state import loaders
from vae_core.evaluation import metrics

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet

FIGURES = {"MSE": metrics.mse, "PSNR": metrics.psnr, "SSIM": metrics.ssim}
EXACT = "exact"  # instead of an infinite PSNR
NAME_WIDTH, PICTURES_WIDTH = 1, 6  # of a row's name and of its pictures


# --- what a model makes of pictures -------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a model makes of pictures (N, C, H, W): reconstructions of posterior means, and their figures."""

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
        """MSE, PSNR and SSIM of each picture, (N,) each."""
        return {name: measure(self.originals, self.decoded) for name, measure in FIGURES.items()}


def named(checkpoint: Checkpoint, *, baseline: bool) -> str:
    """A model's name, with a word if it was not chosen."""
    return f"{checkpoint.name} (baseline)" if baseline else checkpoint.name


def reconstruct(checkpoint: Checkpoint, images: ImageSet, chosen: np.ndarray, *, baseline: bool = False) -> Outcome:
    """The chosen test pictures through a model.

    Raises:
        UserError: if the model cannot be opened.
    """
    originals = images.images[chosen] / np.float32(255)
    return Outcome(checkpoint, originals, passed_through(checkpoint, images, chosen, originals), baseline)


def passed_through(checkpoint: Checkpoint, images: ImageSet, chosen: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Pixels (N, C, H, W), made from the chosen test images, through a model: (N, C, H, W) in [0, 1].

    Raises:
        UserError: if the model cannot be opened.
    """
    space = loaders.open_space(checkpoint)
    labels = images.labels[chosen] if space.classes and images.labels is not None else None
    return space.reconstruct(pixels, labels)


class Baselines(NamedTuple):
    """PCA beside the chosen models, and the chosen models that it is missing for."""

    found: list[Checkpoint]
    missing: list[Checkpoint]


def baselines(chosen: Sequence[Checkpoint], known: Sequence[Checkpoint]) -> Baselines:
    """PCA of the same code size and the same kind of pixels for each chosen model, unless it is chosen itself.

    Where no checkpoint has it, it is fitted here, if there are training images.
    """
    found: list[Checkpoint] = []
    missing: list[Checkpoint] = []
    principal = [other for other in known if family_of(other).closed_form]
    sizes = {(latent_of(one), pixels_of(one)): one for one in reversed(chosen)}
    for size, model in reversed(sizes.items()):
        fitting = [other for other in principal if (latent_of(other), pixels_of(other)) == size]
        if not fitting:
            fitted = loaders.quietly(partial(loaders.fitted_pca, model))
            if fitted is None:
                missing.append(model)
            elif fitted.name not in (one.name for one in found):  # codes larger than the images span share one
                found.append(fitted)
        elif not any(other.name == one.name for other in fitting for one in chosen):
            found.append(fitting[0])
    return Baselines(found, missing)


def explain(baselines: Baselines) -> None:
    """One line for each PCA that was fitted here, and for each code size that has none."""
    for model in baselines.found:
        if isinstance(model, loaders.FittedPca):
            st.caption(f"{model.name}: fitted here, to {model.images:,} training images.")
    for model in baselines.missing:
        kind = " of binarised pixels" if pixels_of(model) == BINARISED else ""
        st.caption(
            f"No PCA{kind} with {latent_of(model)} numbers to compare with: there is none among the models, and the "
            "training images to fit one to are not here."
        )


# --- rows of pictures ---------------------------------------------------------------------------------------------


class PictureRow(NamedTuple):
    """A row of pictures with its name on the left."""

    title: str
    note: str
    pictures: np.ndarray
    """(N, C, H, W) in [0, 1]."""
    made: str
    """What was done to each picture, for those who cannot see it."""
    key: str
    captions: Sequence[str] = ()
    """A short text under each picture, or nothing."""


def show_row(
    row: PictureRow, names: Sequence[str], *, on_pick: Callable[[int], None] | None = None, marked: int | None = None
) -> None:
    """Show a row; all rows of a page have their pictures in the same columns.

    Args:
        row: what to show.
        names: what each picture is.
        on_pick: called with a picture's position when it is clicked; None shows pictures that cannot be.
        marked: the picture to put a frame around.
    """
    left, right = st.columns([NAME_WIDTH, PICTURES_WIDTH], vertical_alignment="center", gap="small")
    lines = ([f"**{plain(row.title)}**"] if row.title else []) + ([f":small[{plain(row.note)}]"] if row.note else [])
    left.markdown("  \n".join(lines))
    alts = [f"{name}, {row.made}" if row.made else name for name in names]
    if row.captions:
        alts = [f"{alt}, {caption}" for alt, caption in zip(alts, row.captions, strict=True)]
    with right:
        gallery(
            GalleryProps(row.pictures, alts, one_row=True, captions=row.captions, marked=marked),
            key=row.key,
            on_pick=on_pick,
        )


def brief(checkpoint: Checkpoint) -> str:
    """Family and code size of a model, and what is special about it, in a few words."""
    model = checkpoint.run.model
    parts = [f"{family_of(checkpoint).short}, {model.latent}-dimensional"]
    if model.classes:
        parts.append("given the label")
    if model.noise:
        parts.append("made for denoising")
    if pixels_of(checkpoint) == BINARISED:
        parts.append("made for black and white")
    return ", ".join(parts)


def told(name: str, value: float) -> str:
    """A figure of one picture in words, with its unit."""
    if math.isinf(value):
        return EXACT
    return f"{value:.1f} dB" if name == "PSNR" else f"{name} {value:.{4 if name == 'MSE' else 3}f}"
