"""What stands beside or below the image on Explore: pins, the original, the nearest test images, starting points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.components.gallery import GalleryProps, gallery
from ui.frame import plain
from ui.shared import pickers
from ui.state import loaders, point

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet
    from vae_core.latent.space import LatentSpace

NEAREST = 8
SAME = 2e-3  # a code in the address is rounded to three digits


def pins() -> None:
    """Keep the point under a letter, and go back to those that were kept."""
    trail = point.trail()
    with st.container(horizontal=True, gap="small"):
        st.button("Pin", icon=":material/keep:", on_click=point.pin, help="Keep this point under a letter")
        for letter, pinned in trail.pins.items():
            st.button(f"Go to {letter}", key=f"pin_{letter}", on_click=point.go, args=(pinned,), help=pinned.source)
        if trail.pins:
            st.button("Clear pins", on_click=trail.pins.clear, type="tertiary")


def original(checkpoint: Checkpoint, space: LatentSpace) -> None:
    """The encoded test image beside its reconstruction; for any other point, where it came from."""
    now = point.current()
    images = loaders.quietly(lambda: loaders.test_images(checkpoint)) if now.image is not None else None
    if images is not None and now.image is not None and _is_encoding(space, images, now):
        image = images.images[now.image : now.image + 1] / np.float32(255)
        decoded = space.decode(now.array()[None], now.labels())
        _compare_with_original(image, decoded, pickers.picture_name(images, now.image))
    else:
        st.caption(f"Now: {plain(now.source)}", width="content")


def _is_encoding(space: LatentSpace, images: ImageSet, now: point.Point) -> bool:
    """Whether a point is the encoding of the test image that it names."""
    assert now.image is not None
    if now.image >= len(images):
        return False
    part = slice(now.image, now.image + 1)
    labels = images.labels[part] if space.classes and images.labels is not None else None
    code = space.encode(images.images[part], labels)[0]
    return bool(np.allclose(code, now.array(), atol=SAME, rtol=SAME))


def _compare_with_original(original: np.ndarray, decoded: np.ndarray, name: str) -> None:
    """An original and its reconstruction, (1, C, H, W) each, side by side with their error."""
    from vae_core.evaluation import metrics

    gallery(
        GalleryProps(
            np.concatenate([original, decoded]),
            [f"Original: {name}", f"Reconstruction of {name}"],
            size=84,
            captions=["original", "decoded"],
        ),
        key="original",
    )
    st.caption(f"{name}. Mean squared error {metrics.mse(original, decoded)[0]:.4f}", width="content")


def starting_points(checkpoint: Checkpoint) -> None:
    """Choose an image to encode: a test image, or one of the visitor's own."""
    sampled, own = st.tabs(["Test images", "Your image"])
    with sampled:
        images = loaders.attempt(lambda: loaders.test_images(checkpoint))
        if images is not None:
            pickers.pick_test_image(
                images,
                key="start",
                marked=point.current().image,
                on_pick=lambda index: pickers.move_to_test_image(checkpoint, index),
            )
    with own:
        pickers.own_picture(checkpoint, key="own", on_picture=lambda image: pickers.move_to_picture(checkpoint, image))


def nearest_images(checkpoint: Checkpoint, space: LatentSpace) -> None:
    """The test images whose codes lie nearest; a click moves the point to one."""
    test = loaders.quietly(lambda: loaders.test_codes(checkpoint))
    if test is None:
        return
    st.subheader("Nearest test images", anchor=False)
    distances = np.linalg.norm(test.codes - point.current().array(), axis=1)
    nearest = np.argsort(distances)[:NEAREST]
    st.caption(f"Out of {len(test.images):,}, by Euclidean distance between their codes and the current one.")
    gallery(
        GalleryProps(
            test.images.images[nearest] / np.float32(255),
            [pickers.picture_name(test.images, int(index)) for index in nearest],
            size=84,
            captions=[f"{pickers.class_name(test.images, int(index))} {distances[index]:.2f}" for index in nearest],
        ),
        key="nearest",
        on_pick=lambda position: pickers.move_to_test_image(checkpoint, int(nearest[position])),
    )
