"""Embeddings: the test split's codes on a map to point at, select on, and judge."""

from __future__ import annotations

import streamlit as st

from ui.embeddings import controls, view
from ui.embeddings.scene import Scene
from ui.frame import open_page
from ui.state import loaders, point
from vae_core import maps

checkpoint = open_page("pages/embeddings.py")
images = loaders.attempt(lambda: loaders.test_images(checkpoint))
if images is None:
    st.stop()
space = loaders.attempt(lambda: loaders.open_space(checkpoint))
if space is None:
    st.stop()
choice = controls.choose(checkpoint, len(images))
indices = maps.chosen_points(len(images), choice.points)
scene = Scene(checkpoint, space, images, indices, choice)
view.send(scene)


@st.fragment
def workbench() -> None:
    """All that follows a click, a lasso or a slider of the map."""
    view.show(scene)
    point.write_address()


workbench()
view.send_rest(scene)
