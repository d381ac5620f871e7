"""MNIST (LeCun, Cortes & Burges 1998)."""

from __future__ import annotations

from pathlib import Path

from vae_core.config import DataConfig
from vae_core.data.base import DataSource, ImageSet, Split, register
from vae_core.data.idx import fetch_torchvision, read_idx

DIGIT_CLASSES = tuple(str(digit) for digit in range(10))


def _read(config: DataConfig, split: Split, root: Path) -> ImageSet:
    return read_idx(root, "mnist", "MNIST", split, DIGIT_CLASSES)


register("mnist", DataSource("MNIST", "CC BY-SA 3.0", _read, fetch_torchvision("MNIST", "mnist")))
