"""Getting the maps of the Embeddings page: those that come with a checkpoint, those computed before, and new ones."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.components.map import Points
from ui.frame import plain
from ui.state import loaders
from vae_core import maps
from vae_core.maps import LIBRARIES, MapRequest

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet

POLL_SECONDS = 0.5
CODES = "codes"  # the codes of a 2-dimensional model, which are their own map


@dataclass(frozen=True, eq=False)
class Map:
    """A map of test images: its key, coordinates (N, 2 or 3), what was asked for (None for a plane of codes)."""

    key: str
    title: str
    coordinates: np.ndarray
    request: MapRequest | None

    @property
    def source(self) -> str:
        """What was mapped."""
        return "means" if self.request is None else self.request.source


def map_key(request: MapRequest) -> str:
    """A map's name in the browser: the model, the method, and the parameters that count for it."""
    return key_pattern(request).format(
        perplexity=f"{request.perplexity:g}", neighbours=request.neighbours, distance=f"{request.minimum_distance:g}"
    )


def key_pattern(request: MapRequest) -> str:
    """``map_key`` with the parameters' names in braces, for the sliders in the browser."""
    parameters = {"pca": "", "tsne": "-{perplexity}", "umap": "-{neighbours}-{distance}"}[request.method]
    kind = f"{request.method}-{request.dimensions}-{request.seed}-{request.source}"
    if request.method == "tsne" and request.library != LIBRARIES[0]:
        kind += f"-{request.library}"
    return f"{request.digest[:10]}-{kind}{parameters}"


def title_of(request: MapRequest) -> str:
    """A map's name for people, with its parameters."""
    parameters = {
        "pca": "",
        "tsne": f", perplexity {request.perplexity:g}",
        "umap": f", {request.neighbours} neighbours, minimum distance {request.minimum_distance:g}",
    }[request.method]
    seed = f", seed {request.seed}" if request.seed else ""
    source = "" if request.source == "means" else f" of {maps.SOURCES[request.source].lower()}"
    if request.method == "tsne" and request.library != LIBRARIES[0]:
        source += f" by {request.library}"
    return f"{maps.METHODS[request.method]}{source}{parameters}{seed}"


def points_of(images: ImageSet, indices: np.ndarray) -> Points:
    """The images on a map; its key is the same for equal images, whichever model looks at them."""
    sample = images.images[indices[:: max(1, len(indices) // 64)]]
    digest = hashlib.blake2b(np.ascontiguousarray(sample).tobytes() + indices.tobytes(), digest_size=8)
    labels = None if images.labels is None or not images.class_names else images.labels[indices]
    return Points(digest.hexdigest(), indices, labels, images.class_names if labels is not None else ())


def ready_maps(checkpoint: Checkpoint, indices: np.ndarray) -> dict[str, Map]:
    """The maps that came with a checkpoint, of the chosen ones of its test images, by key."""
    ready = {}
    for request, coordinates in _shipped(checkpoint.digest, len(indices), checkpoint):
        if len(coordinates) == len(indices):
            ready[map_key(request)] = Map(map_key(request), title_of(request), coordinates, request)
    return ready


@st.cache_resource(max_entries=8, show_spinner=False)
def _shipped(digest: str, points: int, _checkpoint: Checkpoint) -> list[tuple[MapRequest, np.ndarray]]:
    """The whole grid of maps of a checkpoint, or as much of it as there is."""
    found = []
    for request in maps.bundled_requests(_checkpoint.folder, digest):
        mine = replace(request, checkpoint=_checkpoint.name, points=points)
        coordinates = maps.bundled_map(_checkpoint.folder, mine)
        if coordinates is not None:
            found.append((mine, coordinates))
    return found


def find_map(request: MapRequest, ready: Mapping[str, Map]) -> Map | None:
    """A map that came along, or is in the cache."""
    found = ready.get(map_key(request))
    if found is not None:
        return found
    cached = maps.cached_map(request)
    if cached is None or len(cached) != request.points or not np.isfinite(cached).all():
        return None
    return Map(map_key(request), title_of(request), cached, request)


def plane_of_codes(checkpoint: Checkpoint, indices: np.ndarray) -> Map:
    """The codes of a 2-dimensional model, as they are.

    Raises:
        UserError: if the images are not here or the model cannot be opened.
    """
    codes = loaders.test_codes(checkpoint).codes[indices]
    return Map(f"{checkpoint.digest[:10]}-{CODES}", "Plane of the codes", codes, None)


def nearest_ready(request: MapRequest, ready: Mapping[str, Map]) -> Map | None:
    """What to show while a map is being computed: one of the same method, else any."""
    same = [one for one in ready.values() if one.request is not None and one.request.method == request.method]
    return next(iter(same or ready.values()), None)


def compute(request: MapRequest, checkpoint: Checkpoint, *, name: str) -> None:
    """Start the worker if it is not at work, and show its progress until the map is there; Stop ends it.

    What this visitor had started in the same place before, and no longer looks at, is stopped.

    Args:
        request: the map.
        checkpoint: whose it is.
        name: of the place on the page.
    """
    started: dict[str, MapRequest] = st.session_state.setdefault("maps_started", {})
    before = started.get(name)
    if before is not None and before.key != request.key:
        maps.cancel_job(before)
        del started[name]
    if st.session_state.get("stopped_map") == request.key:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{title_of(request)}: stopped.")
            if st.button("Compute this map", icon=":material/play_arrow:", key=f"start_{request.key}"):
                del st.session_state["stopped_map"]
                st.rerun()
        return
    state = maps.job_state(request)
    looked_again: set[str] = st.session_state.setdefault("maps_looked_again", set())
    if state is None:
        looked_again.discard(request.key)
        if loaders.attempt(lambda: _start(request, checkpoint)):
            started[name] = request
            _watch(request)
        return
    if not state.running and not state.error and request.key not in looked_again:
        looked_again.add(request.key)  # it may have been done just after this page had looked for it
        st.rerun()
    if state.error or not state.running:
        reason = state.error or "the map does not fit the images, which have changed since this server started"
        st.warning(plain(reason), icon=":material/info:")
        if st.button("Try again", icon=":material/refresh:", key=f"again_{request.key}"):
            maps.cancel_job(request)
            st.rerun()
        return
    _watch(request)


def _start(request: MapRequest, checkpoint: Checkpoint) -> bool:
    loaders.open_space(checkpoint)  # a model that cannot be opened is told at once, not by the worker
    maps.start_job(request)
    return True


@st.fragment(run_every=POLL_SECONDS)
def _watch(request: MapRequest) -> None:
    state = maps.job_state(request)
    if state is None or not state.running:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(state.fraction, text=f"{title_of(request)}: {state.text} …")
        if st.button("Stop", icon=":material/stop:", key=f"stop_{request.key}"):
            maps.cancel_job(request)
            st.session_state["stopped_map"] = request.key
            st.rerun()


def with_seed(request: MapRequest, seed: int) -> MapRequest:
    """The same map from another start."""
    return replace(request, seed=seed)
