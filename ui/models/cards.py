"""The parts of the Models page: the list, and the card of the model that is open."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from ui.compare.tables import HELP, number, stored_figures
from ui.components import drawing
from ui.components.gallery import GalleryProps, gallery
from ui.frame import plain
from ui.models import objectives
from ui.shared import pickers
from ui.shared.models import GREY, family_of, pixels_of
from ui.state import loaders
from vae_core.checkpoint import WEIGHTS
from vae_core.config import UserError
from vae_core.data import describe
from vae_core.evaluation.metrics import COLLAPSED
from vae_core.models import families
from vae_core.recipes import list_recipes, load_recipe, recipe_text

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.config import ModelConfig
    from vae_core.models.architecture import Architecture

EVERYTHING = "All"
ONE_SCALE = "Only of VAEs with Bernoulli pixels in grey or colour: those of others lie on other scales."
FAMILIES = [family.short for family in families.every()]
FITS = {"crop": "those that are not square are cropped to their centre", "pad": "those that are not square are padded"}
NOISE_FIGURES = ("noise", "seed", "mse", "noisy_mse", "pca_mse", "pca_components")
PICTURES = 10
ROWS_SHOWN = 7  # of the list, without scrolling
ROW_HEIGHT = 35  # CSS pixels
FIGURES = {
    "mse": ("MSE", "{:.4f}"),
    "psnr": ("PSNR", "{:.2f} dB"),
    "ssim": ("SSIM", "{:.3f}"),
    "reconstruction": ("Reconstruction", "{:,.1f} nats"),
    "kl": ("KL", "{:,.1f} nats"),
    "total": ("Total", "{:,.1f} nats"),
    "knn_accuracy": ("kNN accuracy", "{:.1%}"),
}


# --- the list -----------------------------------------------------------------------------------------------------


def data_title(checkpoint: Checkpoint) -> str:
    """The title of the images that a model was trained on; their name if the program does not know them."""
    try:
        return describe(checkpoint.run.data.name).title
    except UserError:
        return checkpoint.run.data.name


def filtered(checkpoints: list[Checkpoint], data: str, family: str) -> list[Checkpoint]:
    """Those of a data set and a family; EVERYTHING filters nothing."""
    return [
        checkpoint
        for checkpoint in checkpoints
        if data in (EVERYTHING, data_title(checkpoint)) and family in (EVERYTHING, family_of(checkpoint).short)
    ]


def row(checkpoint: Checkpoint) -> dict[str, Any]:
    """A model's line in the list; reads no weights."""
    model = checkpoint.run.model
    return {
        "Model": checkpoint.name,
        "Family": family_of(checkpoint).short,
        "Data": data_title(checkpoint),
        "Image": shape_in_words(model.image_shape),
        "Code": model.latent,
        "MSE": number(checkpoint.metrics, "mse"),
        "Nats": stored_figures(checkpoint)["total"] if pixels_of(checkpoint) == GREY else None,
        "File": (checkpoint.folder / WEIGHTS).stat().st_size / 1e6,
    }


def shape_in_words(shape: tuple[int, int, int]) -> str:
    """An image's size and kind."""
    channels, height, width = shape
    return f"{height}×{width} {'grey' if channels == 1 else 'colour'}"


def choose_from(checkpoints: list[Checkpoint], current: Checkpoint) -> None:
    """The list as a table; a click on a row opens that model, which becomes the current one of all pages."""
    names = [checkpoint.name for checkpoint in checkpoints]
    key = f"list_{zlib.crc32(' '.join(names).encode())}"  # another list, another table
    here = [names.index(current.name)] if current.name in names else []

    def chosen() -> None:
        selection = st.session_state[key]["selection"]
        rows = [cell[0] for cell in selection["cells"]] or selection["rows"]
        if rows and rows[0] < len(names):
            st.session_state["model"] = names[rows[0]]

    if st.session_state.get(f"{key}_shown") != current.name:  # the model was changed here or in the sidebar
        st.session_state[key] = {"selection": {"rows": here, "columns": [], "cells": []}}
        st.session_state[f"{key}_shown"] = current.name
    st.dataframe(
        [row(checkpoint) for checkpoint in checkpoints],
        key=key,
        on_select=chosen,
        hide_index=True,
        selection_mode=["single-row", "single-cell"],
        height=ROW_HEIGHT * (min(len(names), ROWS_SHOWN) + 1) + 3,
        column_config={
            "Code": st.column_config.NumberColumn("Code", format="%d", help="Numbers in the code"),
            "MSE": st.column_config.NumberColumn("Test MSE", format="%.4f", help=HELP["mse"]),
            "Nats": st.column_config.NumberColumn("Test nats", format="%.1f", help=f"{HELP['total']} {ONE_SCALE}"),
            "File": st.column_config.NumberColumn("File", format="%.2f MB"),
        },
        placeholder="",
        alt="The models that are here, with their data, size and test figures",
    )


