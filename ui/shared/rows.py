"""Rows of images with their names on the left, in columns that all rows of a page share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from ui.components.gallery import GalleryProps, gallery
from ui.frame import plain

NAME_WIDTH, IMAGES_WIDTH = 1, 6  # of a row's name and of its images


class ImageRow(NamedTuple):
    """A row of images with its name on the left."""

    title: str
    note: str
    images: np.ndarray
    """(N, C, H, W) in [0, 1]."""
    description: str
    """What was done to each image, for those who cannot see it."""
    key: str
    captions: Sequence[str] = ()
    """A short text under each image, or nothing."""


def show_row(
    row: ImageRow, names: Sequence[str], *, on_pick: Callable[[int], None] | None = None, marked: int | None = None
) -> None:
    """Show a row; all rows of a page have their images in the same columns.

    Args:
        row: what to show.
        names: what each image is.
        on_pick: called with an image's position when it is clicked; None shows images that cannot be.
        marked: the image to put a frame around.
    """
    left, right = st.columns([NAME_WIDTH, IMAGES_WIDTH], vertical_alignment="center", gap="small")
    lines = ([f"**{plain(row.title)}**"] if row.title else []) + ([f":small[{plain(row.note)}]"] if row.note else [])
    left.markdown("  \n".join(lines))
    alts = [f"{name}, {row.description}" if row.description else name for name in names]
    if row.captions:
        alts = [f"{alt}, {caption}" for alt, caption in zip(alts, row.captions, strict=True)]
    with right:
        gallery(
            GalleryProps(row.images, alts, one_row=True, captions=row.captions, marked=marked),
            key=row.key,
            on_pick=on_pick,
        )
