"""Cached, bounded access to checkpoints, models and image sets. What is cached is shared by all visitors: read only."""

from __future__ import annotations

import atexit
import gc
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import streamlit as st

from vae_core.checkpoint import BrokenCheckpoint, Checkpoint, Listing, checkpoints_folder, list_checkpoints
from vae_core.config import DataConfig, UserError
from vae_core.data import ImageSet, load_images
from vae_core.evaluation.record import Metrics

if TYPE_CHECKING:
    from vae_core.export.browser import PackedDecoder
    from vae_core.latent.space import LatentSpace

Result = TypeVar("Result")

# A PCA that is fitted while somebody waits takes a second or two with so many images, of few pixels and of many.
MOST_FITTED, MOST_LARGE_FITTED, LARGE = 10_000, 2_000, 2_000

_freeze_once = threading.Lock()
_frozen = False


@dataclass(frozen=True, eq=False)
class FittedPca(Checkpoint):
    """A PCA that was fitted here and is in no folder."""

    space: LatentSpace = field(kw_only=True)
    images: int = field(kw_only=True)
    """How many training images it was fitted to."""

    @cached_property
    def metrics(self) -> Metrics:
        """Metrics on the test split, evaluated when they are first asked for; none if its images are not here."""
        from vae_core.evaluation.evaluate import evaluate

        images = quietly(lambda: test_images(self))
        if images is None:
            return Metrics()
        with st.spinner(f"Evaluating {self.name} …"):
            return evaluate(self.space, images)


class Codes(NamedTuple):
    """Posterior means (N, D) of the test split, and the split's images and labels beside them."""

    codes: np.ndarray
    images: ImageSet


def checkpoints() -> list[Checkpoint]:
    """The checkpoints that can be opened, by name."""
    return _listing().usable


def broken_checkpoints() -> list[BrokenCheckpoint]:
    """The entries of the checkpoints folder that cannot be used, by name."""
    return _listing().broken


def _listing() -> Listing:
    """What the checkpoints folder holds now."""
    folder = checkpoints_folder()
    try:
        stamps = tuple(sorted((path.as_posix(), path.stat().st_mtime_ns) for path in folder.glob("*/*")))
        stamps += tuple(sorted((path.as_posix(), path.stat().st_mtime_ns) for path in folder.glob("*")))
    except OSError:  # a folder went away while it was being listed
        stamps = ()
    return _listed(str(folder), stamps)


@st.cache_resource(max_entries=4, show_spinner=False)
def _listed(folder: str, stamps: tuple[tuple[str, int], ...]) -> Listing:
    """The listing, as long as no file in it changes."""
    return list_checkpoints()


def open_space(checkpoint: Checkpoint) -> LatentSpace:
    """The model of a checkpoint, opened once for all visitors.

    Raises:
        UserError: if its weights cannot be used.
    """
    if isinstance(checkpoint, FittedPca):
        return checkpoint.space
    return _opened(checkpoint.name, checkpoint.digest)


@st.cache_resource(max_entries=16, show_spinner="Opening the model …")
def _opened(name: str, digest: str) -> LatentSpace:
    from vae_core.latent.space import LatentSpace, use_threads

    use_threads(1)  # quickest for single pictures, and fair to other visitors
    space = LatentSpace.open(name)
    _freeze_heap()
    return space


def fitted_pca(checkpoint: Checkpoint) -> FittedPca:
    """PCA of a model's data with as many numbers as its code, or as many as the images span; for all visitors.

    Raises:
        UserError: if the training images are not here.
    """
    return _fitted_pca(checkpoint.run.data, checkpoint.run.model.latent)


@st.cache_resource(max_entries=8, show_spinner="Fitting PCA …")
def _fitted_pca(config: DataConfig, latent: int) -> FittedPca:
    from vae_core.evaluation.baseline import principal_components
    from vae_core.evaluation.images import training_images

    train = training_images(config)
    pixels = math.prod(train.images.shape[1:])
    train = train.part(slice(MOST_LARGE_FITTED if pixels > LARGE else MOST_FITTED))
    space = principal_components(config, min(latent, len(train) - 1, pixels), train)
    name = f"{space.name}, binarised" if config.binarise else space.name
    return FittedPca(name, Path(name), space.run, space=space, images=len(train))


def packed_decoder(checkpoint: Checkpoint) -> PackedDecoder | str:
    """A model's decoder for the browser, packed once for all visitors; a line why, where it cannot run there.

    Raises:
        UserError: if the model cannot be opened.
    """
    return _packed(checkpoint.name, checkpoint.digest)


@st.cache_resource(max_entries=24, show_spinner=False)
def _packed(name: str, digest: str) -> PackedDecoder | str:
    from vae_core.export.browser import Unsupported

    try:
        return _opened(name, digest).packed()
    except Unsupported as error:
        return str(error)


def _freeze_heap() -> None:
    """Keep the garbage collector away from the libraries' objects, which never become garbage.

    Streamlit collects after every rerun; with torch loaded that walk takes longer than the rerun.
    """
    global _frozen
    with _freeze_once:
        if not _frozen:
            gc.collect()
            gc.freeze()
            atexit.register(gc.unfreeze)  # else some libraries complain of leaks at the end
            _frozen = True


def test_images(checkpoint: Checkpoint) -> ImageSet:
    """The test split of the data that a checkpoint was trained on.

    Raises:
        UserError: if the images are not here.
    """
    return load_split(checkpoint.run.data, "test")


@st.cache_resource(max_entries=6, show_spinner="Reading the images …")
def load_split(config: DataConfig, split: str) -> ImageSet:
    """One split of an image set, read once for all visitors."""
    return load_images(config, split)  # type: ignore[arg-type]


def test_codes(checkpoint: Checkpoint) -> Codes:
    """The posterior means of the test split.

    Raises:
        UserError: if the images are not here or the model cannot be opened.
    """
    return Codes(_encoded(checkpoint.name, checkpoint.digest, checkpoint), test_images(checkpoint))


@st.cache_resource(max_entries=8, show_spinner="Encoding the test images …")
def _encoded(name: str, digest: str, _checkpoint: Checkpoint) -> np.ndarray:
    space, images = open_space(_checkpoint), test_images(_checkpoint)
    codes = space.encode(images.images, images.labels)
    codes.setflags(write=False)
    return codes


def quietly(make: Callable[[], Result]) -> Result | None:
    """The result, or None if a user's error stands in its way that the page tells elsewhere."""
    try:
        return make()
    except UserError:
        return None


def attempt(make: Callable[[], Result]) -> Result | None:
    """The result, or None after showing a user's error in one line on the page."""
    try:
        return make()
    except UserError as error:
        st.warning(str(error), icon=":material/info:")
        return None
