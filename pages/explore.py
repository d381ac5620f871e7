"""Explore: move a latent dimension and watch the image change."""

from __future__ import annotations

import streamlit as st

from ui.explore import panels, server, settings
from ui.frame import open_page, show_notice
from ui.shared import live_point
from ui.state import directions, loaders, point

checkpoint = open_page("pages/explore.py")
space = loaders.attempt(lambda: loaders.open_space(checkpoint))
if space is None:
    st.stop()
options = settings.choose(checkpoint, space)
decoders = live_point.packed_decoders(checkpoint, options)


@st.fragment
def live() -> None:
    """Everything that follows the point; moving it reruns only this."""
    show_notice()
    if decoders:
        live_point.show(checkpoint, space, options, decoders)
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            panels.pins()
            panels.original(checkpoint, space)
        panels.nearest_images(checkpoint, space)
        panels.starting_points(checkpoint)
    else:
        server.show(checkpoint, space, options.temperature)
        panels.nearest_images(checkpoint, space)
    point.write_address()
    directions.write_address(checkpoint)


live()
