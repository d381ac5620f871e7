"""Explore: move the numbers of a code and watch its picture."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui.explore import server
from ui.frame import open_page, show_notice
from ui.shared import pickers, workbench
from ui.state import directions, loaders, point
from vae_core.config import UserError

checkpoint = open_page("pages/explore.py")
try:
    space = loaders.open_space(checkpoint)
except UserError as error:
    st.error(str(error))
    st.stop()

settings = workbench.settings(checkpoint, space)
decoders = workbench.decoders(checkpoint, settings)


@st.fragment
def bench() -> None:
    """All that moves with the point; moving it reruns only this."""
    show_notice()
    if decoders:
        workbench.workbench(checkpoint, space, settings, decoders)
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            server.pins()
            server.original(checkpoint, space)
        server.nearest_images(checkpoint, space)
        start_panel()
    else:
        on_the_server()
        server.nearest_images(checkpoint, space)
    point.write_address()
    directions.write_address(checkpoint)


def on_the_server() -> None:
    """The same with Streamlit's own sliders, for decoders that cannot run in the browser."""
    left, middle, right = st.columns([6, 6, 6], gap="medium")
    with left:
        server.picture_panel(checkpoint, space)
        server.typicality_line(space)
    with middle:
        server.dimension_sliders(space)
    with right:
        start_panel()
        kind = "prior sample" if space.variational else "draw from a Gaussian fitted to the codes"
        st.button(
            "Random",
            icon=":material/casino:",
            on_click=move_to_sample,
            args=(f"a {kind}",),
            help=f"A {kind}, its spread scaled by the temperature",
        )
    server.traversal_strip(space)


def start_panel() -> None:
    """Where to begin: a test picture, or a picture of one's own."""
    sampled, own = st.tabs(["Test pictures", "Your picture"])
    with sampled:
        images = loaders.attempt(lambda: loaders.test_images(checkpoint))
        if images is not None:
            pickers.pick_test_image(
                images,
                key="start",
                marked=point.current().image,
                on_pick=lambda index: pickers.move_to_test_image(checkpoint, index),
            )
    with own:
        pickers.own_picture(
            checkpoint, key="own", on_picture=lambda picture: pickers.move_to_picture(checkpoint, picture)
        )


def move_to_sample(source: str) -> None:
    """Move the point to a fresh draw."""
    seed = int(np.random.default_rng().integers(2**31))
    point.move_to(space.sample(1, settings.temperature, seed)[0], source)


bench()
