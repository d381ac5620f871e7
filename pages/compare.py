"""Compare: the same pictures through several models, with their errors and their figures on the test split."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from ui import choose, comparison, loaders, models, point
from ui.frame import describe_model, open_page, plain
from ui.gallery import gallery
from vae_core import media

PICTURES = 10

checkpoint = open_page("pages/compare.py")
images = loaders.attempt(lambda: loaders.test_images(checkpoint))
if images is None:
    st.stop()

chosen_models = models.choose_models(checkpoint, key="compared", families=("pca", "cae", "vae"))
with st.container(horizontal=True, vertical_alignment="bottom"):
    chosen = choose.draw_test_images(images, PICTURES, key="drawn")
    with_errors = st.toggle("Error maps", value=True, key="errors", bind="query-params")

originals = images.images[chosen] / np.float32(255)
outcomes = []
with st.spinner("Reconstructing …", show_time=False):
    for model in chosen_models:
        outcome = loaders.attempt(partial(comparison.reconstruct, model, images, chosen))
        if outcome is not None:
            outcomes.append(outcome)
largest = max((float(np.abs(originals - outcome.decoded).mean(1).max()) for outcome in outcomes), default=1.0)

names = [choose.picture_name(images, int(index)) for index in chosen]
st.markdown("**Original** · a picture you click becomes the current point of all pages")
gallery(
    originals, names, key="originals", one_row=True, captions=[choose.class_name(images, int(i)) for i in chosen],
    on_pick=lambda position: choose.move_to_test_image(checkpoint, int(chosen[position])),
    marked=choose.position_of(point.current().image, chosen),
)  # fmt: skip
choose.link_to_explore(checkpoint, images)
for outcome in outcomes:
    name = outcome.checkpoint.name
    errors = outcome.figures(originals)["MSE"]
    st.markdown(f"**{plain(name)}** · {describe_model(outcome.checkpoint)}")
    gallery(
        outcome.decoded, [f"{picture} reconstructed by {name}" for picture in names], key=f"decoded_{name}",
        one_row=True, captions=None if with_errors else [f"MSE {error:.4f}" for error in errors],
    )  # fmt: skip
    if with_errors:
        gallery(
            media.error_map(originals, outcome.decoded, largest),
            [f"Error of {name} on {picture}" for picture in names], key=f"errors_{name}",
            one_row=True, captions=[f"MSE {error:.4f}" for error in errors],
        )  # fmt: skip
if with_errors and outcomes:
    st.caption(f"Error maps: absolute difference of pixels, black 0 to pale yellow {largest:.2f}, one scale for all.")

if outcomes:
    on_screen, on_split = st.columns([2, 5], gap="medium")
    with on_screen:
        st.subheader("These pictures", anchor=False)
        comparison.show_table(comparison.shown_table(outcomes, originals))
    with on_split:
        st.subheader("The whole test split", anchor=False)
        comparison.show_table(comparison.split_table([outcome.checkpoint for outcome in outcomes]))
    st.caption("All figures are means over images of the reconstruction of the posterior mean; nats use one sample.")
point.write_address()
