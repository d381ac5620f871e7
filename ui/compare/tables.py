"""The Compare page's tables: figures of the images on the screen, and stored figures of the whole test split."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from ui.compare.comparison import EXACT, Baselines, Outcome, explain, named
from ui.shared import exports, pickers
from ui.shared.figures import number_column, text_column
from ui.shared.models import BINARISED, GREY, family_of, latent_of, pixels_of
from vae_core.evaluation.record import FIGURES

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet

SOME_EXACT = "exact in part"
Row = dict[str, Any]

TABULATED = (
    "mse",
    "psnr",
    "ssim",
    "reconstruction",
    "kl",
    "total",
    "nll",
    "active_units",
    "knn_accuracy",
    "linear_probe",
    "frechet_distance",
)
OPTIONAL = ("nll", "active_units", "linear_probe", "frechet_distance")


# --- what is stored with a checkpoint -----------------------------------------------------------------------------


def stored_figures(checkpoint: Checkpoint) -> Row:
    """A model's figures on the whole test split, those that would mislead left empty."""
    stored = checkpoint.metrics.figures(variational=family_of(checkpoint).variational)
    figures: Row = {name: stored[name] for name in TABULATED}
    if figures["psnr"] == math.inf:  # a mean with exact images in it
        figures["psnr"] = EXACT if figures["mse"] == 0 else SOME_EXACT
    return figures


# --- tables on the page -------------------------------------------------------------------------------------------


def shown_table(outcomes: Sequence[Outcome]) -> list[Row]:
    """One row a model: means over the images on the screen."""
    return [
        {"model": one.name, "latent": latent_of(one.checkpoint)}
        | {name: _mean(values) for name, values in one.figures.items()}
        for one in outcomes
    ]


def _mean(values: np.ndarray) -> float | str:
    """The mean of what is finite; a word if nothing is, as an image without error has no PSNR."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else EXACT


def show_split(models: Sequence[Checkpoint], baselines: Baselines) -> None:
    """Stored figures of models and of PCA beside them, and a file of them."""
    rows = [(model, True) for model in baselines.available] + [(model, False) for model in models]
    for title, table in split_tables(rows).items():
        if title:
            st.subheader(title, anchor=False)
        show_table(table)
    explain(baselines)
    st.caption(
        "Means over all images of the test split. MSE, PSNR and SSIM are of the reconstruction from the posterior "
        "mean; reconstruction and KL use one posterior sample. Point at a heading to see its definition. For more "
        "metrics: python -m vae_core.evaluation NAME --save."
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
    """A table whose headings carry each figure's unit and definition."""
    words = {name for row in rows for name, value in row.items() if name in FIGURES and isinstance(value, str)}
    columns: Row = {
        "model": st.column_config.TextColumn("Model", pinned=True),
        "latent": st.column_config.NumberColumn("Dimensions", format="%d", help="Size of the latent space."),
    }
    columns |= {name: text_column(name) if name in words else number_column(name) for name in TABULATED}
    shown = [{name: _in_words(name, value) if name in words else value for name, value in row.items()} for row in rows]
    st.dataframe(shown, hide_index=True, column_config=columns, placeholder="–")


def _in_words(name: str, value: float | str | None) -> str:
    """A cell of a column in which other cells are words."""
    if isinstance(value, str):
        return value
    return "" if value is None else FIGURES[name].text(value, unit=False)


# --- tables to take away ------------------------------------------------------------------------------------------


def image_records(outcomes: Sequence[Outcome], images: ImageSet, chosen: np.ndarray) -> list[Row]:
    """One row a model and image: its index in the test split, its class, and its figures."""
    return [
        {
            "image": int(index),
            "class": pickers.class_name(images, int(index)),
            "model": one.checkpoint.name,
            "baseline": "yes" if one.baseline else "no",
        }
        | {name: float(values[position]) for name, values in one.figures.items()}
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
            f"{name}_{BINARISED}" if FIGURES[name].unit == "nats" and kind == BINARISED else name: value
            for name, value in stored_figures(model).items()
        }
        facts = {
            "model": model.name,
            "baseline": "yes" if baseline else "no",
            "family": family_of(model).name,
            "latent": latent_of(model),
            "pixels": kind,
            "images": model.metrics.images,
            "nll_samples": model.metrics.nll_samples,
            f"bce_{BINARISED}" if kind == BINARISED else "bce": model.metrics.bce,
        }
        records.append(facts | figures)
    return records
