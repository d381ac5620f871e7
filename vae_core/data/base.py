"""What every image set shares: the images in memory, and the register of sets."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from vae_core.config import DataConfig, UserError
from vae_core.files import user_folder

Split = Literal["train", "validation", "test"]


class DataError(UserError):
    """An image set that is unknown, absent or unusable."""


class DataMissingError(DataError):
    """A set that is known but is not in the data root."""


@dataclass(frozen=True)
class ImageSet:
    """Images in memory, or mapped into it from a file, and what is known of each of them."""

    images: np.ndarray
    """uint8 (N, C, H, W)."""
    labels: np.ndarray | None
    """int64 (N,), the class of each image; None where there are no classes."""
    class_names: tuple[str, ...] = ()
    """A name for each label."""
    attributes: np.ndarray | None = None
    """bool (N, K), for sets whose images have several independent properties; None where there are none."""
    attribute_names: tuple[str, ...] = ()
    """A name for each attribute."""
    groups: np.ndarray | None = None
    """int64 (N,), equal for images of the same person or thing, which are never parted by a split."""

    def __len__(self) -> int:
        return len(self.images)

    def part(self, chosen: slice | np.ndarray) -> ImageSet:
        """The images of a slice, or of an array of indices, with all that is known of them."""
        labels, attributes, groups = (
            None if array is None else array[chosen] for array in (self.labels, self.attributes, self.groups)
        )
        return ImageSet(self.images[chosen], labels, self.class_names, attributes, self.attribute_names, groups)


Reader = Callable[[DataConfig, Split, Path], ImageSet]


@dataclass(frozen=True)
class DataSource:
    """One entry of DATASETS: what people should know of a set, and how to read a split of it."""

    title: str
    licence: str
    read: Reader
    """Reads one split, ``train`` or ``test``, from a data root. A reader that decodes images gives the size and the
    channels that the configuration asks for; others may leave that to ``load_images``."""
    fetch: Callable[[Path], None] | None = None
    """Downloads the set into a data root; None for sets that cannot be fetched or need no fetching."""
    split: str = "as the set comes"
    """How training and test images are told apart, in a few words."""
    embedded: bool = False
    """Whether its test images come with the program."""


DATASETS: dict[str, DataSource] = {}
"""Every set that can be asked for by name."""


def register(name: str, source: DataSource) -> None:
    """Enter a set under the name that a DataConfig holds."""
    DATASETS[name] = source


def data_root(root: Path | None = None) -> Path:
    """The folder that holds image sets: the argument, else ``LATENT_DATA``, else the user's cache folder."""
    if root is not None:
        return root
    if named := os.environ.get("LATENT_DATA"):
        return Path(named)
    return user_folder("data")


def find_first(name: str, root: Path, places: tuple[str, ...], hint: str) -> Path:
    """The first of several places in the data root that exists.

    Raises:
        DataMissingError: if none does; ``hint`` says where to put what.
    """
    for place in places:
        if (root / place).exists():
            return root / place
    raise DataMissingError(f"{name} is not in {root}; {hint}")
