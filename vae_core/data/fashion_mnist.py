"""Fashion-MNIST (Xiao, Rasul & Vollgraf 2017); its test split and a sixth of its training split are embedded."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

import numpy as np

from vae_core.config import DataConfig
from vae_core.data.base import DataSource, ImageSet, Split, register
from vae_core.data.idx import fetch_torchvision, read_idx

FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def _read_embedded(name: str) -> ImageSet:
    """Read one of the files under ``samples/``, which come with the program."""
    resource = importlib.resources.files("vae_core.data").joinpath("samples", f"{name}.npz")
    with importlib.resources.as_file(resource) as path, np.load(path) as stored:
        return ImageSet(stored["images"][:, None], stored["labels"].astype(np.int64), FASHION_CLASSES)


def _read_small(config: DataConfig, split: Split, root: Path) -> ImageSet:
    return _read_embedded("fashion-mnist-test" if split == "test" else "fashion-mnist-train-10k")


def _read(config: DataConfig, split: Split, root: Path) -> ImageSet:
    if split == "test":  # the embedded file is the whole test split
        return _read_embedded("fashion-mnist-test")
    return read_idx(root, "fashion-mnist", "FashionMNIST", split, FASHION_CLASSES)


register(
    "fashion-mnist-small",
    DataSource("Fashion-MNIST, 10,000 of the training images", "MIT (Zalando SE)", _read_small, embedded=True),
)
register(
    "fashion-mnist",
    DataSource(
        "Fashion-MNIST", "MIT (Zalando SE)", _read, fetch_torchvision("FashionMNIST", "fashion-mnist"), embedded=True
    ),
)
