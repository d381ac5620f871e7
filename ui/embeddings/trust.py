"""How far a map can be trusted: figures of its neighbourhoods, and distances on it against those of the codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ui.embeddings import coordinates
from ui.embeddings.loading import Map
from vae_core import maps
from vae_core.maps import NEIGHBOURS, VOTERS, measure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from ui.components.map import Points
    from vae_core.checkpoint import Checkpoint
    from vae_core.maps import MapQuality


def quality(checkpoint: Checkpoint, shown: Map, points: Points) -> MapQuality | None:
    """How a map compares with what it is a map of; None if there are too few points to say."""
    if len(points.indices) <= 2 * NEIGHBOURS:
        return None
    return _measure(shown.key, points.key, checkpoint, shown, points)


@st.cache_resource(max_entries=16, show_spinner="Evaluating the map …")
def _measure(key: str, points_key: str, _checkpoint: Checkpoint, _map: Map, _points: Points) -> MapQuality:
    mapped = coordinates.mapped(_checkpoint, _map, _points.indices)
    if _map.request is None:
        return measure(mapped, _map.coordinates, _points.labels)
    return maps.quality_of(_map.request, _checkpoint.folder, mapped, _map.coordinates, _points.labels)


def panel(checkpoint: Checkpoint, shown: Map, points: Points, *, key: str) -> None:
    """The figures of one map, each with what it means."""
    found = quality(checkpoint, shown, points)
    if found is None:
        st.caption(f"These scores need more than {2 * NEIGHBOURS} points; there are {len(points.indices)}.")
        return
    seconds = None if shown.request is None else maps.seconds(shown.request, checkpoint.folder)
    took = "" if seconds is None else f"; it took {seconds:,.1f} s of processor time"
    if seconds is not None and seconds < 1:
        took = f"; it took {1000 * seconds:.0f} ms of processor time"
    st.caption(f"{shown.title}{took}")
    what = "pixels" if shown.request is not None and shown.request.source == "pixels" else "codes"
    with st.container(key=f"figures_{key}"):
        left, right = st.columns(2)
    left.metric(
        "Trustworthiness",
        f"{found.trustworthiness:.3f}",
        help=f"1 if the {NEIGHBOURS} nearest points on the map are all among the nearest as {what}, too",
    )
    right.metric(
        "Continuity",
        f"{found.continuity:.3f}",
        help=f"1 if the {NEIGHBOURS} nearest {what} of all points stayed near on the map",
    )
    if found.knn_map is not None and found.knn_codes is not None:
        left.metric(
            "kNN on the map",
            f"{found.knn_map:.3f}",
            help=f"Share of points whose {VOTERS} nearest on the map vote for the right class",
        )
        right.metric(f"kNN of the {what}", f"{found.knn_codes:.3f}", help=f"The same with the {VOTERS} nearest {what}")
    st.plotly_chart(
        _shepard(shown.key, points.key, checkpoint, shown, points, what),
        key=f"shepard_{key}",
        config={"displayModeBar": False},
        alt=f"Shepard plot: distances of pairs on the map against the distances of their {what}",
    )
    st.caption(
        f"Each dot is a pair of images; rank correlation {found.rank_correlation:.2f}. On a map that keeps distances "
        "they lie on a line. t-SNE and UMAP keep near ones only: do not read the gaps between clusters, or their sizes."
    )
    if has_chance(shown):
        st.caption("What is stable, and what is chance? Show another seed beside this map, and colour by distortion.")


def has_chance(shown: Map) -> bool:
    """Whether another seed gives another map."""
    return shown.request is not None and shown.request.method != "pca"


@st.cache_resource(max_entries=8, show_spinner=False)
def _shepard(key: str, points_key: str, _checkpoint: Checkpoint, _map: Map, _points: Points, what: str) -> Figure:
    from plotly import graph_objects

    found = maps.shepard(coordinates.mapped(_checkpoint, _map, _points.indices), _map.coordinates)
    figure = graph_objects.Figure(
        graph_objects.Scattergl(
            x=found.code_distances,
            y=found.map_distances,
            mode="markers",
            hoverinfo="skip",
            marker={"size": 3, "opacity": 0.5, "color": "#2E8BC0"},
        )
    )
    figure.update_layout(
        height=230,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis_title=f"between {what}",
        yaxis_title="on the map",
    )
    return figure
