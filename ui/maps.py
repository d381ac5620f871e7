"""The parts of the Embeddings page: getting a map (shipped, cached or computed now), and what is selected on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from ui import figures, loaders
from ui.frame import plain
from vae_core import embedding, metrics
from vae_core.config import UserError
from vae_core.embedding import MapRequest

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from vae_core.checkpoint import Checkpoint

POLL_SECONDS = 0.5
COLOURINGS = ("Class", "Reconstruction error", "KL")


@dataclass(frozen=True, eq=False)
class Map:
    """A map on the screen: coordinates (N, 2 or 3) and the numbers of the test images (N,)."""

    name: str
    coordinates: np.ndarray
    indices: np.ndarray


def find_map(request: MapRequest, checkpoint: Checkpoint, count: int) -> Map | None:
    """The map if the checkpoint brought it or the cache has it.

    A shipped map was made from all test codes; of it, as many points are shown as the request has.
    """
    name, indices = embedding.METHODS[request.method], embedding.chosen_points(count, request.points)
    usual = MapRequest(request.checkpoint, request.digest, request.method, request.points)
    if request == usual:
        shipped = _shipped(checkpoint.digest, checkpoint).get(request.method)
        if shipped is not None and len(shipped) == count:
            return Map(name, shipped[indices], indices)
    cached = embedding.cached_map(request)
    return Map(name, cached, indices) if cached is not None and len(cached) == len(indices) else None


@st.cache_resource(max_entries=8, show_spinner=False)
def _shipped(digest: str, _checkpoint: Checkpoint) -> dict[embedding.Method, np.ndarray]:
    return embedding.load_maps(_checkpoint.folder, digest)


def compute(request: MapRequest, checkpoint: Checkpoint) -> None:
    """Start the worker if it is not at work, and show its progress until the map is there; Stop ends it."""
    state = embedding.job_state(request)
    if state is None:
        if loaders.attempt(lambda: _start(request, checkpoint)):
            _watch(request)
        return
    if state.error or not state.running:
        reason = state.error or "the map does not fit the images, which have changed since this server started"
        st.warning(plain(reason), icon=":material/info:")
        if st.button("Try again", icon=":material/refresh:"):
            embedding.cancel_job(request)
            st.rerun()
        return
    _watch(request)


def _start(request: MapRequest, checkpoint: Checkpoint) -> bool:
    loaders.open_space(checkpoint)  # a model that cannot be opened is told at once, not by the worker
    embedding.start_job(request)
    return True


@st.fragment(run_every=POLL_SECONDS)
def _watch(request: MapRequest) -> None:
    state = embedding.job_state(request)
    if state is None or not state.running:
        st.rerun()
    st.progress(state.fraction, text=f"{embedding.METHODS[request.method]}: {state.text} …")
    if st.button("Stop", icon=":material/stop:"):
        embedding.cancel_job(request)
        st.session_state["stopped_map"] = request.key
        st.rerun()


@st.cache_resource(max_entries=12, show_spinner="Drawing the map …")
def draw(key: tuple[str, ...], _map: Map, _checkpoint: Checkpoint, colouring: str) -> Figure:
    """The map's figure; the same object for the same key, so that a selection on it stays."""
    images = loaders.test_images(_checkpoint)
    if colouring == "Class":
        labels = None if images.labels is None else images.labels[_map.indices]
        return figures.class_map(_map.coordinates, labels, images.class_names, _map.indices)
    errors, kl = _figures_per_image(_checkpoint.name, _checkpoint.digest, _checkpoint)
    values, title = (kl, "KL in nats") if colouring == "KL" else (errors, "Mean squared error")
    return figures.value_map(_map.coordinates, values[_map.indices], title, _map.indices)


@st.cache_resource(max_entries=4, show_spinner="Measuring the test images …")
def _figures_per_image(name: str, digest: str, _checkpoint: Checkpoint) -> tuple[np.ndarray, np.ndarray]:
    """MSE of each test image's reconstruction, and its KL in nats."""
    space, found = loaders.open_space(_checkpoint), loaders.test_codes(_checkpoint)
    labels = found.images.labels if space.classes else None
    errors = metrics.mse(found.images.images / np.float32(255), space.decode(found.codes, labels))
    _, kl = space.objective(found.images.images, labels)
    return errors, kl.sum(1)


def selected_images(event: Any) -> np.ndarray:
    """The numbers of the test images in a plotly selection, each once, in the order of selection."""
    points = event.get("selection", {}).get("points", []) if event else []
    numbers = []
    for chosen in points:
        number = chosen.get("customdata")
        number = number[0] if isinstance(number, list) and number else number
        if isinstance(number, int | float):
            numbers.append(int(number))
    return np.array(list(dict.fromkeys(numbers)), int)


__all__ = ["COLOURINGS", "Map", "UserError", "compute", "draw", "find_map", "selected_images"]