# --- the card -----------------------------------------------------------------------------------------------------


def title_of(checkpoint: Checkpoint) -> str:
    """A model's title: its recipe's, or its family and the size of its code."""
    if checkpoint.name in list_recipes() and (recipe := loaders.quietly(lambda: load_recipe(checkpoint.name))):
        return recipe.title
    model = checkpoint.run.model
    return f"{family_of(checkpoint).title}, {model.latent}-dimensional"


def pictures(checkpoint: Checkpoint) -> None:
    """Rows of test pictures, what the model makes of them, and draws.

    Raises:
        UserError: if the model cannot be opened.
    """
    rows = _pictures(checkpoint.name, checkpoint.digest, checkpoint)
    for name, (images, words) in rows.items():
        st.caption(name)
        gallery(GalleryProps(images, words, one_row=True), key=f"strip_{name}")


@st.cache_data(max_entries=32, show_spinner=False)
def _pictures(name: str, digest: str, _checkpoint: Checkpoint) -> dict[str, tuple[np.ndarray, list[str]]]:
    """Each row's heading, pictures and their names."""
    space, rows = loaders.open_space(_checkpoint), {}
    images = loaders.attempt(lambda: loaders.test_images(_checkpoint))
    if images is not None:
        chosen = np.random.default_rng(1).choice(len(images), min(PICTURES, len(images)), replace=False)
        labels = images.labels[chosen] if space.classes and images.labels is not None else None
        originals = images.images[chosen] / np.float32(255)
        names = [pickers.picture_name(images, int(index)) for index in chosen]
        rows["Test pictures"] = (originals, names)
        seen = originals
        if noise := space.run.model.noise:
            draws = np.random.default_rng(0).standard_normal(originals.shape).astype(np.float32)
            seen = originals + np.float32(noise) * draws
            rows["With noise, as the encoder gets them"] = (np.clip(seen, 0, 1), [f"{name}, noisy" for name in names])
        decoded = space.decode(space.encode(seen, labels), labels)
        rows["Reconstructed"] = (decoded, [f"{name}, reconstructed" for name in names])
    codes = space.sample(PICTURES)
    told = np.arange(PICTURES) % space.classes if space.classes else None
    source = "the prior" if space.variational else "a Gaussian fitted to the test pictures' codes"
    heading = f"Drawn from {source}{', a label each' if space.classes else ''}"
    rows[heading] = (space.decode(codes, told), [f"Draw {count + 1}" for count in range(PICTURES)])
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
    """The stored figures on the test split, side by side."""
    model, stored = checkpoint.run.model, checkpoint.metrics
    shown = {
        name: form.format(value)
        for name, (_, form) in FIGURES.items()
        if (value := number(stored, name)) is not None and _has(model, name)
    }
    if families.of(model).variational and (active := number(stored, "active_units")) is not None:
        shown["active_units"] = f"{active:.0f} of {model.latent}"
    if not shown:
        st.caption("No figures on the test split are stored with this model.")
        return
    with st.container(horizontal=True, key="figures", gap="medium"):
        for name, text in shown.items():
            st.metric(FIGURES.get(name, ("Active units",))[0], text, help=HELP[name], width="content")
    images = number(stored, "images")
    sentences = [f"On the test split{'' if images is None else f' of {images:,.0f} pictures'}."]
    sentences += [collapse(stored) if families.of(model).variational else "", denoising(stored)]
    st.caption(" ".join(filter(None, sentences)))


