"""The panel beside the maps: selected images, sliders, quality of the map, the visitor's own image, files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from ui.embeddings import own_image, side_panel, trust
from ui.embeddings.loading import Map
from ui.embeddings.marks import MOVE, how_it_follows
from ui.embeddings.scene import Scene
from ui.shared import live_point, pickers
from ui.shared.exports import csv_bytes
from ui.state import loaders

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint

IMAGES, TRUST, OWN, FILES = "Images", "Trust", "Yours", "Files"


def show(scene: Scene, shown: Map | None, other: tuple[Checkpoint, Map] | None = None) -> None:
    """One kind of details at a time, for the first map and the one beside it."""
    kind = st.segmented_control(
        "Details",
        [IMAGES, MOVE, TRUST, OWN, FILES],
        default=IMAGES,
        key="map_panel",
        required=True,
        label_visibility="collapsed",
    )
    if kind == MOVE:
        if shown is not None:
            st.caption(how_it_follows(shown))
        live_point.show_compact(scene.checkpoint, scene.space)
    elif kind == TRUST:
        _trust(scene, shown, other)
    elif kind == OWN:
        own = own_image.own_image_of(scene.checkpoint)
        placement = None if own is None or shown is None else scene.place(shown, own.code, own.image)
        own_image.show(scene.checkpoint, scene.images, scene.points, placement)
    elif kind == FILES:
        _files(scene, shown)
    else:
        side_panel.images(scene.checkpoint, scene.space, scene.images, scene.points)


def _trust(scene: Scene, shown: Map | None, other: tuple[Checkpoint, Map] | None) -> None:
    if shown is None:
        st.caption("These scores appear once the map has been computed.")
    elif other is None:
        trust.panel(scene.checkpoint, shown, scene.points, key="first")
    else:
        left, right = st.columns(2, gap="medium")
        with left:
            trust.panel(scene.checkpoint, shown, scene.points, key="first")
        with right:
            trust.panel(*other, scene.points, key="second")


def _files(scene: Scene, shown: Map | None) -> None:
    """The map as a table."""
    if shown is None:
        st.caption("The table appears once the map has been computed.")
        return
    st.download_button(
        "CSV: index, class, code, coordinates",
        _table(scene, shown),
        f"{scene.checkpoint.name}-map.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
    st.caption("To save what you see as PNG or SVG, use the buttons on the map.")


def _table(scene: Scene, shown: Map) -> Callable[[], bytes]:
    """What makes the table of a map as CSV."""

    def make() -> bytes:
        codes = loaders.test_codes(scene.checkpoint).codes[scene.indices]
        names = [pickers.class_name(scene.images, int(index)) for index in scene.indices]
        rows = []
        for index, name, code, at in zip(scene.indices, names, codes, shown.coordinates, strict=True):
            row: dict[str, object] = {"test image": int(index), "class": name}
            row |= {f"z{dimension}": f"{value:.5g}" for dimension, value in enumerate(code)}
            row |= {axis: f"{value:.5g}" for axis, value in zip(("x", "y", "z"), at, strict=False)}
            rows.append(row)
        return csv_bytes(rows)

    return make
