"""What is marked on a map, and how the current point follows the sliders beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.components.map import CURRENT_POINT, Following, Mark
from ui.embeddings import coordinates, own_image, side_panel
from ui.embeddings.loading import Map
from ui.embeddings.scene import Scene
from ui.shared import pickers
from ui.state import loaders, point
from vae_core import maps

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint

MOVE = "Move"  # the panel with the sliders


def marks(scene: Scene, checkpoint: Checkpoint, shown: Map) -> list[Mark]:
    """The current point, pinned ones, and the visitor's own image, on a map of a model."""
    trail, same_model = point.trail(), checkpoint.digest == scene.checkpoint.digest
    marked: list[Mark] = []
    if side_panel.is_test_image(scene.checkpoint, trail.now):
        if (position := pickers.position_of(trail.now.image, scene.indices)) is not None:
            marked.append(Mark(CURRENT_POINT, "current", position))
    elif same_model:
        marked += _placed(scene, CURRENT_POINT, trail.now.array(), shown, "current")
    if same_model:
        for letter, pinned in trail.pins.items():
            marked += _placed(scene, letter, pinned.array(), shown, "pin")
    own = own_image.own_image_of(checkpoint)
    placement = None if own is None else scene.place(shown, own.code, own.image)
    if placement is not None:
        marked = [mark for mark in marked if mark.position is not None or mark.kind == "pin"]
        at = {shown.key: placement.at.tolist()}
        marked.append(Mark("your image", "own", at=at, links=placement.near.tolist()))
    return marked


def _placed(scene: Scene, label: str, code: np.ndarray, shown: Map, kind: str) -> list[Mark]:
    placement = scene.place(shown, code)
    return [] if placement is None else [Mark(label, kind, at={shown.key: placement.at.tolist()})]


def following(scene: Scene, checkpoint: Checkpoint, shown: Map) -> Following | None:
    """How the current point follows the sliders beside the map, if they are shown and belong to this model."""
    if st.session_state.get("map_panel") != MOVE or checkpoint.digest != scene.checkpoint.digest:
        return None
    packed = loaders.quietly(lambda: loaders.packed_decoder(checkpoint))
    if packed is None or isinstance(packed, str) or shown.source == "pixels":
        return None
    if shown.request is None:
        return Following(packed.key, axes=np.eye(2).tolist())
    if shown.request.method == "pca":
        codes = coordinates.mapped(checkpoint, shown, scene.indices)
        mean, axes = maps.plane(shown.request, checkpoint, codes)
        return Following(packed.key, mean.tolist(), axes.T.tolist())
    return Following(packed.key)


def how_it_follows(shown: Map) -> str:
    """In words, how the current point moves on a map while its code is being moved."""
    if shown.request is None or shown.request.method == "pca":
        return "On the map the current point moves along exactly."
    rule = maps.described(shown.request)
    if shown.source == "pixels":
        return f"When you let go, the current point settles {rule}."
    return f"The current point stays with its nearest images on the map; when you let go, it settles {rule}."
