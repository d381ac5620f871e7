"""Which test images the Compare page shows: chosen at random, or ranked by a model's error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.shared import models, pickers
from ui.state import address, loaders
from vae_core.evaluation.errors import extreme_of_classes, order_by_error, reconstruction_errors

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet

PICTURES = 10
MOST_CLASSES = 16  # images in a row; more would be too small to see
RANDOM, WORST, BEST = "Random", "Worst", "Best"
WORST_OF_CLASSES, BEST_OF_CLASSES = "Worst of each class", "Best of each class"
OF_CLASSES = frozenset({WORST_OF_CLASSES, BEST_OF_CLASSES})
CURRENT = "the current model"


def choose_pictures(checkpoint: Checkpoint, images: ImageSet) -> np.ndarray:
    """Indices of the test images to show; every choice is in the address."""
    labelled = images.labels is not None and bool(images.class_names)
    selections = [RANDOM, WORST, BEST] + ([WORST_OF_CLASSES, BEST_OF_CLASSES] if labelled else [])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        selection = st.selectbox(
            "Pictures", selections, key=address.PICTURES.name, width=190, bind=address.BIND, filter_mode=None
        )
        if selection == RANDOM:
            drawn = pickers.draw_test_images(images, PICTURES)
            if not (sort := _pick_order()):
                return drawn
            judge = _pick_judge(checkpoint)
        else:
            drawn = np.arange(min(PICTURES, len(images)))
            only = None if selection in OF_CLASSES else pickers.pick_drawn_class(images)
            judge = _pick_judge(checkpoint)
            sort = selection in OF_CLASSES and _pick_order()
    errors = loaders.attempt(lambda: split_errors(judge))
    if errors is None:
        return drawn
    if selection != RANDOM:
        drawn = ranked(errors, images.labels, selection, only)
    if selection in OF_CLASSES and (classes := len(images.class_names)) > MOST_CLASSES:
        st.caption(f"The first {MOST_CLASSES} of {classes} classes.")
    return drawn[np.argsort(-errors[drawn], kind="stable")] if sort else drawn


def _pick_order() -> bool:
    """Whether the pictures with the largest error come first."""
    return st.toggle("Worst first", key=address.SORTED.name, bind=address.BIND, help=address.SORTED.help)


def _pick_judge(checkpoint: Checkpoint) -> Checkpoint:
    """The model whose error ranks the pictures; the current one if nothing else is chosen."""
    known = {other.name: other for other in models.comparable_models(checkpoint)}
    options = [CURRENT, *known]
    if st.session_state.get("judge", CURRENT) not in options:
        del st.session_state["judge"]  # left over from other images
    chosen = st.selectbox("By the MSE of", options, key=address.JUDGE.name, width=190, bind=address.BIND)
    return known.get(chosen or CURRENT, checkpoint)


def ranked(errors: np.ndarray, labels: np.ndarray | None, selection: str, only: int | None = None) -> np.ndarray:
    """Indices of test images: the worst or the best, or the worst or best one of each class in the classes' order.

    Args:
        errors: (N,) a figure of each image, larger is worse.
        labels: (N,) or None.
        selection: one of the choices but RANDOM.
        only: rank the images of this class only.
    """
    worst = selection in (WORST, WORST_OF_CLASSES)
    if selection in OF_CLASSES and labels is not None:
        return extreme_of_classes(errors, labels, worst=worst)[:MOST_CLASSES]
    order = order_by_error(errors, worst=worst)
    if only is not None and labels is not None:
        order = order[labels[order] == only]
    return order[:PICTURES]


def split_errors(checkpoint: Checkpoint) -> np.ndarray:
    """MSE (N,) of the reconstruction of each test image.

    Raises:
        UserError: if the images are not here or the model cannot be opened.
    """
    return _split_errors(checkpoint.name, checkpoint.digest, checkpoint)


@st.cache_resource(max_entries=32, show_spinner="Reconstructing the test images …")
def _split_errors(name: str, digest: str, _checkpoint: Checkpoint) -> np.ndarray:
    errors = reconstruction_errors(loaders.open_space(_checkpoint), loaders.test_images(_checkpoint))
    errors.setflags(write=False)
    return errors
