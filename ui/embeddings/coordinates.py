"""What was mapped, and the coordinates of codes that are not on the map."""

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

LINKED = 8  # neighbours that lines lead to


class Placement(NamedTuple):
    """Where a code lies on a map, in words how that was determined, and the positions of its nearest points."""

    at: np.ndarray
    how: str
    near: np.ndarray


def mapped(checkpoint: Checkpoint, shown: Map, indices: np.ndarray) -> np.ndarray:
    """What was mapped of the chosen test images, (N, D): codes, samples of their posteriors, or pixels.

    Raises:
        UserError: if the images are missing or the model cannot be opened.
    """
    if shown.source == "means":
        return loaders.test_codes(checkpoint).codes[indices]
    if shown.source == "pixels":
        images = loaders.test_images(checkpoint).images[indices]
        return images.reshape(len(images), -1) / np.float32(255)
    assert shown.request is not None
    return _sampled(shown.request.essential, checkpoint)


@st.cache_resource(max_entries=4, show_spinner="Sampling from the posteriors …")
def _sampled(request: MapRequest, _checkpoint: Checkpoint) -> np.ndarray:
    from vae_core.maps import source_points

    return source_points(_checkpoint.folder, request).points


def place(
    checkpoint: Checkpoint, code: np.ndarray, image: np.ndarray | None, shown: Map, indices: np.ndarray
) -> Placement:
    """A code (D,) on a map of chosen test images, and the positions there of its nearest neighbours.

    On a map of pixels it is its image (C, H, W) in [0, 1] that is placed, by default the decoded one.

    Raises:
        UserError: if the model cannot be opened or the images are missing.
    """
    reference = mapped(checkpoint, shown, indices)
    if shown.source == "pixels":
        if image is None:
            space = loaders.open_space(checkpoint)
            labels = point.current().labels()
            image = space.decode(code[None].astype(np.float32), labels)[0]
        code = image.ravel()
    near = nearest_to(code, reference, LINKED)
    if shown.request is None:
        return Placement(code, EXACTLY, near)
    if shown.request.method == "pca":
        at, how = maps.place(shown.request, checkpoint, code[None], reference)
        return Placement(at[0], how, near)
    at = settle(code[None], reference, shown.coordinates, shown.request)[0]
    return Placement(at, described(shown.request), near)
