"""The card of the model that is open on the Models page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from ui.components import drawing
from ui.components.gallery import GalleryProps, gallery
from ui.frame import plain
from ui.models import listing, objectives
from ui.shared import pickers
from ui.shared.models import family_of
from ui.state import loaders
from vae_core.checkpoint import WEIGHTS
from vae_core.data import describe
from vae_core.evaluation.metrics import COLLAPSED
from vae_core.evaluation.record import FIGURES, Denoising, Metrics, number
from vae_core.models import families
from vae_core.recipes import list_recipes, load_recipe, recipe_text

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.config import ModelConfig
    from vae_core.models.architecture import Architecture

FITS = {"crop": "those that are not square are cropped to their centre", "pad": "those that are not square are padded"}
IMAGES = 10
ON_CARD = ("mse", "psnr", "ssim", "reconstruction", "kl", "total", "knn_accuracy", "active_units")


def title_of(checkpoint: Checkpoint) -> str:
    """A model's title: its recipe's, or its family and latent size."""
    if checkpoint.name in list_recipes() and (recipe := loaders.quietly(lambda: load_recipe(checkpoint.name))):
        return recipe.title
    model = checkpoint.run.model
    return f"{family_of(checkpoint).title}, {model.latent}-dimensional"


def images(checkpoint: Checkpoint) -> None:
    """Rows of test images, their reconstructions, and samples.

    Raises:
        UserError: if the model cannot be opened.
    """
    rows = _image_rows(checkpoint.name, checkpoint.digest, checkpoint)
    for name, (shown, words) in rows.items():
        st.caption(name)
        gallery(GalleryProps(shown, words, one_row=True), key=f"strip_{name}")


@st.cache_data(max_entries=32, show_spinner=False)
def _image_rows(name: str, digest: str, _checkpoint: Checkpoint) -> dict[str, tuple[np.ndarray, list[str]]]:
    """Each row's heading, images and their names."""
    space, rows = loaders.open_space(_checkpoint), {}
    images = loaders.attempt(lambda: loaders.test_images(_checkpoint))
    if images is not None:
        chosen = np.random.default_rng(1).choice(len(images), min(IMAGES, len(images)), replace=False)
        labels = images.labels[chosen] if space.classes and images.labels is not None else None
        originals = images.images[chosen] / np.float32(255)
        names = [pickers.picture_name(images, int(index)) for index in chosen]
        rows["Test images"] = (originals, names)
        seen = originals
        if noise := space.run.model.noise:
            draws = np.random.default_rng(0).standard_normal(originals.shape).astype(np.float32)
            seen = originals + np.float32(noise) * draws
            rows["With noise, as the encoder sees them"] = (np.clip(seen, 0, 1), [f"{name}, noisy" for name in names])
        decoded = space.decode(space.encode(seen, labels), labels)
        rows["Reconstructed"] = (decoded, [f"{name}, reconstructed" for name in names])
    codes = space.sample(IMAGES)
    labels = np.arange(IMAGES) % space.classes if space.classes else None
    source = "the prior" if space.variational else "a Gaussian fitted to the codes of the test images"
    heading = f"Samples from {source}{', each with its own label' if space.classes else ''}"
    rows[heading] = (space.decode(codes, labels), [f"Sample {count + 1}" for count in range(IMAGES)])
    return rows


def prototypes(checkpoint: Checkpoint) -> None:
    """The codes that a model itself holds, such as a codebook's entries, decoded; nothing if it holds none.

    Raises:
        UserError: if the model cannot be opened.
    """
    family = family_of(checkpoint)
    if not family.prototypes:
        return
    st.subheader(family.prototypes, anchor=False)
    st.caption(family.prototypes_caption)
    for title, images, names in _prototypes(checkpoint.name, checkpoint.digest, checkpoint):
        st.caption(title)
        gallery(GalleryProps(images, names, one_row=True), key=f"prototypes_{title}")


@st.cache_data(max_entries=32, show_spinner=False)
def _prototypes(name: str, digest: str, _checkpoint: Checkpoint) -> list[tuple[str, np.ndarray, list[str]]]:
    """Each row's title, images and their names; of a conditional model with the first label."""
    space = loaders.open_space(_checkpoint)
    return [
        (title, space.decode(codes, np.zeros(len(codes), np.int64) if space.classes else None), names)
        for title, codes, names in space.prototypes()
    ]


def figures(checkpoint: Checkpoint) -> None:
    """The stored metrics on the test split, side by side."""
    model, stored = checkpoint.run.model, checkpoint.metrics
    shown = {name: value for name in ON_CARD if (value := _figure(model, stored, name)) is not None}
    if not shown:
        st.caption("No metrics on the test split are stored with this model.")
        return
    with st.container(horizontal=True, key="figures", gap="medium"):
        for name, value in shown.items():
            figure = FIGURES[name]
            text = f"{value} of {model.latent}" if name == "active_units" else figure.text(value)
            st.metric(figure.heading, text, help=figure.explanation, width="content")
    sentences = [f"On the test split{'' if stored.images is None else f' of {stored.images:,} images'}."]
    sentences += [
        collapse(stored.kl_per_dim or ()) if families.of(model).variational else "",
        denoising(stored.denoising),
    ]
    st.caption(" ".join(filter(None, sentences)))


def _figure(model: ModelConfig, stored: Metrics, name: str) -> float | None:
    """A stored figure; None if it is not finite, or says nothing about such a model."""
    value, figure = getattr(stored, name), FIGURES[name]
    if value is None or not math.isfinite(value) or (figure.variational and not families.of(model).variational):
        return None
    return None if name == "reconstruction" and model.likelihood != "bernoulli" else value


