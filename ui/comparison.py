"""The parts of the Compare page: the chosen pictures, each model's reconstructions and errors, and the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from ui import loaders
from vae_core import metrics

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet

FIGURES = {"MSE": metrics.mse, "PSNR": metrics.psnr, "SSIM": metrics.ssim}
NUMBERS = {
    "Numbers in the code": "%d",
    "MSE": "%.4f",
    "PSNR": "%.2f dB",
    "SSIM": "%.3f",
    "Reconstruction": "%.1f",
    "KL": "%.1f",
    "Total": "%.1f",
    "kNN accuracy": "percent",
}
HELP = {
    "MSE": "Mean squared error over pixels in [0, 1], mean over images; lower is better.",
    "PSNR": "Peak signal-to-noise ratio in decibels, mean over images; higher is better.",
    "SSIM": "Structural similarity (Wang et al. 2004), mean over images; 1 is perfect.",
    "Reconstruction": "Negative log-likelihood of the pixels, nats per image summed over pixels, one posterior sample; "
    "Bernoulli (cross-entropy), empty for PCA, whose Gaussian density cannot be compared with it.",
    "KL": "KL of the posterior to the prior, nats per image, summed over dimensions. A deterministic model has none.",
    "Total": "Reconstruction + KL: the negative ELBO of a VAE, nats per image.",
    "kNN accuracy": "Share of test codes whose 10 nearest other test codes vote for the right class.",
}


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a model makes of the chosen pictures: reconstructions (N, C, H, W) of posterior means."""

    checkpoint: Checkpoint
    decoded: np.ndarray

    def figures(self, originals: np.ndarray) -> dict[str, np.ndarray]:
        """MSE, PSNR and SSIM of each picture."""
        return {name: measure(originals, self.decoded) for name, measure in FIGURES.items()}


def reconstruct(checkpoint: Checkpoint, images: ImageSet, chosen: np.ndarray) -> Outcome:
    """The chosen test pictures through a model.

    Raises:
        UserError: if the model cannot be opened.
    """
    space = loaders.open_space(checkpoint)
    labels = images.labels[chosen] if space.classes and images.labels is not None else None
    return Outcome(checkpoint, space.reconstruct(images.images[chosen], labels))


def shown_table(outcomes: list[Outcome], originals: np.ndarray) -> list[dict[str, Any]]:
    """One row a model: means over the pictures on the screen."""
    return [
        {"Model": outcome.checkpoint.name}
        | {name: float(values.mean()) for name, values in outcome.figures(originals).items()}
        for outcome in outcomes
    ]


def split_table(checkpoints: list[Checkpoint]) -> list[dict[str, Any]]:
    """One row a model: its stored figures on the whole test split."""
    rows = []
    for checkpoint in checkpoints:
        assert checkpoint.run is not None
        stored = checkpoint.metrics
        rows.append(
            {
                "Model": checkpoint.name,
                "Numbers in the code": checkpoint.run.model.latent,
                "MSE": stored.get("mse"),
                "PSNR": stored.get("psnr"),
                "SSIM": stored.get("ssim"),
                "Reconstruction": stored.get("reconstruction") if stored.get("bce") is not None else None,
                "KL": stored.get("kl") if checkpoint.run.model.family == "vae" else None,
                "Total": stored.get("total") if checkpoint.run.model.family == "vae" else None,
                "kNN accuracy": stored.get("knn_accuracy"),
            }
        )
    return rows


def show_table(rows: list[dict[str, Any]]) -> None:
    """A table with each figure's unit, and its definition on its heading."""
    columns = {
        name: st.column_config.NumberColumn(name, format=form, help=HELP.get(name)) for name, form in NUMBERS.items()
    }
    st.dataframe(rows, hide_index=True, column_config=columns)
