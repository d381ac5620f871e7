"""Image sets by name: where they come from, how they are read, and how they are split.

A set is one uint8 array. Nothing here needs torch; torchvision is imported only to fetch a set. A module in this folder
that registers a set is picked up by itself.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Literal

import numpy as np

from vae_core.config import DataConfig
from vae_core.data.base import (
    DATASETS,
    DataError,
    DataMissingError,
    DataSource,
    ImageSet,
    Split,
    data_root,
    register,
)
from vae_core.data.decoding import fit_array
from vae_core.data.folder import FOLDER_PREFIX, read_folder

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = [
    "DATASETS",
    "FOLDER_PREFIX",
    "DataError",
    "DataMissingError",
    "DataSource",
    "ImageSet",
    "Split",
    "binarise",
    "data_root",
    "describe",
    "load_images",
    "register",
]


def load_images(config: DataConfig, split: Split, *, root: Path | None = None, fetch: bool = False) -> ImageSet:
    """Load one split of an image set, in the size and number of channels that ``config`` asks for.

    Args:
        config: which set.
        split: ``train``, ``test``, or ``validation``: the images that ``config.validation`` keeps out of ``train``.
        root: the data root; see ``data_root``.
        fetch: download a set that is not in the data root, with progress and checksums.

    Raises:
        DataError: the set is unknown, damaged, or unusable.
        DataMissingError: the set is not in the data root and was not to be, or could not be, fetched.
    """
    if split == "test":
        return _load_split(config, split, root, fetch)
    whole = _load_split(config, "train", root, fetch)
    kept = len(whole) - config.validation
    if kept < 1:
        raise DataError(f"validation is {config.validation}, but {config.name} has only {len(whole)} training images")
    if config.validation == 0 and split == "train":
        return whole
    return whole.part(slice(kept) if split == "train" else slice(kept, None))


def binarise(images: np.ndarray, seed: int) -> np.ndarray:
    """Images uint8 (N, C, H, W), each pixel 255 with its grey value as probability, else 0."""
    thresholds = np.random.default_rng(seed).random(images.shape, np.float32)
    return np.where(thresholds * 255 < images, np.uint8(255), np.uint8(0))


def describe(name: str) -> DataSource:
    """What people should know of a set, by the name that a configuration holds.

    Raises:
        DataError: if there is no such set.
    """
    if name.startswith(FOLDER_PREFIX):
        folder = Path(name.removeprefix(FOLDER_PREFIX))
        return DataSource(f"Images in {folder.name}", "the owner's", read_folder, split="by a hash of the file names")
    if name not in DATASETS:
        raise DataError(
            f"there is no data set called {name!r}; choose one of {', '.join(DATASETS)}, or {FOLDER_PREFIX}PATH"
        )
    return DATASETS[name]


def _load_split(config: DataConfig, split: Literal["train", "test"], root: Path | None, fetch: bool) -> ImageSet:
    """The whole of one of the two splits that a set comes with."""
    source, folder = describe(config.name), data_root(root)
    try:
        images = source.read(config, split, folder)
    except DataMissingError:
        if not (fetch and source.fetch):
            raise
        source.fetch(folder)
        images = source.read(config, split, folder)
    return fit_array(images, config)
