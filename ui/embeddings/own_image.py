"""The visitor's own image: encoded, marked on the map, and compared with the test images nearest to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.components.gallery import GalleryProps, gallery
from ui.components.map import Points
from ui.embeddings.coordinates import Placement
from ui.shared import pickers
from ui.state import loaders, point

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet


@dataclass(frozen=True, eq=False)
class OwnImage:
    """An image that a visitor brought for one model."""

    digest: str
    """The model's."""
    image: np.ndarray
    """(C, H, W) as the model's input."""
    code: np.ndarray
    """(D,)"""


def own_image_of(checkpoint: Checkpoint) -> OwnImage | None:
    """The image that the visitor brought for this model, if any."""
    kept = st.session_state.get("own_on_map")
    return kept if isinstance(kept, OwnImage) and kept.digest == checkpoint.digest else None


def show(checkpoint: Checkpoint, images: ImageSet, points: Points, placement: Placement | None) -> None:
    """Take an image, which becomes the current point; show it, its reconstruction, and the test images near it.

    Args:
        checkpoint: the model.
        images: its test split.
        points: which of them are on the map.
        placement: where the image that was brought before lies on the map.
    """
    pickers.own_picture(checkpoint, key="own", on_picture=lambda image: _keep(checkpoint, image))
    own = own_image_of(checkpoint)
    if placement is None or own is None:
        st.caption("Your image is encoded and put on the map, with lines to the nearest test images.")
        return
    space = loaders.open_space(checkpoint)
    decoded = space.decode(own.code[None].astype(np.float32), point.current().labels())
    gallery(
        GalleryProps(
            np.concatenate([own.image[None], decoded]),
            ["Your image", "Its reconstruction"],
            size=84,
            captions=["yours", "decoded"],
        ),
        key="own_pair",
    )
    st.caption(f"How its coordinates on the map are determined: {placement.how}. The nearest test images:")
    indices = points.indices[placement.near]
    gallery(
        GalleryProps(
            images.images[indices] / np.float32(255),
            [pickers.picture_name(images, int(index)) for index in indices],
            size=56,
        ),
        key="near_own",
        on_pick=lambda position: pickers.move_to_test_image(checkpoint, int(indices[position])),
    )


def _keep(checkpoint: Checkpoint, image: np.ndarray) -> None:
    pickers.move_to_picture(checkpoint, image)
    st.session_state["own_on_map"] = OwnImage(checkpoint.digest, image[0], point.current().array())
