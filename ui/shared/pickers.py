"""Ways to choose a starting point: a test image by class, or an image of one's own, uploaded or drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from ui.components.gallery import GalleryProps, gallery
from ui.components.sketch import sketch
from ui.frame import notify, plain
from ui.shared import inputs
from ui.state import address, loaders, point
from vae_core import media
from vae_core.checkpoint import Checkpoint
from vae_core.config import UserError
from vae_core.data import ImageSet

IMAGES_SHOWN = 24
SAMPLED = 500  # images, enough for the median of their edges
ALL_CLASSES = "All classes"
UPLOAD, DRAW = "Upload", "Draw"


def class_name(images: ImageSet, index: int) -> str:
    """The class of a test image in words; empty without labels."""
    if images.labels is None or not images.class_names:
        return ""
    return images.class_names[int(images.labels[index])]


def picture_name(images: ImageSet, index: int) -> str:
    """What a test image is called: its class and its index in the test split."""
    name = class_name(images, index)
    return f"{name}, test image {index}" if name else f"test image {index}"


def pick_test_image(
    images: ImageSet, *, key: str, marked: int | None, on_pick: Callable[[int], None], size: int = 56
) -> None:
    """Choose a test image by class, at random or by index; ``on_pick`` gets it before the page runs again.

    Args:
        images: the test split.
        key: a name for this picker, one for each on a page.
        marked: the image to mark as chosen, by index.
        on_pick: what to do with the chosen index.
        size: side of a thumbnail in CSS pixels.
    """

    def index_given() -> None:
        if (index := st.session_state[f"{key}_number"]) is not None:
            on_pick(int(index))

    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen_class = pick_class(images, key)
        page_seed = int(st.session_state.get(f"{key}_page", 0))
        st.button("Show others", key=f"{key}_more", icon=":material/shuffle:", on_click=_next_page, args=(key,))
        st.number_input(
            "By index",
            0,
            len(images) - 1,
            None,
            key=f"{key}_number",
            width=150,
            placeholder=f"0 to {len(images) - 1}",
            on_change=index_given,
        )
    shown = _sample(images, chosen_class, page_seed, IMAGES_SHOWN)
    gallery(
        GalleryProps(
            images.images[shown] / np.float32(255),
            [picture_name(images, int(index)) for index in shown],
            size=size,
            marked=position_of(marked, shown),
        ),
        key=f"{key}_gallery",
        on_pick=lambda position: on_pick(int(shown[position])),
    )


def pick_class(images: ImageSet, key: str) -> int | None:
    """The class to choose from, or None for all of them."""
    if not _has_classes(images):
        return None
    return _class_index(
        images, st.selectbox("Class", [ALL_CLASSES, *images.class_names], key=f"{key}_class", width=200)
    )


def pick_drawn_class(images: ImageSet) -> int | None:
    """The same for ``draw_test_images``, in the page's address."""
    if not _has_classes(images):
        return None
    names = [ALL_CLASSES, *images.class_names]
    chosen = st.selectbox("Class", names, key=address.DRAWN_CLASS.name, width=200, bind=address.BIND)
    return _class_index(images, chosen)


def _has_classes(images: ImageSet) -> bool:
    return images.labels is not None and bool(images.class_names)


def _class_index(images: ImageSet, chosen: str | None) -> int | None:
    return None if chosen in (None, ALL_CLASSES) else images.class_names.index(chosen)


def _next_page(key: str) -> None:
    st.session_state[f"{key}_page"] = int(st.session_state.get(f"{key}_page", 0)) + 1


def _sample(images: ImageSet, chosen_class: int | None, seed: int, count: int) -> np.ndarray:
    """Indices of test images in order: drawn at random, the same for the same seed."""
    generator = np.random.default_rng(seed)
    pool = np.arange(len(images))
    if chosen_class is not None and images.labels is not None:
        pool = np.flatnonzero(images.labels == chosen_class)
    return np.sort(generator.choice(pool, min(count, len(pool)), replace=False))


