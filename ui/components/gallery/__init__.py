"""Images that can be clicked or reached by keyboard: each one is a button with alt text."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from ui.components.bundle import bundle
from ui.components.props import Props
from vae_core import media

FOLDER = Path(__file__).parent

_component = st.components.v2.component(
    "latent_gallery",
    css=(FOLDER / "gallery.css").read_text(encoding="utf-8"),
    js=bundle(FOLDER, "gallery.js"),
)


@dataclass(frozen=True, eq=False)
class GalleryProps(Props):
    """Images in rows, and how they are laid out."""

    images: np.ndarray
    """(N, C, H, W) in [0, 1]; they travel as PNG files."""
    names: Sequence[str]
    """What each image is, as its alt text."""
    captions: Sequence[str] = ()
    """A short text under each image."""
    size: int = 64
    """Width of an image in CSS pixels."""
    marked: int | None = None
    """The image that has a frame around it."""
    one_row: bool = False
    """Keep all images in one row, as wide as the page."""
    columns: int | None = None
    """A close grid of so many columns, which is one stop for the Tab key; the arrow keys move in it. Its images are at
    most ``size`` wide, and smaller where the page is."""
    row_names: Sequence[str] = ()
    """A heading before each row of such a grid."""
    pickable: bool = False
    """Whether a click picks an image; set by ``gallery``."""

    def to_data(self) -> dict[str, Any]:
        """As the browser gets it: images as data URLs."""
        images = [
            f"data:image/png;base64,{base64.b64encode(media.png_bytes(image)).decode()}"
            for image in media.to_uint8(self.images)
        ]
        return super().to_data() | {"images": images}


def gallery(props: GalleryProps, *, key: str, on_pick: Callable[[int], None] | None = None) -> None:
    """Show images; a click, Enter or Space calls ``on_pick`` with an image's position, before the page runs again.

    Without ``on_pick`` they cannot be picked. The key tells the galleries of a page apart.
    """

    def picked() -> None:
        position = st.session_state[key].get("picked")
        if on_pick is not None and isinstance(position, int) and 0 <= position < len(props.images):
            on_pick(position)

    data = replace(props, pickable=on_pick is not None).to_data()
    _component(key=key, data=data, on_picked_change=picked)


def picture(image: np.ndarray, name: str, *, key: str, size: int) -> None:
    """Show one image (C, H, W) in [0, 1], ``size`` CSS pixels wide; ``name`` is its alt text.

    The pixels travel with the message, so that an image which changes quickly is never missing when the browser
    comes to fetch it.
    """
    gallery(GalleryProps(image[None], [name], size=size), key=key)
