"""Explore: move the numbers of a code and watch its picture."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui import choose, loaders, point
from ui.explore import dimension_sliders, nearest_images, picture_panel, traversal_strip, typicality_line
from ui.frame import open_page
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
    """Where to begin: a test picture, a prior sample, the centre, or a picture of one's own."""
    sampled, own = st.tabs(["Test pictures", "Your picture"])
    with sampled:
        images = loaders.attempt(lambda: loaders.test_images(checkpoint))
        if images is not None:
            picked = choose.pick_test_image(images, key="start", marked=point.current().image)
            if picked is not None:
                choose.move_to_test_image(checkpoint, picked)
                st.rerun(scope="fragment")
    with own:
        picture = choose.upload(checkpoint, key="own")
        if picture is not None:
            choose.move_to_upload(checkpoint, picture)
            st.rerun(scope="fragment")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        temperature = st.slider("Temperature", 0.1, 2.0, key="temperature", step=0.1, value=1.0, width=160)
        kind = "prior sample" if space.variational else "draw from a Gaussian fitted to the codes"
        if st.button("Random", icon=":material/casino:", help=f"A {kind}, its spread scaled by the temperature"):
            seed = int(np.random.default_rng().integers(2**31))
            point.move_to(space.sample(1, temperature, seed)[0], f"a {kind}")
            st.rerun(scope="fragment")


workbench()
