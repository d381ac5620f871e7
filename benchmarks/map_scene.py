"""A page with nothing but a map of many points, ours or plotly's, which benchmarks/map_page.py opens."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ui.components import map as component
from ui.components.map import Groups, MapState, Points
from ui.frame import STYLE
from vae_core.config import DataConfig
from vae_core.data import load_images

COUNT = int(st.query_params.get("points", "10000"))
CLASSES = 10


@st.cache_resource
def scene(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places (N, 2) in ten heaps, their numbers, and the embedded pictures, repeated if they are too few."""
    generator = np.random.default_rng(0)
    labels = generator.integers(CLASSES, size=count)
    centres = 3 * generator.normal(size=(CLASSES, 2))
    places = (centres[labels] + generator.normal(size=(count, 2))).astype(np.float32)
    images = load_images(DataConfig("fashion-mnist-small"), "test").images
    return places, labels, np.resize(images, (count, *images.shape[1:]))


st.set_page_config(layout="wide")
st.html(STYLE)
st.title("Scene")
places, labels, images = scene(COUNT)
names = tuple(f"Heap {number}" for number in range(CLASSES))
if st.query_params.get("drawn") == "plotly":
    from plotly import graph_objects

    figure = graph_objects.Figure(
        [
            graph_objects.Scattergl(
                x=places[labels == label, 0],
                y=places[labels == label, 1],
                mode="markers",
                name=names[label],
                customdata=np.flatnonzero(labels == label),
            )
            for label in range(CLASSES)
        ]
    )
    figure.update_layout(height=600, dragmode="lasso")
    st.plotly_chart(figure, key="plotly", on_select="rerun")
else:
    points = Points(f"scene-{COUNT}", np.arange(COUNT), labels, names)
    component.send_points("scene", points)
    component.send_layouts("scene", points, {"scene": places})
    component.send_colours("scene", points, Groups(labels, names))
    component.point_map("scene", points, MapState(points.key, "scene", alt="A scene of many points"))
    component.send_thumbnails(points, lambda: images)
