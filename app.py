"""The start page: `streamlit run app.py`."""

from __future__ import annotations

import streamlit as st

from ui import start
from ui.frame import open_page
from ui.state import loaders

checkpoint = open_page("app.py", with_title=False)
st.title("See, touch and trust what an image autoencoder has learned", anchor=False)
st.markdown(
    "An autoencoder compresses an image to a short vector, its *code*, and reconstructs the image from it. Here you "
    "move through the space of these codes and watch the image change. Below, a model decodes the path from one real "
    "image to the next."
)
screen = st.container()
st.subheader("Try this first", anchor=False)
start.suggestions(checkpoint)
st.subheader("Models", anchor=False)
models = st.container()
with screen:
    waiting = st.skeleton(150)  # until the model is open, which takes a moment on a fresh server
    loaders.attempt(lambda: start.film(checkpoint))
    waiting.empty()
with models:
    start.cards(loaders.checkpoints())
