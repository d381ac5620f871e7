"""What a visitor chooses on the Interpolate page: the kind of path, its steps, and where it is decoded."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from ui.state import address


class Settings(NamedTuple):
    """The path between the two ends; all of it is in the page's address."""

    kind: str
    """One of vae_core.latent.paths.KINDS."""
    steps: int
    on_server: bool


def choose() -> Settings:
    """Show the settings and return what they say."""
    with st.container(horizontal=True):
        kind = st.segmented_control(
            "Path",
            address.PATH.options,
            default=address.PATH.default,
            key=address.PATH.name,
            required=True,
            bind=address.BIND,
            help=address.PATH.help,
        )
        steps = st.slider("Steps", *address.STEPS.range, key=address.STEPS.name, bind=address.BIND)
        decoded = st.segmented_control(
            "Decode in",
            address.DECODED.options,
            default=address.DECODED.default,
            key=address.DECODED.name,
            required=True,
            bind=address.BIND,
            help=address.DECODED.help,
        )
    return Settings((kind or address.PATH.default).lower(), steps, decoded == "Server")
