"""The start page: `streamlit run app.py`."""

from __future__ import annotations

import streamlit as st

from ui.frame import open_page

checkpoint = open_page("app.py", with_title=False)
st.title("See, touch and trust what an image autoencoder has learned", anchor=False)