def draw_test_images(images: ImageSet, count: int) -> np.ndarray:
    """Indices of ``count`` random test images of a class or of all; class and seed are in the page's address."""
    chosen_class = pick_drawn_class(images)
    help = "Each number selects other images at random"
    seed = inputs.whole_number("Selection", address.DRAWN, width=130, help=help)
    return _sample(images, chosen_class, seed, count)


def own_picture(checkpoint: Checkpoint, *, key: str, on_picture: Callable[[np.ndarray], None]) -> None:
    """A visitor's own picture, sent or drawn; ``on_picture`` gets it as the model's input (1, C, H, W) before the page
    runs again.
    """
    shape = checkpoint.run.model.image_shape

    def take(content: bytes, *, invert: bool) -> None:
        try:
            picture = media.decode_upload(content, shape, invert=invert)
        except UserError as error:
            notify(str(error))
            return
        on_picture(picture[None])

    def sent() -> None:
        if (file := st.session_state[f"{key}_file"]) is not None:
            take(file.getvalue(), invert=st.session_state[f"{key}_invert"])

    method = st.segmented_control(
        "Your own image",
        [UPLOAD, DRAW],
        default=UPLOAD,
        key=f"{key}_way",
        required=True,
        label_visibility="collapsed",
    )
    if method == DRAW:
        sketch(
            shape,
            _ground(checkpoint),
            owner=f"{key} {shape}",
            key=f"{key}_pad",
            on_draw=lambda content: take(content, invert=False),
        )
        return
    st.file_uploader(
        "Your own image",
        type=[name.lower() for name in (*media.UPLOAD_FORMATS, "jpg")],
        key=f"{key}_file",
        on_change=sent,
        help="It is centre-cropped and resized to the model's image size. It is sent to this server only.",
    )
    st.toggle(
        "Invert brightness",
        key=f"{key}_invert",
        on_change=sent,
        help="For a dark object on a light background, if the model was trained on light objects on black",
    )


def _ground(checkpoint: Checkpoint) -> tuple[int, ...]:
    """What lies around the things in the model's pictures: the median of their outermost pixels, for each channel."""
    images = loaders.quietly(lambda: loaders.test_images(checkpoint))
    if images is None:
        return (0,) * checkpoint.run.model.image_shape[0]
    some = images.images[:: max(1, len(images) // SAMPLED)]
    rows, columns = some[:, :, [0, -1], :], some[:, :, :, [0, -1]]
    edges = np.concatenate([side.swapaxes(0, 1).reshape(some.shape[1], -1) for side in (rows, columns)], axis=1)
    return tuple(int(value) for value in np.median(edges, axis=1))


def move_to_test_image(checkpoint: Checkpoint, index: int) -> None:
    """Move the shared point to the encoding of a test image."""
    try:
        codes = loaders.test_codes(checkpoint)
    except UserError as error:
        notify(str(error))
        return
    labels = codes.images.labels
    point.move_to(
        codes.codes[index],
        picture_name(codes.images, index),
        label=None if labels is None else int(labels[index]),
        image=index,
    )


def position_of(index: int | None, shown: np.ndarray) -> int | None:
    """Where a test image stands among those that are shown; None if it is not there."""
    positions = np.flatnonzero(shown == (-1 if index is None else index))
    return int(positions[0]) if positions.size else None


def link_to_explore(checkpoint: Checkpoint, images: ImageSet) -> None:
    """A link to Explore with the current point, if it is a test image."""
    now = point.current()
    if now.image is not None and now.image < len(images):
        st.page_link(
            "pages/explore.py",
            label=f"Explore {plain(picture_name(images, now.image))}",
            icon=":material/tune:",
            query_params=point.address_of(checkpoint.name, now),
        )


def move_to_picture(checkpoint: Checkpoint, picture: np.ndarray) -> None:
    """Move the shared point to the encoding of a visitor's picture (1, C, H, W)."""
    space = loaders.open_space(checkpoint)
    labels = point.current().labels()
    point.move_to(space.encode(picture, labels)[0], "your image")


__all__ = [
    "class_name",
    "draw_test_images",
    "link_to_explore",
    "move_to_picture",
    "move_to_test_image",
    "own_picture",
    "pick_class",
    "pick_drawn_class",
    "pick_test_image",
    "picture_name",
    "position_of",
]
