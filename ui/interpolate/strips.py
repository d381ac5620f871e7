"""The two ends of a path, a row of images for each model, and the film to download."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.components.gallery import picture
from ui.frame import plain
from ui.shared import pickers
from ui.state import address, loaders, point
from vae_core import media
from vae_core.latent import paths
from vae_core.neighbours import distance_to_nearest, usual_distance

if TYPE_CHECKING:
    from PIL import Image

    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet
    from vae_core.latent.space import LatentSpace

PARAMETERS = {"A": address.END_A, "B": address.END_B}
END_WIDTH = 168
FAR_SHARE = 0.99  # a step is far out if it lies farther from every real code than this share of real codes do
MOST_CODES = 2000  # of the test split, for the distances between real codes
FILM_SCALE = 6
CROSS_FADE = "Pixel cross-fade"


@dataclass(frozen=True, eq=False)
class End:
    """One end of a path: an image (C, H, W), its name, its label, and its code if a pinned point gave one."""

    picture: np.ndarray
    name: str
    label: int | None = None
    code: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Row:
    """One row of the page: a name, its images (steps, C, H, W), which steps lie far from every real code, its model.

    The pixel cross-fade has no model.
    """

    name: str
    images: np.ndarray
    far: np.ndarray
    model: Checkpoint | None = None


def choose_end(letter: str, checkpoint: Checkpoint, images: ImageSet) -> End:
    """The image at one end, with a menu to choose another: a test image, one's own, or a pinned point."""
    end = _chosen_end(letter, images)
    picture(end.picture, f"{letter}: {end.name}", key=f"picture_{letter}", size=END_WIDTH)
    st.caption(f"**{letter}** · {plain(end.name)}")
    with st.popover(f"Choose {letter}", icon=":material/photo_library:", width=END_WIDTH):
        _end_menu(letter, checkpoint, images)
    return end


def _chosen_end(letter: str, images: ImageSet) -> End:
    own = st.session_state.get(f"end_{letter}")
    if isinstance(own, End) and own.picture.shape == images.images.shape[1:]:
        return own
    index = _index(letter, len(images))
    _set_index(letter, index)
    label = None if images.labels is None else int(images.labels[index])
    return End(images.images[index] / np.float32(255), pickers.picture_name(images, index), label)


def _index(letter: str, count: int) -> int:
    """The test image that the address or the session names; the default if there is no such image."""
    linked = address.given(PARAMETERS[letter])
    if linked is not None and linked < count:
        return linked
    index = st.session_state.get(f"index_{letter}", PARAMETERS[letter].default)
    return index if index < count else PARAMETERS[letter].default


def _set_index(letter: str, index: int) -> None:
    st.session_state.pop(f"end_{letter}", None)
    st.session_state[f"index_{letter}"] = index
    address.write(PARAMETERS[letter], str(index))


def _end_menu(letter: str, checkpoint: Checkpoint, images: ImageSet) -> None:
    def keep(image: np.ndarray, name: str, label: int | None, code: np.ndarray | None = None) -> None:
        st.session_state[f"end_{letter}"] = End(image, name, label, code)

    def take_pin(name: str) -> None:
        pinned = point.trail().pins[name]
        decoded = loaders.open_space(checkpoint).decode(pinned.array()[None], pinned.labels())[0]
        keep(decoded, f"pinned point {name}", pinned.label, pinned.array())

    pickers.pick_test_image(
        images,
        key=f"pick_{letter}",
        marked=st.session_state.get(f"index_{letter}"),
        size=48,
        on_pick=lambda index: _set_index(letter, index),
    )
    for name, pinned in point.trail().pins.items():
        st.button(
            f"Pinned point {name}", key=f"pinned_{letter}_{name}", help=pinned.source, on_click=take_pin, args=(name,)
        )
    pickers.own_picture(
        checkpoint,
        key=f"own_{letter}",
        on_picture=lambda sent: keep(sent[0], "your image", point.current().label),
    )


def model_row(checkpoint: Checkpoint, a: End, b: End, steps: int, kind: str, pinned_model: str) -> Row:
    """A model's path between two images, decoded; its ends are the model's own codes of the images."""
    codes, labels = path_codes(checkpoint, a, b, steps, kind, pinned_model)
    images = loaders.open_space(checkpoint).decode(codes, labels)
    return Row(checkpoint.name, images, far(checkpoint, codes), checkpoint)


def path_codes(
    checkpoint: Checkpoint, a: End, b: End, steps: int, kind: str, pinned_model: str
) -> tuple[np.ndarray, np.ndarray | None]:
    """The codes (steps, D) of a model's path, and a conditional model's labels along it (steps,)."""
    space = loaders.open_space(checkpoint)
    codes = [_code_of(space, end, checkpoint.name == pinned_model) for end in (a, b)]
    return paths.path(codes[0], codes[1], steps, kind).astype(np.float32), _labels_along(space, a, b, steps)


def _code_of(space: LatentSpace, end: End, is_pinned_model: bool) -> np.ndarray:
    if end.code is not None and is_pinned_model:
        return end.code
    return space.encode(end.picture[None].astype(np.float32), np.array([end.label or 0]))[0]


def _labels_along(space: LatentSpace, a: End, b: End, steps: int) -> np.ndarray | None:
    """For a conditional model the label changes half-way."""
    if not space.classes:
        return None
    return np.where(np.arange(steps) < steps / 2, a.label or 0, b.label or 0)


def far(checkpoint: Checkpoint, codes: np.ndarray) -> np.ndarray:
    """Which codes lie farther from every real test code than nearly all real codes do from each other."""
    test = loaders.attempt(lambda: loaders.test_codes(checkpoint))
    if test is None:
        return np.zeros(len(codes), bool)
    limit = _usual_distance(checkpoint.digest, test.codes)
    return distance_to_nearest(codes, test.codes) > limit


@st.cache_data(max_entries=16, show_spinner=False)
def _usual_distance(digest: str, _codes: np.ndarray) -> float:
    """The FAR_SHARE quantile of the distance from a real code to its nearest other real code."""
    return usual_distance(_codes, FAR_SHARE, MOST_CODES)


def cross_fade_row(a: End, b: End, steps: int) -> Row:
    """The baseline: both images blended pixel by pixel."""
    return Row(CROSS_FADE, paths.cross_fade(a.picture, b.picture, steps), np.zeros(steps, bool))


def film(rows: list[Row]) -> list[Image.Image]:
    """The frames of a film that shows all rows side by side, step by step."""
    steps = len(rows[0].images)
    return [
        media.sheet(np.stack([row.images[step] for row in rows]), columns=len(rows), scale=FILM_SCALE)
        for step in range(steps)
    ]


def strip(rows: list[Row]) -> Image.Image:
    """All rows as one image."""
    return media.sheet(np.concatenate([row.images for row in rows]), columns=len(rows[0].images), scale=FILM_SCALE // 2)


__all__ = ["End", "Row", "choose_end", "cross_fade_row", "far", "film", "model_row", "path_codes", "strip"]