def collapse(stored: dict[str, Any]) -> str:
    """How many of a VAE's dimensions have collapsed to the prior, as a sentence; empty if none has, or nobody knows."""
    found = stored.get("kl_per_dim")
    kl = [value for value in found if isinstance(value, int | float)] if isinstance(found, list) else []
    count = sum(value < COLLAPSED for value in kl)
    if count and count == len(kl):
        return f"Posterior collapse: no dimension's KL reaches {COLLAPSED} nats, so that the code tells nothing."
    return f"{count} of {len(kl)} dimensions collapsed: KL under {COLLAPSED} nats." if count else ""


def denoising(stored: dict[str, Any]) -> str:
    """How well noise is removed, as a sentence; empty if that is not stored."""
    found = stored.get("denoising")
    known = {name: number(found, name) for name in NOISE_FIGURES} if isinstance(found, dict) else {}
    parts = {name: value for name, value in known.items() if value is not None}
    if len(parts) < len(NOISE_FIGURES):
        return ""
    return (
        "Of noise with a standard deviation of {noise:g} (seed {seed:.0f}) it leaves an MSE of {mse:.4f} to the clean "
        "picture; the noisy picture has {noisy_mse:.4f}, its PCA of {pca_components:.0f} numbers {pca_mse:.4f}."
    ).format_map(parts)


def attributes(checkpoint: Checkpoint) -> list[dict[str, Any]]:
    """What codes tell of each attribute, the best told first; empty if that is not stored.

    A row holds the attribute's name, the accuracy of a linear probe, the share of the more frequent value, and the
    difference.
    """
    stored = checkpoint.metrics.get("attributes")
    rows = []
    for entry in stored if isinstance(stored, list) else []:
        if not isinstance(entry, dict):
            continue
        accuracy, majority = number(entry, "accuracy"), number(entry, "majority")
        if accuracy is not None and majority is not None:
            name = str(entry.get("name", ""))
            rows.append({"Attribute": name, "Probe": accuracy, "Majority": majority, "Gain": accuracy - majority})
    return sorted(rows, key=lambda row: -row["Gain"])


def show_attributes(rows: list[dict[str, Any]]) -> None:
    """The table of ``attributes``."""
    percent = {name: st.column_config.NumberColumn(name, format="percent") for name in ("Majority", "Gain")}
    st.caption(
        "A linear probe learns each attribute from the codes of training pictures and is asked for those of the test "
        "split. What it gains over guessing the more frequent value is what the codes tell in a straight direction."
    )
    st.dataframe(
        rows,
        hide_index=True,
        width="content",
        height=ROW_HEIGHT * (min(len(rows), ROWS_SHOWN) + 1) + 3,
        column_config={
            "Probe": st.column_config.ProgressColumn("Probe", format="percent", min_value=0, max_value=1),
            **percent,
        },
        alt="Share of test pictures whose attribute a linear probe tells, and the share of the more frequent value",
    )


def _has(model: ModelConfig, name: str) -> bool:
    """Whether a figure says something about such a model."""
    if name in ("kl", "total"):
        return families.of(model).variational
    return name != "reconstruction" or model.likelihood == "bernoulli"


def facts(checkpoint: Checkpoint, parameters: int) -> None:
    """Data, licence, size, file and training, as a table."""
    run = checkpoint.run
    source = loaders.quietly(lambda: describe(run.data.name))
    size = (checkpoint.folder / WEIGHTS).stat().st_size
    epochs = len(checkpoint.history)
    seconds = sum(number(record, "seconds") or 0.0 for record in checkpoint.history)
    lines = {
        "Data": plain(data_title(checkpoint)),
        "Pictures": f"{shape_in_words(run.model.image_shape)}; {FITS[run.data.fit]}",
        "Test split": plain(source.split) if source else "not known",
        "Licence of the pictures": plain(source.licence) if source else "not known",
        "Code": f"{run.model.latent} numbers",
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
    """The network as a drawing."""
    drawing.show(network, noise=checkpoint.run.model.noise, key="architecture")


def objective(checkpoint: Checkpoint) -> None:
    """Formula, convention, and what it is in the scalings of other programs."""
    model = checkpoint.run.model
    family = families.of(model)
    st.latex(family.formula(model))
    st.write(" ".join(family.sentences(model)))
    if family.variational:
        st.markdown(
            "**Why this KL weight?** Programs sum or average pixels and dimensions differently, so that one and the "
            "same weight means different things. On this page's scale:"
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
