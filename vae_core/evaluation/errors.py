"""How well a model reconstructs each image of a set, and which it reconstructs worst and best."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from vae_core.evaluation import metrics

if TYPE_CHECKING:
    from vae_core.data import ImageSet
    from vae_core.latent.space import LatentSpace

IMAGES_A_PART = 500


def reconstruction_errors(space: LatentSpace, images: ImageSet) -> np.ndarray:
    """MSE (N,) of each image's reconstruction from its posterior mean."""

    def errors_of(start: int) -> np.ndarray:
        part = slice(start, start + IMAGES_A_PART)
        labels = None if images.labels is None else images.labels[part]
        return metrics.mse(images.images[part] / np.float32(255), space.reconstruct(images.images[part], labels))

    with ThreadPoolExecutor(os.cpu_count()) as threads:  # a model uses one core for each call
        return np.concatenate(list(threads.map(errors_of, range(0, len(images), IMAGES_A_PART))))


def order_by_error(errors: np.ndarray, *, worst: bool) -> np.ndarray:
    """Indices (N,) of errors (N,), the largest first or the smallest first; equal ones keep their order."""
    return np.argsort(-errors if worst else errors, kind="stable")


def extreme_of_classes(errors: np.ndarray, labels: np.ndarray, *, worst: bool) -> np.ndarray:
    """Index of the image with the largest or the smallest error of each class that occurs, in the classes' order.

    Args:
        errors: (N,).
        labels: (N,) whole numbers.
        worst: the largest error, not the smallest.
    """
    order = order_by_error(errors, worst=worst)
    _, first = np.unique(labels[order], return_index=True)
    return order[first]


def largest_error(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    """The largest absolute difference of a pixel, averaged over channels, in pairs of images (N, C, H, W); 1 for none.

    It is where one scale for the error maps of several models ends.
    """
    return max((float(np.abs(images - others).mean(1).max()) for images, others in pairs), default=1.0)
