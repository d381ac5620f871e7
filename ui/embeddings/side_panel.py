"""Beside the map: the images that are selected, or else the current point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.components.gallery import GalleryProps, gallery
from ui.components.map import Points
from ui.frame import notify, plain
from ui.shared import pickers
from ui.state import directions, loaders, point

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet
    from vae_core.latent.space import LatentSpace

MOST_SHOWN = 40
SIZE = 46
CURRENT_SIZE = 104
SAME = 2e-3  # a code in the address is rounded to three digits


@dataclass
class Selection:
    """What a visitor has selected of some points; ``revision`` rises when the page changes it, not the map."""

    points: str
    chosen: np.ndarray
    revision: int = 0

    def positions(self) -> np.ndarray:
        """Positions of the selected points, in order."""
        return np.flatnonzero(self.chosen)


def selection(points: Points) -> Selection:
    """The session's selection of these points."""
    kept = st.session_state.get("map_selection")
    if not isinstance(kept, Selection) or kept.points != points.key:
        kept = Selection(points.key, np.zeros(len(points.indices), bool), (kept.revision if kept else 0) + 1)
        st.session_state["map_selection"] = kept
    return kept


def select(points: Points, chosen: np.ndarray) -> None:
    """Take up what was selected on the map."""
    selection(points).chosen = chosen


def clear(points: Points) -> None:
    """Select nothing."""
    kept = selection(points)
    kept.chosen = np.zeros_like(kept.chosen)
    kept.revision += 1


def images(checkpoint: Checkpoint, space: LatentSpace, images: ImageSet, points: Points) -> None:
    """The selected images, or the current one."""
    positions = selection(points).positions()
    if len(positions):
        _selected(checkpoint, space, images, points, positions)
    else:
        _current(checkpoint, space, images)
        st.caption(
            "Click a point to make it the current point on all pages. Drag with Shift held down, or use the lasso, to "
            "select points. Zoom in to see images instead of points."
        )


def _selected(
    checkpoint: Checkpoint, space: LatentSpace, images: ImageSet, points: Points, positions: np.ndarray
) -> None:
    codes = loaders.test_codes(checkpoint).codes
    mean = codes[points.indices[positions]].mean(0)
    label = _commonest(points, positions)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"{len(positions):,} selected", anchor=False)
        st.button("Clear", icon=":material/close:", type="tertiary", on_click=clear, args=(points,))
    if points.labels is not None:
        st.caption(_counts(points, positions))
    labels = np.array([label]) if label is not None else None
    source = f"the mean of {len(positions):,} codes"
    left, right = st.columns([1, 3], vertical_alignment="center", gap="small")
    with left:
        gallery(
            GalleryProps(space.decode(mean[None], labels), ["The decoded mean of the selected codes"], size=64),
            key="mean",
        )
    with right, st.container(horizontal=True, gap="small"):
        st.button(
            "Go to the mean",
            on_click=point.move_to,
            args=(mean, source),
            kwargs={"label": label},
            help="Make the mean of the selected codes, decoded on the left, the current point",
        )
        st.button("Pin", icon=":material/keep:", on_click=_pin, args=(mean, source, label))
        st.button(
            "Use as direction",
            icon=":material/arrow_outward:",
            on_click=_keep_direction,
            args=(checkpoint, space, points),
            disabled=len(positions) == len(points.indices),
            help="Turn the direction from the mean of all other codes to the mean of these into a slider on Explore",
        )
    if kept := directions.kept(checkpoint):
        st.page_link(
            "pages/explore.py",
            label=f"Explore the direction towards {plain(kept[-1].name)}",
            icon=":material/tune:",
            query_params=point.address_of(checkpoint.name, point.current()) | directions.address_of(kept),
        )
    step = max(1, -(-len(positions) // MOST_SHOWN))
    shown = points.indices[positions[::step]]
    originals = images.images[shown] / np.float32(255)
    labels = images.labels[shown] if space.classes and images.labels is not None else None
    pairs = np.concatenate([originals, space.decode(codes[shown], labels)], axis=2)
    part = f"{len(shown)} of them: above" if len(shown) < len(positions) else "Above"
    st.caption(f"{part} the image, below its reconstruction")
    gallery(
        GalleryProps(
            pairs,
            [f"{pickers.picture_name(images, int(index))} and its reconstruction" for index in shown],
            size=SIZE,
            marked=pickers.position_of(point.current().image, shown),
        ),
        key="selected",
        on_pick=lambda position: pickers.move_to_test_image(checkpoint, int(shown[position])),
    )
    pickers.link_to_explore(checkpoint, images)


def _keep_direction(checkpoint: Checkpoint, space: LatentSpace, points: Points) -> None:
    """Make a slider for Explore of the selection."""
    chosen = selection(points).chosen
    label = _commonest(points, np.flatnonzero(chosen))
    name = f"{np.count_nonzero(chosen)} images" if label is None else str(points.names[label])
    codes = loaders.test_codes(checkpoint).codes[points.indices]
    if not directions.keep_selection(checkpoint, space, codes, chosen, name):
        notify("The selected codes have the same mean as the others: there is no direction towards them.")


def _pin(code: np.ndarray, source: str, label: int | None) -> None:
    """Pin a code under the first free letter, and leave the current point where it is."""
    trail = point.trail()
    before = trail.now
    point.move_to(code, source, label=label)
    point.pin()
    if trail.now != before:
        point.undo()


def _commonest(points: Points, positions: np.ndarray) -> int | None:
    return None if points.labels is None else int(np.bincount(points.labels[positions]).argmax())


def _counts(points: Points, positions: np.ndarray) -> str:
    """How many points of each class, the largest first, in one line."""
    assert points.labels is not None
    counted = np.bincount(points.labels[positions], minlength=len(points.names))
    most_first = [label for label in np.argsort(-counted, kind="stable") if counted[label]]
    return " · ".join(f"{plain(points.names[label])} **{counted[label]:,}**" for label in most_first)


def is_test_image(checkpoint: Checkpoint, now: point.Point) -> bool:
    """Whether a point is the code of the test image that it names; a link may claim one wrongly."""
    codes = loaders.test_codes(checkpoint).codes
    if now.image is None or now.image >= len(codes):
        return False
    return bool(np.allclose(codes[now.image], now.array(), atol=SAME, rtol=SAME))


def _current(checkpoint: Checkpoint, space: LatentSpace, images: ImageSet) -> None:
    """The current point's image, with the original if it is a test image."""
    now = point.current()
    decoded = space.decode(now.array()[None], now.labels())
    if now.image is not None and is_test_image(checkpoint, now):
        name = pickers.picture_name(images, now.image)
        shown = np.concatenate([images.images[now.image : now.image + 1] / np.float32(255), decoded])
        gallery(
            GalleryProps(
                shown, [name, f"Reconstruction of {name}"], size=CURRENT_SIZE, captions=["original", "decoded"]
            ),
            key="current",
        )
        st.caption(plain(name))
        pickers.link_to_explore(checkpoint, images)
        return
    gallery(
        GalleryProps(decoded, [f"The image decoded from the current code: {now.source}"], size=CURRENT_SIZE),
        key="current",
    )
    st.caption(f"Now: {plain(now.source)}")
    st.page_link(
        "pages/explore.py",
        label="Explore this point",
        icon=":material/tune:",
        query_params=point.address_of(checkpoint.name, now),
    )
