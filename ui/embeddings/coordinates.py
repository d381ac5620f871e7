"""What a map is a map of, and where on it codes belong that are not test images."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from ui.embeddings.loading import Map
from ui.state import loaders, point
from vae_core import maps
from vae_core.maps import EXACTLY, described, settle
from vae_core.neighbours import nearest_to

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.maps import MapRequest

LINKED = 8  # neighbours to which lines are drawn


class Placement(NamedTuple):
    """Where a code lies on a map, how that was found in words, and the positions of its nearest points there."""

    at: np.ndarray
    how: str
    near: np.ndarray


def mapped(checkpoint: Checkpoint, shown: Map, indices: np.ndarray) -> np.ndarray:
    """What was mapped of the chosen test images, (N, D): codes, draws of their posteriors, or pixels.

    Raises:
        UserError: if the images are not here or the model cannot be opened.
    """
    if shown.source == "means":
        return loaders.test_codes(checkpoint).codes[indices]
    if shown.source == "pixels":
        images = loaders.test_images(checkpoint).images[indices]
        return images.reshape(len(images), -1) / np.float32(255)
    assert shown.request is not None
    return _drawn(shown.request.essential, checkpoint)


@st.cache_resource(max_entries=4, show_spinner="Drawing from the posteriors …")
def _drawn(request: MapRequest, _checkpoint: Checkpoint) -> np.ndarray:
    from vae_core.maps import source_points

    return source_points(_checkpoint.folder, request).points


def place(
    checkpoint: Checkpoint, code: np.ndarray, picture: np.ndarray | None, shown: Map, indices: np.ndarray
) -> Placement:
    """A code (D,) on a map of chosen test images, and the positions there of its nearest neighbours.

    On a map of pixels it is its picture (C, H, W) in [0, 1] that is placed, by default the decoded one.

    Raises:
        UserError: if the model cannot be opened or the images are not here.
    """
    reference = mapped(checkpoint, shown, indices)
    if shown.source == "pixels":
        if picture is None:
            space = loaders.open_space(checkpoint)
            labels = point.current().labels()
            picture = space.decode(code[None].astype(np.float32), labels)[0]
        code = picture.ravel()
    near = nearest_to(code, reference, LINKED)
    if shown.request is None:
        return Placement(code, EXACTLY, near)
    if shown.request.method == "pca":
        places, how = maps.place(shown.request, checkpoint, code[None], reference)
        return Placement(places[0], how, near)
    at = settle(code[None], reference, shown.coordinates, shown.request)[0]
    return Placement(at, described(shown.request), near)
