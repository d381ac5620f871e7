"""scikit-learn's 1,797 digits of 8x8 pixels (UCI, Alpaydin & Kaynak 1998)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vae_core.config import DataConfig
from vae_core.data.base import DataSource, ImageSet, Split, register
from vae_core.data.mnist import DIGIT_CLASSES

TEST_EVERY = 5


def _read(config: DataConfig, split: Split, root: Path) -> ImageSet:
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)[:, None]
    chosen = (np.arange(len(images)) % TEST_EVERY == 0) == (split == "test")
    return ImageSet(images[chosen], digits.target[chosen].astype(np.int64), DIGIT_CLASSES)


register(
    "digits",
    DataSource(
        "Digits of 8x8 pixels (UCI)", "CC BY 4.0", _read, split="every fifth image is a test image", embedded=True
    ),
)
