"""How far a map can be trusted: figures of its neighbourhoods, and distances on it against those of the codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui import loaders
from ui.maps import Map

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from ui.map import Points
    from vae_core.checkpoint import Checkpoint

NEIGHBOURS, VOTERS = 15, 10
PAIRS = 4000


def panel(checkpoint: Checkpoint, shown: Map, points: Points, *, key: str) -> None:
    """The figures of one map, each with what it means."""
    if len(points.indices) <= 2 * NEIGHBOURS:
        st.caption(f"These figures need more than {2 * NEIGHBOURS} points; there are {len(points.indices)}.")
        return
    figures = _measure(shown.key, points.key, checkpoint, shown, points)
    st.caption(shown.title)
    with st.container(key=f"figures_{key}"):
        left, right = st.columns(2)
    left.metric("Trustworthiness", f"{figures['trustworthiness']:.3f}",
                help=f"1 if all {NEIGHBOURS} nearest points on the map are near as codes, too")  # fmt: skip
    right.metric("Continuity", f"{figures['continuity']:.3f}",
                 help=f"1 if the {NEIGHBOURS} nearest codes of all points stayed near on the map")  # fmt: skip
    if points.labels is not None:
        left.metric("kNN on the map", f"{figures['knn_map']:.3f}",
                    help=f"Share of points whose {VOTERS} nearest on the map vote for the right class")  # fmt: skip
        right.metric("kNN of the codes", f"{figures['knn_codes']:.3f}",
                     help=f"The same with the {VOTERS} nearest codes")  # fmt: skip
    st.plotly_chart(
        _shepard(shown.key, points.key, checkpoint, shown, points), key=f"shepard_{key}",
        config={"displayModeBar": False},
        alt="Shepard plot: distances of pairs on the map against the distances of their codes",
    )  # fmt: skip
    st.caption(
        "Each dot is a pair of pictures. On a map that keeps distances they lie on a line; t-SNE and UMAP keep near "
        "ones only, so do not read the gaps between clusters, nor their sizes."
    )


@st.cache_resource(max_entries=16, show_spinner="Measuring the map …")
def _measure(
    key: str, points_key: str, _checkpoint: Checkpoint, _map: Map, _points: Points
) -> dict[str, float]:
    from vae_core import metrics

    codes = loaders.test_codes(_checkpoint).codes[_points.indices]
    found = {
        "trustworthiness": metrics.trustworthiness(codes, _map.coordinates, NEIGHBOURS),
        "continuity": metrics.trustworthiness(_map.coordinates, codes, NEIGHBOURS),
    }
    if _points.labels is not None:
        found["knn_map"] = metrics.knn_accuracy(_map.coordinates, _points.labels, VOTERS)
        found["knn_codes"] = metrics.knn_accuracy(codes, _points.labels, VOTERS)
    return found


@st.cache_resource(max_entries=8, show_spinner=False)
def _shepard(key: str, points_key: str, _checkpoint: Checkpoint, _map: Map, _points: Points) -> Figure:
    """Distances of random pairs on the map and as codes (Shepard 1962)."""
    from plotly import graph_objects

    codes = loaders.test_codes(_checkpoint).codes[_points.indices]
    first, second = np.random.default_rng(0).integers(len(codes), size=(2, PAIRS))
    x = np.linalg.norm(codes[first] - codes[second], axis=1)
    y = np.linalg.norm(_map.coordinates[first] - _map.coordinates[second], axis=1)
    figure = graph_objects.Figure(
        graph_objects.Scattergl(
            x=x, y=y, mode="markers", marker={"size": 3, "opacity": 0.4, "color": "#0072B2"}, hoverinfo="skip"
        )
    )
    figure.update_layout(
        height=230, margin={"l": 0, "r": 0, "t": 8, "b": 0}, xaxis_title="between codes", yaxis_title="on the map"
    )
    return figure
