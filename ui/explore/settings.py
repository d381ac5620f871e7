"""The row of settings above Explore's live view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ui.shared.live_point import Options
from ui.shared.models import latent_of
from ui.state import address, directions, loaders

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.latent.space import LatentSpace

DIMENSIONS, PRINCIPAL, ATTRIBUTES = "Dimensions", "Principal directions", "Attributes"
BASES = {DIMENSIONS: "dimensions", PRINCIPAL: "principal", ATTRIBUTES: "attributes", directions.BASIS: "own"}
NO_MODEL = "No other"
BACKENDS = dict(zip(address.ENGINE.options, ("auto", "js", ""), strict=True))


def choose(checkpoint: Checkpoint, space: LatentSpace) -> Options:
    """Show the settings, all of which are in the page's address, and return what they say."""
    others = _same_latent_size(checkpoint)
    directions.read_address(checkpoint)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        basis = st.segmented_control(
            "Sliders move",
            _offered_bases(checkpoint, space),
            default=DIMENSIONS,
            key=address.BASIS.name,
            required=True,
            bind=address.BIND,
            help="Single latent dimensions; the directions in which the codes of the test images vary most; for images "
            "with attributes, the directions from codes without an attribute to codes with it; or the directions "
            "towards images that you selected on the Embeddings page",
        )
        beside = st.selectbox(
            "Second model",
            [NO_MODEL, *others],
            key=address.BESIDE.name,
            bind=address.BIND,
            filter_mode=None,
            help="Decodes the same latent vector; it must have as many latent dimensions",
            width=200,
            disabled=not others,
        )
        with st.popover("Settings", icon=":material/settings:"):
            temperature = st.slider(
                "Temperature",
                *address.TEMPERATURE.range,
                address.TEMPERATURE.step,
                key=address.TEMPERATURE.name,
                bind=address.BIND,
                help=address.TEMPERATURE.help,
            )
            smooth = st.toggle("Smooth pixels", key=address.SMOOTH.name, bind=address.BIND)
            pace = st.toggle("Show decoding time", key=address.PACE.name, bind=address.BIND)
            backend = st.segmented_control(
                "Decode with",
                list(BACKENDS),
                default=address.ENGINE.default,
                key=address.ENGINE.name,
                required=True,
                bind=address.BIND,
                help="“Quickest” uses WebAssembly if the browser supports it. “Server” decodes when you let go of a "
                "slider.",
            )
    return Options(
        basis=BASES.get(basis or "", "dimensions"),
        beside=others.get(beside or ""),
        smooth=smooth,
        temperature=temperature,
        backend=BACKENDS[backend or address.ENGINE.default],
        pace=pace,
    )


def _offered_bases(checkpoint: Checkpoint, space: LatentSpace) -> list[str]:
    """What the sliders of this model can move."""
    absent = {ATTRIBUTES: not space.directions.names, directions.BASIS: not directions.kept(checkpoint)}
    return [name for name in BASES if not absent.get(name)]


def _same_latent_size(checkpoint: Checkpoint) -> dict[str, Checkpoint]:
    """The other models with as many latent dimensions, by name."""
    return {
        other.name: other
        for other in loaders.checkpoints()
        if other.name != checkpoint.name and latent_of(other) == latent_of(checkpoint)
    }
