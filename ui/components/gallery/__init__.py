"""Pictures that can be clicked or reached by keyboard: each one is a button with alt text."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from vae_core import media

FOLDER = Path(__file__).parent

_component = st.components.v2.component(
    "latent_gallery",
    css=(FOLDER / "gallery.css").read_text(encoding="utf-8"),
    js=(FOLDER / "gallery.js").read_text(encoding="utf-8"),
)


def gallery(
    images: np.ndarray,
    names: Sequence[str],
    *,
    key: str,
    on_pick: Callable[[int], None] | None = None,
    size: int = 64,
    marked: int | None = None,
    captions: Sequence[str] | None = None,
    one_row: bool = False,
    columns: int | None = None,
    row_names: Sequence[str] | None = None,
) -> None:
    """Show pictures in rows; a click, Enter or Space calls ``on_pick`` with the picture's position.

    Args:
        images: (N, C, H, W) in [0, 1].
        names: what each picture is, for those who cannot see it.
        key: the component's key, one for each place on a page.
        on_pick: called before the page runs again; None shows pictures that cannot be picked.
        size: side of a picture in CSS pixels.
        marked: the picture to put a frame around.
        captions: a short text under each picture.
        one_row: keep all pictures in one row, as wide as the page.
        columns: a close grid of so many columns, which is one stop for the Tab key; the arrow keys walk in it. Its
            pictures are at most ``size`` wide, and smaller where the page is.
        row_names: a heading before each row of such a grid.
    """
    pictures = [
        f"data:image/png;base64,{base64.b64encode(media.png_bytes(picture)).decode()}"
        for picture in media.to_uint8(images)
    ]

    def picked() -> None:
        position = st.session_state[key].get("picked")
        if on_pick is not None and isinstance(position, int) and 0 <= position < len(pictures):
            on_pick(position)

    _component(
        key=key,
        data={
            "pictures": pictures,
            "names": list(names),
            "captions": list(captions or []),
            "size": size,
            "marked": marked,
            "pickable": on_pick is not None,
            "oneRow": one_row,
            "columns": columns,
            "rowNames": list(row_names or []),
        },
        on_picked_change=picked,
    )


def picture(image: np.ndarray, name: str, *, key: str, size: int) -> None:
    """Show one picture (C, H, W) in [0, 1], ``size`` CSS pixels wide; ``name`` is its alt text.

    The pixels travel with the message, so that a picture which changes quickly is never missing when the browser
    comes to fetch it.
    """
    gallery(image[None], [name], key=key, size=size)
