"""Write the embedded Fashion-MNIST files under vae_core/data/samples from the full set in the data root.

The test file holds the whole test split. The training file holds 1,000 images of each class, drawn at random
with seed 0 and kept in their original order.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vae_core.data import data_root
from vae_core.data.fashion_mnist import FASHION_CLASSES
from vae_core.data.idx import read_idx

SAMPLES = Path(__file__).parent.parent / "vae_core" / "data" / "samples"
IMAGES_PER_CLASS = 1000


def main() -> None:
    """Write both files."""
    SAMPLES.mkdir(exist_ok=True)
    generator = np.random.default_rng(0)
    for split, name in (("test", "fashion-mnist-test"), ("train", "fashion-mnist-train-10k")):
        full = read_idx(data_root(), "fashion-mnist", "FashionMNIST", split, FASHION_CLASSES)  # type: ignore[arg-type]
        labels = full.labels
        assert labels is not None
        chosen = np.arange(len(full))
        if split == "train":
            draws = [
                generator.choice(np.flatnonzero(labels == label), IMAGES_PER_CLASS, replace=False)
                for label in range(len(FASHION_CLASSES))
            ]
            chosen = np.sort(np.concatenate(draws))
        np.savez_compressed(
            SAMPLES / f"{name}.npz", images=full.images[chosen, 0], labels=labels[chosen].astype(np.uint8)
        )


if __name__ == "__main__":
    main()
