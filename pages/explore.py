"""Explore: move the numbers of a code and watch its picture."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui import choose, loaders, point
from ui.explore import dimension_sliders, nearest_images, picture_panel, traversal_strip, typicality_line
from ui.frame import open_page, show_notice
from vae_core.config import UserError

checkpoint = open_page("pages/explore.py")
try:
    space = loaders.open_space(checkpoint)
except UserError as error:
    st.error(str(error))
    st.stop()


@st.fragment
def workbench() -> None:
    """All that moves with the point; sliders rerun only this."""
    show_notice()
    left, middle, right = st.columns([6, 6, 6], gap="medium")
    with left:
        picture_panel(checkpoint, space)
        typicality_line(space)
    with middle:
        dimension_sliders(space)
    with right:
        start_panel()
    traversal_strip(space)
    nearest_images(checkpoint, space)
    point.write_address()


def start_panel() -> None:
    """Where to begin: a test picture, a prior sample, or a picture of one's own."""
    sampled, own = st.tabs(["Test pictures", "Your picture"])
    with sampled:
        images = loaders.attempt(lambda: loaders.test_images(checkpoint))
        if images is not None:
            choose.pick_test_image(
                images, key="start", marked=point.current().image,
                on_pick=lambda index: choose.move_to_test_image(checkpoint, index),
            )  # fmt: skip
    with own:
        choose.upload(checkpoint, key="own", on_upload=lambda picture: choose.move_to_upload(checkpoint, picture))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.slider("Temperature", 0.1, 2.0, 1.0, 0.1, key="temperature", width=160)
        kind = "prior sample" if space.variational else "draw from a Gaussian fitted to the codes"
        st.button(
            "Random", icon=":material/casino:", on_click=move_to_sample, args=(f"a {kind}",),
            help=f"A {kind}, its spread scaled by the temperature",
        )  # fmt: skip


def move_to_sample(source: str) -> None:
    """Move the point to a fresh draw."""
    seed = int(np.random.default_rng().integers(2**31))
    point.move_to(space.sample(1, st.session_state["temperature"], seed)[0], source)


workbench()