def collapse(kl: Sequence[float]) -> str:
    """How many of a VAE's dimensions have collapsed to the prior, as a sentence; empty if none has, or nobody knows.

    Args:
        kl: (D,) of each dimension, nats.
    """
    count = sum(value < COLLAPSED for value in kl)
    if count and count == len(kl):
        return f"Posterior collapse: no dimension's KL reaches {COLLAPSED} nats, so the code carries no information."
    return f"{count} of {len(kl)} dimensions collapsed: KL under {COLLAPSED} nats." if count else ""


def denoising(stored: Denoising | None) -> str:
    """How well noise is removed, as a sentence; empty if that is not stored."""
    if stored is None:
        return ""
    return (
        f"After adding noise with a standard deviation of {stored.noise:g} (seed {stored.seed}), the reconstruction's "
        f"MSE to the clean image is {stored.mse:.4f}; the noisy image itself has {stored.noisy_mse:.4f}, its "
        f"projection on {stored.pca_components} principal components {stored.pca_mse:.4f}."
    )


def attributes(checkpoint: Checkpoint) -> list[dict[str, Any]]:
    """What codes know of each attribute, the largest gain first; empty if that is not stored.

    A row holds the attribute's name, the accuracy of a linear probe, the share of the more frequent value, and the
    difference.
    """
    probes = sorted(checkpoint.metrics.attributes or (), key=lambda probe: -probe.gain)
    return [
        {"Attribute": probe.name, "Probe": probe.accuracy, "Majority": probe.majority, "Gain": probe.gain}
        for probe in probes
    ]


def show_attributes(rows: list[dict[str, Any]]) -> None:
    """The table of ``attributes``."""
    percent = {name: st.column_config.NumberColumn(name, format="percent") for name in ("Majority", "Gain")}
    st.caption(
        "A linear probe learns each attribute from the codes of training images and predicts it on the test split. "
        "What it gains over always guessing the more frequent value shows how well a straight direction in latent "
        "space separates the attribute."
    )
    st.dataframe(
        rows,
        hide_index=True,
        width="content",
        height=listing.ROW_HEIGHT * (min(len(rows), listing.ROWS_SHOWN) + 1) + 3,
        column_config={
            "Probe": st.column_config.ProgressColumn("Probe", format="percent", min_value=0, max_value=1),
            **percent,
        },
        alt="Share of test images whose attribute a linear probe predicts, and the share of the more frequent value",
    )


def facts(checkpoint: Checkpoint, parameters: int) -> None:
    """Data, licence, size, file and training, as a table."""
    run = checkpoint.run
    source = loaders.quietly(lambda: describe(run.data.name))
    size = (checkpoint.folder / WEIGHTS).stat().st_size
    epochs = len(checkpoint.history)
    seconds = sum(number(record.get("seconds")) or 0.0 for record in checkpoint.history)
    lines = {
        "Data": plain(listing.data_title(checkpoint)),
        "Images": f"{listing.shape_in_words(run.model.image_shape)}; {FITS[run.data.fit]}",
        "Test split": plain(source.split) if source else "not known",
        "Licence of the images": plain(source.licence) if source else "not known",
        "Latent space": f"{run.model.latent}-dimensional",
        "Parameters": f"{parameters:,}",
        "Training": f"{epochs} epoch{'' if epochs == 1 else 's'}, {_duration(seconds)}",
        "File": f"{size / 1e6:.1f} MB of safetensors, {run.train.storage}",
        "Digest (SHA-256)": f"`{checkpoint.digest}`",
    }
    rows = [{"what": name, "value": text} for name, text in lines.items()]
    st.table(rows, border="horizontal", hide_index=True, hide_header=True, alt="Facts about the model")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


@st.cache_resource(max_entries=64, show_spinner=False)
def _architecture(model: ModelConfig) -> Architecture:
    from vae_core.models.architecture import describe as describe_network

    return describe_network(model)


def architecture(checkpoint: Checkpoint) -> Architecture:
    """A model's layers and shapes.

    Raises:
        UserError: if its configuration cannot be built.
    """
    return _architecture(checkpoint.run.model)


def draw(checkpoint: Checkpoint, network: Architecture) -> None:
    """The network as a diagram."""
    drawing.show(network, noise=checkpoint.run.model.noise, key="architecture")


def objective(checkpoint: Checkpoint) -> None:
    """Formula, convention, and what it is in the scalings of other programs."""
    model = checkpoint.run.model
    family = families.of(model)
    st.latex(family.formula(model))
    st.write(" ".join(family.sentences(model)))
    if family.variational:
        st.markdown(
            "**Why this KL weight?** Programs sum or average over pixels and dimensions differently, so the same "
            "weight means different things in each. On this page's scale:"
        )
        st.table(objectives.scaling_rows(model), border="horizontal", hide_index=True)


def recipe(checkpoint: Checkpoint) -> None:
    """The run as a recipe, after what the recipe of a shipped model says of its choices."""
    if checkpoint.name in list_recipes():
        known = loaders.quietly(lambda: load_recipe(checkpoint.name))
        if known and known.notes and known.made(checkpoint.run):
            st.markdown(plain(known.notes))
    st.code(recipe_text(checkpoint.run, title_of(checkpoint)), language="toml")


def weights(checkpoint: Checkpoint) -> bytes:
    """The weights file, for a download."""
    return (checkpoint.folder / WEIGHTS).read_bytes()
