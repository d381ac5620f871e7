"""Interpolate: walk from one picture to another, in pixels and through the latent space of several models."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from ui.components.gallery import GalleryProps, gallery, picture
from ui.frame import open_page, plain
from ui.interpolate import scrubber, strips
from ui.shared import models
from ui.state import address, loaders, point
from vae_core import media

FRAMES_PER_SECOND = 8
STEP_WIDTH = 200

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
    chosen = models.choose_models(checkpoint, key="interpolated", families=("cae", "vae"))
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
        engine = st.segmented_control(
            "Decode",
            address.DECODED.options,
            default=address.DECODED.default,
            key=address.DECODED.name,
            required=True,
            bind=address.BIND,
            help=address.DECODED.help,
        )

with st.spinner("Decoding …", show_time=False):
    rows = [strips.cross_fade_row(a, b, steps)]
    for model in chosen:
        make = partial(strips.model_row, model, a, b, steps, (kind or "linear").lower(), checkpoint.name)
        row = loaders.attempt(make)
        if row is not None:
            rows.append(row)


decoders = None if engine == "Server" else loaders.attempt(lambda: scrubber.packed(rows))

if decoders:
    prepared = scrubber.prepare(rows, decoders, a, b, kind=(kind or "linear").lower(), main_model=checkpoint.name)


@st.fragment
def walk() -> None:
    """The scrubber and the rows; moving along reruns only this."""
    if decoders:
        scrubber.scrubber(prepared, decoders)
    else:
        on_the_server()
    scrubber.write_place(steps)
    step = round(scrubber.place(steps)) - 1
    for position, row in enumerate(rows):
        st.caption(plain(row.name))
        notes = [", far from any real code" if far else "" for far in row.far]
        gallery(
            GalleryProps(
                row.images,
                [f"{row.name}, step {at + 1} of {steps}{note}" for at, note in enumerate(notes)],
                captions=["▲ far" if far else "" for far in row.far] if row.far.any() else (),
                marked=step,
                one_row=True,
            ),
            key=f"row_{position}",
            on_pick=lambda at: scrubber.jump(at + 1),
        )


def on_the_server() -> None:
    """The same with Streamlit's own slider, for decoders that cannot run in the browser."""
    st.session_state["scrubbed"] = round(scrubber.place(steps))
    st.slider(scrubber.ALONG, 1, steps, key="scrubbed", on_change=lambda: scrubber.jump(st.session_state["scrubbed"]))
    step = round(scrubber.place(steps)) - 1
    with st.container(horizontal=True, gap="medium"):
        for row in rows:
            with st.container(width=STEP_WIDTH, gap="small"):
                note = ", far from any real code" if row.far[step] else ""
                label = f"{row.name}, step {step + 1} of {steps}{note}"
                picture(row.images[step], label, key=f"frame_{row.name}", size=STEP_WIDTH)
                st.markdown(f"**{plain(row.name)}**{note}")


walk()
if any(np.any(row.far) for row in rows):
    st.caption("▲ far: farther from every real test code than 99 % of the real codes are from their nearest neighbour.")
with st.container(horizontal=True):
    frames = strips.film(rows)
    st.download_button(
        "GIF",
        lambda: media.gif_bytes(frames, frames_per_second=FRAMES_PER_SECOND, back_and_forth=True),
        "interpolation.gif",
        "image/gif",
        icon=":material/download:",
        on_click="ignore",
    )
    st.download_button(
        "WebP",
        lambda: media.webp_bytes(frames, frames_per_second=FRAMES_PER_SECOND, back_and_forth=True),
        "interpolation.webp",
        "image/webp",
        icon=":material/download:",
        on_click="ignore",
    )
    st.download_button(
        "PNG strip",
        lambda: media.png_bytes(strips.strip(rows)),
        "interpolation.png",
        "image/png",
        icon=":material/download:",
        on_click="ignore",
    )
point.write_address()
