"""How well a model encodes each single image."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vae_core.evaluation import metrics

if TYPE_CHECKING:
    from vae_core.data import ImageSet
    from vae_core.latent.space import LatentSpace


class ImageFigures(NamedTuple):
    """Figures of N images."""

    squared_error: np.ndarray
    """(N,) mean squared error of each reconstruction, per pixel."""
    kl: np.ndarray
    """(N,) KL of each posterior to the prior in nats; 0 for a deterministic model."""


def evaluate_images(space: LatentSpace, images: ImageSet, codes: np.ndarray) -> ImageFigures:
    """The figures of each image, whose posterior means (N, D) are known already."""
    decoded = space.decode(codes, images.labels)
    _, kl = space.objective(images.images, images.labels)
    return ImageFigures(metrics.mse(images.images / np.float32(255), decoded), kl.sum(1))
