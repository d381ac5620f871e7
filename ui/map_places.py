"""What a map is a map of, and where on it codes belong that are not test images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ui import loaders
from ui.maps import Map
from vae_core import embedding
from vae_core.embedding import Placement
from vae_core.placing import EXACTLY, place_among

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint

__all__ = ["EXACTLY", "Placement", "mapped", "place"]


def mapped(checkpoint: Checkpoint, shown: Map) -> np.ndarray:
    """What was mapped of the whole test split, (N, D): codes, draws of their posteriors, or pixels.

    Raises:
        UserError: if the images are not here or the model cannot be opened.
    """
    source = "means" if shown.request is None else shown.request.source
    if source == "pixels":
        images = loaders.test_images(checkpoint).images
        return images.reshape(len(images), -1) / np.float32(255)
    if source == "samples" and shown.request is not None:
        return embedding.mapped(shown.request, checkpoint)
    return loaders.test_codes(checkpoint).codes


def place(
    checkpoint: Checkpoint, code: np.ndarray, picture: np.ndarray | None, shown: Map, indices: np.ndarray
) -> Placement:
    """A code (D,) on a map of chosen test images, and the positions there of its nearest neighbours.

    On a map of pixels it is its picture (C, H, W) in [0, 1] that is placed, by default the decoded one.

    Raises:
        UserError: if the model cannot be opened, or the map is not there.
    """
    known = mapped(checkpoint, shown)
    if shown.request is not None and shown.request.source == "pixels":
        if picture is None:
            picture = loaders.open_space(checkpoint).decode(code[None].astype(np.float32), _label(checkpoint))[0]
        code = picture.ravel()
    among = place_among(known[indices], shown.coordinates, code[None])
    if shown.request is None:
        return Placement(code[None].astype(np.float32), EXACTLY, among.neighbours)
    if shown.request.method == "pca":
        exact = embedding.place(shown.request, checkpoint, code[None], known)
        return Placement(exact.coordinates, exact.how, among.neighbours)
    return among


def _label(checkpoint: Checkpoint) -> np.ndarray | None:
    from ui import point

    return point.current().labels() if loaders.open_space(checkpoint).classes else None
