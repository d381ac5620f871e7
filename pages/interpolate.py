"""Interpolate: move from one image to another, in pixels and through the latent spaces of several models."""

from __future__ import annotations

import streamlit as st

from ui.frame import open_page
from ui.interpolate import rows, scrubber, settings, strips
from ui.shared import models
from ui.state import loaders, point

checkpoint = open_page("pages/interpolate.py")
images = loaders.attempt(lambda: loaders.test_images(checkpoint))
if images is None:
    st.stop()

left, middle, right = st.columns([1, 3, 1], gap="medium")
with left:
    a = strips.choose_end("A", checkpoint, images)
with right:
    b = strips.choose_end("B", checkpoint, images)
with middle:
    chosen = models.choose_models(checkpoint, key="interpolated", start="trained")
    path = settings.choose()

shown = rows.decode(checkpoint, chosen, a, b, path)
decoders = None if path.on_server else loaders.attempt(lambda: scrubber.packed_decoders(shown))
live = scrubber.prepare(shown, decoders, a, b, kind=path.kind, main_model=checkpoint.name) if decoders else None
rows.show(shown, live, decoders or [])
rows.explain_far(shown)
rows.downloads(shown)
point.write_address()
