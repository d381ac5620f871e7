"""The list of models on the Models page, with its filters."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.shared.figures import number_column
from ui.shared.models import GREY, family_of, pixels_of
from vae_core.checkpoint import WEIGHTS
from vae_core.config import UserError
from vae_core.data import describe
from vae_core.models import families

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint

EVERYTHING = "All"
ONE_SCALE = "Only VAEs with Bernoulli pixels in grey or colour have it here: those of other models are on other scales."
FAMILIES = [family.short for family in families.every()]
ROWS_SHOWN = 7  # of the list, without scrolling
ROW_HEIGHT = 35  # CSS pixels


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
    """A model's line in the list; no weights are read."""
    model = checkpoint.run.model
    stored = checkpoint.metrics.figures(variational=family_of(checkpoint).variational)
    return {
        "Model": checkpoint.name,
        "Family": family_of(checkpoint).short,
        "Data": data_title(checkpoint),
        "Image": shape_in_words(model.image_shape),
        "Dimensions": model.latent,
        "MSE": checkpoint.metrics.mse,
        "Nats": stored["total"] if pixels_of(checkpoint) == GREY else None,
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
    selected = [names.index(current.name)] if current.name in names else []

    def chosen() -> None:
        selection = st.session_state[key]["selection"]
        rows = [cell[0] for cell in selection["cells"]] or selection["rows"]
        if rows and rows[0] < len(names):
            st.session_state["model"] = names[rows[0]]

    if st.session_state.get(f"{key}_shown") != current.name:  # the model was changed in this list or in the sidebar
        st.session_state[key] = {"selection": {"rows": selected, "columns": [], "cells": []}}
        st.session_state[f"{key}_shown"] = current.name
    st.dataframe(
        [row(checkpoint) for checkpoint in checkpoints],
        key=key,
        on_select=chosen,
        hide_index=True,
        selection_mode=["single-row", "single-cell"],
        height=ROW_HEIGHT * (min(len(names), ROWS_SHOWN) + 1) + 3,
        column_config={
            "Dimensions": st.column_config.NumberColumn("Dimensions", format="%d", help="Size of the latent space"),
            "MSE": number_column("mse", "Test MSE"),
            "Nats": number_column("total", "Test nats", note=ONE_SCALE),
            "File": st.column_config.NumberColumn("File", format="%.2f MB"),
        },
        placeholder="",
        alt="All models, with their data, size and test metrics",
    )
