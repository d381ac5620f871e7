"""What a map is made of: the test split's posterior means, samples of the posteriors, or the images themselves."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from vae_core.data import load_images
from vae_core.maps.request import MapRequest


class SourcePoints(NamedTuple):
    """Points to be mapped, float32 (N, D); their classes (N,), if there are any; and the number of test images."""

    points: np.ndarray
    labels: np.ndarray | None
    images: int


def chosen_points(count: int, points: int) -> np.ndarray:
    """Indices of the test images on a map: all, or ``points`` of ``count`` chosen at random, in order.

    The points of a smaller map are among those of every larger one.
    """
    if points >= count:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).permutation(count)[:points])


def source_points(folder: Path, request: MapRequest, data_root: Path | None = None) -> SourcePoints:
    """The points that a request maps, from a checkpoint's folder.

    Raises:
        UserError: if the checkpoint or its images cannot be used.
    """
    from vae_core.latent.space import LatentSpace

    space = LatentSpace.open(folder)
    test = load_images(space.run.data, "test", root=data_root)
    chosen = chosen_points(len(test), request.points)
    part = test.part(chosen)
    if request.source == "pixels":
        points = part.images.reshape(len(part), -1) / np.float32(255)
    else:
        points, deviations = space.posterior(part.images, part.labels)
        if request.source == "samples":
            noise = np.random.default_rng(request.seed).standard_normal(points.shape)
            points = (points + deviations * noise).astype(np.float32)
    return SourcePoints(points, part.labels if part.class_names else None, len(test))
