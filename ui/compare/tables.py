"""The Compare page's tables: figures of the pictures on the screen, and stored figures of the whole test split."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from ui.compare.comparison import EXACT, Baselines, Outcome, explain, named
from ui.shared import exports, pickers
from ui.shared.models import BINARISED, GREY, family_of, latent_of, pixels_of

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet

SOME_EXACT = "exact in part"
Row = dict[str, Any]

HEADINGS = {
    "model": "Model",
    "latent": "Numbers",
    "mse": "MSE",
    "psnr": "PSNR",
    "ssim": "SSIM",
    "reconstruction": "Reconstruction",
    "kl": "KL",
    "total": "Total",
    "nll": "NLL",
    "active_units": "Active units",
    "knn_accuracy": "kNN",
    "linear_probe": "Probe",
    "frechet_distance": "Fréchet",
}
FORMS = {
    "latent": "%d",
    "mse": "%.4f",
    "psnr": "%.2f dB",
    "ssim": "%.3f",
    "reconstruction": "%.1f",
    "kl": "%.1f",
    "total": "%.1f",
    "nll": "%.1f",
    "active_units": "%d",
    "knn_accuracy": "%.3f",
    "linear_probe": "%.3f",
    "frechet_distance": "%.1f",
}
HELP = {
    "latent": "How many numbers the code has.",
    "mse": "Mean squared error over pixels in [0, 1], mean over images; lower is better.",
    "psnr": "Peak signal-to-noise ratio in decibels, mean over images; higher is better. A picture without any error "
    "has none and is left out of the mean.",
    "ssim": "Structural similarity (Wang et al. 2004), mean over images; 1 is perfect.",
    "reconstruction": "Negative log-likelihood of the pixels, nats per image summed over pixels, one posterior sample; "
    "Bernoulli (cross-entropy), empty for PCA, whose Gaussian density cannot be compared with it.",
    "kl": "KL of the posterior to the prior, nats per image, summed over dimensions. A deterministic model has none.",
    "total": "Reconstruction + KL: the negative ELBO of a VAE, nats per image.",
    "nll": "Importance-weighted negative log-likelihood of a VAE (Burda et al. 2016), nats per image; a tighter bound "
    "than the total. The number of draws is in the CSV.",
    "active_units": "Dimensions of a VAE whose posterior mean varies over the images, its variance being over 0.01.",
    "knn_accuracy": "Accuracy of nearest neighbours: share of test codes whose 10 nearest other test codes vote for "
    "the right class.",
    "linear_probe": "Linear probe: share of test codes that logistic regression on training codes puts into the right "
    "class.",
    "frechet_distance": "Fréchet distance between samples and test images, in the features of the data set's own "
    "classifier; lower is better. Not comparable with distances in Inception's features.",
}
OPTIONAL = ("nll", "active_units", "linear_probe", "frechet_distance")
NATS = frozenset({"reconstruction", "kl", "total", "nll"})


# --- what is stored with a checkpoint -----------------------------------------------------------------------------


def number(stored: Row, name: str) -> float | None:
    """A stored figure if it is a finite number."""
    value = stored.get(name)
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def stored_figures(checkpoint: Checkpoint) -> Row:
    """A model's figures on the whole test split, those that would mislead left empty."""
    stored, variational = checkpoint.metrics, family_of(checkpoint).variational
    figures: Row = {name: number(stored, name) for name in HEADINGS if name not in ("model", "latent")}
    if stored.get("psnr") == math.inf:  # a mean with exact pictures in it
        figures |= {"psnr": EXACT if figures["mse"] == 0 else SOME_EXACT}
    if number(stored, "bce") is None:  # Gaussian pixels, whose density lies on another scale
        figures |= dict.fromkeys(("reconstruction", "total", "nll"))
    if not variational:
        figures |= dict.fromkeys(("kl", "total", "nll", "active_units"))
    return figures


# --- tables on the page -------------------------------------------------------------------------------------------


def shown_table(outcomes: Sequence[Outcome]) -> list[Row]:
    """One row a model: means over the pictures on the screen."""
    return [
        {"model": one.name, "latent": latent_of(one.checkpoint)}
        | {name.lower(): _mean(values) for name, values in one.figures.items()}
        for one in outcomes
    ]


