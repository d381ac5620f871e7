"""Embeddings: the test split's codes on a map; select points to see their pictures."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui import choose, loaders, maps, point
from ui.frame import open_page, plain
from ui.gallery import gallery
from vae_core import embedding
from vae_core.embedding import MapRequest

MOST_SHOWN = 60

checkpoint = open_page("pages/embeddings.py")
images = loaders.attempt(lambda: loaders.test_images(checkpoint))
if images is None:
    st.stop()
assert checkpoint.run is not None
model = checkpoint.run.model
plane = {"Codes": "codes"} if model.latent == 2 else {}
methods = plane | {title: method for method, title in embedding.METHODS.items()}
colourings = [name for name in maps.COLOURINGS if name != "KL" or model.family == "vae"]

with st.container(horizontal=True, vertical_alignment="bottom"):
    title = st.segmented_control(
        "Map", list(methods), default="Codes" if plane else "t-SNE", key="map", required=True, bind="query-params"
    )
    counts = sorted({min(count, len(images)) for count in (2000, 5000, 10_000)})
    points = st.segmented_control(
        "Points", counts, default=counts[-1], key="points", required=True, bind="query-params"
    )
    colouring = st.segmented_control(
        "Colour", colourings, default=colourings[0], key="colour", required=True, bind="query-params"
    )
    with st.popover("Parameters", icon=":material/settings:"):
        dimensions = st.segmented_control(
            "Dimensions", [2, 3], default=2, key="dimensions", required=True, bind="query-params"
        )
        perplexity = st.slider("Perplexity (t-SNE)", 5, 100, 30, 5, key="perplexity", bind="query-params")
        neighbours = st.slider("Neighbours (UMAP)", 5, 100, 15, 5, key="neighbours", bind="query-params")
        distance = st.slider("Minimum distance (UMAP)", 0.0, 0.9, 0.1, 0.1, key="distance", bind="query-params")

method = methods[title or next(iter(methods))]  # an empty parameter in the address unselects
points, colouring = int(points or counts[-1]), colouring or colourings[0]
if method == "codes":
    found = loaders.attempt(lambda: loaders.test_codes(checkpoint))
    indices = embedding.chosen_points(len(images), points)
    shown = None if found is None else maps.Map("Plane of the codes", found.codes[indices], indices)
    map_key = "codes"
else:
    request = MapRequest(
        checkpoint.name, checkpoint.digest, method, points, int(dimensions or 2),
        perplexity=float(perplexity) if method == "tsne" else 30.0,
        neighbours=int(neighbours) if method == "umap" else 15,
        minimum_distance=float(distance) if method == "umap" else 0.1,
    )  # fmt: skip
    shown, map_key = maps.find_map(request, checkpoint, len(images)), request.key
    if shown is None and st.session_state.get("stopped_map") == request.key:
        st.info("Stopped.", icon=":material/stop:")
        if st.button("Compute this map", icon=":material/play_arrow:"):
            del st.session_state["stopped_map"]
            st.rerun()
    elif shown is None:
        maps.compute(request, checkpoint)
if shown is None:
    point.write_address()
    st.stop()

chart, side = st.columns([3, 2], gap="medium")
with chart:
    figure_key = (checkpoint.digest, map_key, str(points), colouring)
    figure = loaders.attempt(lambda: maps.draw(figure_key, shown, checkpoint, colouring))
    if figure is None:
        st.stop()
    event = st.plotly_chart(
        figure, key=f"chart_{map_key}_{points}_{colouring}", on_select="rerun",
        selection_mode=("points", "box", "lasso"), config={"displaylogo": False, "scrollZoom": True},
        alt=f"{shown.name} of {len(shown.indices):,} test codes, coloured by {colouring.lower()}",
    )  # fmt: skip
with side:
    chosen = maps.selected_images(event)
    if len(chosen):
        st.subheader(f"{len(chosen):,} selected", anchor=False)
        if images.labels is not None:
            counted = np.bincount(images.labels[chosen], minlength=len(images.class_names))
            most_first = [label for label in np.argsort(-counted) if counted[label]]
            st.caption(", ".join(f"{plain(images.class_names[label])} {counted[label]}" for label in most_first))
        gallery(
            images.images[chosen[:MOST_SHOWN]] / np.float32(255),
            [choose.picture_name(images, int(index)) for index in chosen[:MOST_SHOWN]],
            key="selected",
            on_pick=lambda position: choose.move_to_test_image(checkpoint, int(chosen[position])),
            size=56,
            marked=choose.position_of(point.current().image, chosen),
        )
        if len(chosen) > MOST_SHOWN:
            st.caption(f"The first {MOST_SHOWN} of them.")
    else:
        st.subheader("Select points to see their pictures", anchor=False)
        st.caption("Click a point, or draw around some. A picture you click becomes the current point of all pages.")
        choose.pick_test_image(
            images, key="by_picture", marked=point.current().image, size=48,
            on_pick=lambda index: choose.move_to_test_image(checkpoint, index),
        )  # fmt: skip
    choose.link_to_explore(checkpoint, images)
point.write_address()
