"""The Compare page's reconstructions: each model's images, error maps on one scale, figures, and files of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.compare import ranking, tables
from ui.compare.comparison import PER_IMAGE, Baselines, Outcome, brief, caption, explain, reconstruct
from ui.components.gallery import GalleryProps, gallery
from ui.shared import exports, pickers
from ui.shared.rows import ImageRow, show_row
from ui.state import address, loaders, point
from vae_core import media
from vae_core.evaluation.errors import largest_error
from vae_core.evaluation.record import FIGURES

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint

RAMP = 160  # CSS pixels
HEADINGS = {FIGURES[name].heading: name for name in PER_IMAGE}


def show(checkpoint: Checkpoint, models: Sequence[Checkpoint], baselines: Baselines) -> None:
    """The chosen images through the models, and their figures beside PCA's."""
    images = loaders.attempt(lambda: loaders.test_images(checkpoint))
    if images is None:
        return
    chosen = ranking.choose_pictures(checkpoint, images)
    with st.container(horizontal=True, vertical_alignment="center"):
        figure = (
            st.segmented_control(
                "Figure below each image",
                list(HEADINGS),
                default=address.FIGURE.default,
                key=address.FIGURE.name,
                required=True,
                bind=address.BIND,
                label_visibility="collapsed",
            )
            or "MSE"
        )  # an empty parameter in the address unselects
        with_errors = st.toggle("Error maps", value=address.ERRORS.default, key=address.ERRORS.name, bind=address.BIND)
        scale = st.container(width="content")

    with st.spinner("Reconstructing …", show_time=False):
        everyone = [
            outcome
            for some, baseline in ((baselines.available, True), (models, False))
            for model in some
            if (outcome := loaders.attempt(partial(reconstruct, model, images, chosen, baseline=baseline)))
        ]
    largest = largest_error((one.originals, one.decoded) for one in everyone)
    if with_errors and everyone:
        with scale:
            show_error_scale(largest)

    names = [pickers.picture_name(images, int(index)) for index in chosen]
    classes = [pickers.class_name(images, int(index)) for index in chosen]
    originals = images.images[chosen] / np.float32(255)
    original = ImageRow("Original", "click one to make it the current point", originals, "", "originals", classes)
    show_row(
        original,
        names,
        marked=pickers.position_of(point.current().image, chosen),
        on_pick=lambda position: pickers.move_to_test_image(checkpoint, int(chosen[position])),
    )
    shown = [rows_of(outcome, HEADINGS[figure], largest if with_errors else None) for outcome in everyone]
    for rows in shown:
        with st.container(gap="xxsmall"):
            for row in rows:
                show_row(row, names)
    pickers.link_to_explore(checkpoint, images)
    if not everyone:
        return

    st.subheader("Means over these images", anchor=False)
    tables.show_table(tables.shown_table(everyone))
    explain(baselines)
    with st.container(horizontal=True):
        exports.download(
            "Images as PNG",
            "comparison.png",
            lambda: exports.sheet_png(
                [original._replace(captions=()), *(row for rows in shown for row in rows)], headings(chosen, classes)
            ),
        )
        exports.download(
            "Figures as CSV",
            "comparison.csv",
            lambda: exports.csv_bytes(tables.image_records(everyone, images, chosen)),
        )


def headings(chosen: np.ndarray, classes: Sequence[str]) -> list[str]:
    """Index and class of each image, for a sheet."""
    return [f"{index} {name}" for index, name in zip(chosen, classes, strict=True)]


def rows_of(outcome: Outcome, figure: str, largest: float | None) -> list[ImageRow]:
    """A model's reconstructions with a figure under each, and its error maps.

    Args:
        outcome: the images and their reconstructions.
        figure: which of PER_IMAGE to show.
        largest: the end of the error maps' scale; None leaves them out.
    """
    name, key = outcome.name, outcome.checkpoint.name
    captions = [caption(figure, float(value)) for value in outcome.figures[figure]]
    about = brief(outcome.checkpoint)
    rows = [ImageRow(name, about, outcome.decoded, f"reconstructed by {name}", f"decoded_{key}", captions)]
    if largest is not None:
        errors = media.error_map(outcome.originals, outcome.decoded, largest)
        rows.append(ImageRow("", f"its error, 0 to {largest:.2f}", errors, f"error of {name}", f"errors_{key}"))
    return rows


def show_error_scale(largest: float) -> None:
    """The key to the error maps' colours."""
    ramp = np.tile(np.linspace(0, 1, RAMP, dtype=np.float32), (1, 1, 8, 1))
    colours = media.error_map(ramp, np.zeros_like(ramp), 1.0)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.caption("Absolute difference of pixels, for all models: from 0", width="content")
        with st.container(width=RAMP + 10):
            gallery(
                GalleryProps(colours, ["black through purple and orange to pale yellow"], size=RAMP), key="error_scale"
            )
        st.caption(f"to {largest:.2f}", width="content")