def _mean(values: np.ndarray) -> float | str:
    """The mean of what is finite; a word if nothing is, as a picture without error has no PSNR."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else EXACT


def show_split(models: Sequence[Checkpoint], baselines: Baselines) -> None:
    """Stored figures of models and of PCA beside them, and a file of them."""
    rows = [(model, True) for model in baselines.found] + [(model, False) for model in models]
    for title, table in split_tables(rows).items():
        if title:
            st.subheader(title, anchor=False)
        show_table(table)
    explain(baselines)
    st.caption(
        "Means over all images of the test split. MSE, PSNR and SSIM are of the posterior mean's reconstruction; "
        "reconstruction and KL take one posterior sample. The headings explain themselves when the pointer rests on "
        "them; python -m vae_core.evaluation NAME --save measures more."
    )
    exports.download("Table as CSV", "test-split.csv", lambda: exports.csv_bytes(split_records(rows)))


def split_tables(models: Sequence[tuple[Checkpoint, bool]]) -> dict[str, list[Row]]:
    """By heading, a table for each kind of pixels with a row a model; one kind alone needs no heading.

    Optional figures are there only if a model of the table has them.

    Args:
        models: each model, and whether it is a baseline.
    """
    kinds = sorted({pixels_of(model) for model, _ in models}, reverse=True)
    tables = {}
    for kind in kinds:
        rows = [
            {"model": named(model, baseline=baseline), "latent": latent_of(model)} | stored_figures(model)
            for model, baseline in models
            if pixels_of(model) == kind
        ]
        absent = {name for name in OPTIONAL if all(row[name] is None for row in rows)}
        title = "" if kinds == [GREY] else f"{kind.capitalize()} pixels"
        tables[title] = [{name: value for name, value in row.items() if name not in absent} for row in rows]
    return tables


def show_table(rows: list[Row]) -> None:
    """A table with each figure's unit, and its definition on its heading."""
    words = {name for row in rows for name, value in row.items() if name != "model" and isinstance(value, str)}
    columns: Row = {}
    for name, heading in HEADINGS.items():
        if name in words:
            columns[name] = st.column_config.TextColumn(heading, help=HELP.get(name))
        elif name in FORMS:
            columns[name] = st.column_config.NumberColumn(heading, format=FORMS[name], help=HELP.get(name))
        else:
            columns[name] = st.column_config.TextColumn(heading, pinned=True)
    shown = [{name: _in_words(value) if name in words else value for name, value in row.items()} for row in rows]
    st.dataframe(shown, hide_index=True, column_config=columns, placeholder="–")


def _in_words(value: float | str | None) -> str:
    """A decibel cell of a column in which other cells are words."""
    if isinstance(value, str):
        return value
    return "" if value is None else f"{value:.2f} dB"


# --- tables to take away ------------------------------------------------------------------------------------------


def picture_records(outcomes: Sequence[Outcome], images: ImageSet, chosen: np.ndarray) -> list[Row]:
    """One row a model and picture: its index in the test split, its class, and its figures."""
    return [
        {
            "image": int(index),
            "class": pickers.class_name(images, int(index)),
            "model": one.checkpoint.name,
            "baseline": "yes" if one.baseline else "no",
        }
        | {name.lower(): float(values[position]) for name, values in one.figures.items()}
        for one in outcomes
        for position, index in enumerate(chosen)
    ]


def split_records(models: Sequence[tuple[Checkpoint, bool]]) -> list[Row]:
    """One row a model: stored figures on the test split. Nats of binarised pixels have columns of their own.

    The cross-entropy ``bce`` is of the posterior mean's reconstruction, nats per image.
    """
    records = []
    for model, baseline in models:
        kind = pixels_of(model)
        figures = {
            f"{name}_{BINARISED}" if name in NATS and kind == BINARISED else name: value
            for name, value in stored_figures(model).items()
        }
        facts = {
            "model": model.name,
            "baseline": "yes" if baseline else "no",
            "family": family_of(model).name,
            "latent": latent_of(model),
            "pixels": kind,
            "images": number(model.metrics, "images"),
            "nll_samples": number(model.metrics, "nll_samples"),
            f"bce_{BINARISED}" if kind == BINARISED else "bce": number(model.metrics, "bce"),
        }
        records.append(facts | figures)
    return records
