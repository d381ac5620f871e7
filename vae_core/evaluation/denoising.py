"""Noise on images, always the same, and how well it is removed."""

from __future__ import annotations

import numpy as np

SEED = 0


def add_noise(clean: np.ndarray, deviation: float, chosen: np.ndarray | None = None) -> np.ndarray:
    """Images (N, C, H, W) with Gaussian noise of a standard deviation, float32, not cut off at 0 and 1.

    Each test image always gets the same noise, whichever others are beside it.

    Args:
        clean: float images in [0, 1].
        deviation: of the noise.
        chosen: (N,) the images' indices in their split; None if they are all of it, in order.
    """
    indices = range(len(clean)) if chosen is None else chosen
    noisy = np.empty(clean.shape, np.float32)
    for place, index in enumerate(indices):
        noise = np.random.default_rng((SEED, int(index))).standard_normal(clean.shape[1:])
        noisy[place] = clean[place] + deviation * noise
    return noisy
