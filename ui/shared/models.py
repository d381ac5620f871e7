"""Choosing several models at once."""

from __future__ import annotations

import streamlit as st

from ui.state import loaders
from vae_core.checkpoint import Checkpoint

FAMILY_ORDER = {"pca": 0, "cae": 1, "vae": 2}
GREY, BINARISED = "grey", "binarised"


def family_of(checkpoint: Checkpoint) -> str:
    """pca, cae or vae."""
    assert checkpoint.run is not None
    return checkpoint.run.model.family


def latent_of(checkpoint: Checkpoint) -> int:
    """Numbers in the code."""
    assert checkpoint.run is not None
    return checkpoint.run.model.latent


def pixels_of(checkpoint: Checkpoint) -> str:
    """The kind of pixels that a model is made for and measured on; figures of both kinds cannot be compared."""
    assert checkpoint.run is not None
    return BINARISED if checkpoint.run.data.binarise else GREY


def fellows(checkpoint: Checkpoint) -> list[Checkpoint]:
    """The usable models that take the same pictures as this one, baselines first."""
    assert checkpoint.run is not None
    data, shape = checkpoint.run.data, checkpoint.run.model.image_shape
    same = [
        other
        for other in loaders.usable_checkpoints()
        if other.run is not None and other.run.model.image_shape == shape and _same_data(other.run.data.name, data.name)
    ]
    return sorted(same, key=lambda other: (FAMILY_ORDER.get(other.run.model.family, 9), other.name))  # type: ignore[union-attr]


def _same_data(first: str, second: str) -> bool:
    """Whether two sets share their test split; the small Fashion-MNIST is a part of the large one."""
    return first.removesuffix("-small") == second.removesuffix("-small")


def choose_models(checkpoint: Checkpoint, *, key: str, families: tuple[str, ...]) -> list[Checkpoint]:
    """Several models for the same pictures; at first those of the families with the current model's code size.

    The choice is in the page's address.
    """
    assert checkpoint.run is not None
    known = {other.name: other for other in fellows(checkpoint)}
    latent = checkpoint.run.model.latent
    first = [
        name
        for name, other in known.items()
        if other.run is not None and other.run.model.latent == latent and other.run.model.family in families
    ]
    if checkpoint.name not in first:
        first.append(checkpoint.name)
    state = f"{key}_of_{checkpoint.name}"
    st.session_state.setdefault(state, first)
    asked = st.query_params.get("models")
    if asked is not None and asked != st.session_state.get("written_models"):
        st.session_state[state] = asked.split(",")
    st.session_state[state] = [name for name in st.session_state[state] if name in known] or first
    chosen = st.multiselect("Models", list(known), key=state, placeholder="Choose one or more models")
    st.session_state["written_models"] = ",".join(chosen)
    st.query_params["models"] = ",".join(chosen)
    return [known[name] for name in chosen]
