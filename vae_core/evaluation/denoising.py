"""Noise on images, always the same, and how well it is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vae_core.evaluation import metrics
from vae_core.evaluation.record import Denoising

if TYPE_CHECKING:
    from vae_core.data import ImageSet
    from vae_core.latent.space import LatentSpace

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


def evaluate_denoising(space: LatentSpace, test: ImageSet, train: ImageSet) -> Denoising:
    """How well a denoising model removes from test images the noise that it was trained with.

    PCA of clean training images stands beside it, with as many components as the code has dimensions or, if there are
    fewer images, as they span.
    """
    from vae_core.evaluation.baseline import principal_components

    deviation = space.run.model.noise
    clean = test.images.astype(np.float32) / 255
    noisy = add_noise(clean, deviation)
    labels = test.labels
    pca = principal_components(space.run.data, min(space.latent, len(train) - 1), train)

    def error(images: np.ndarray) -> float:
        return float(f"{metrics.mse(clean, images).mean():.6g}")

    return Denoising(
        noise=deviation,
        seed=SEED,
        mse=error(space.reconstruct(noisy, labels)),
        noisy_mse=error(np.clip(noisy, 0, 1)),
        pca_mse=error(pca.reconstruct(noisy)),
        pca_components=pca.latent,
    )
