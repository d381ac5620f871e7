"""Where codes that are not on a map belong on it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from vae_core.checkpoint import Checkpoint
from vae_core.map_cache import ready_map
from vae_core.map_sources import source_points
from vae_core.placing import described, settle
from vae_core.projection import MapError, MapRequest, principal_axes, project
from vae_core.shipped_maps import load_shipped

EXACTLY = "projected exactly"


def place(
    request: MapRequest, checkpoint: Checkpoint, codes: np.ndarray, reference: np.ndarray | None = None
) -> tuple[np.ndarray, str]:
    """Where codes (M, D) that are not on a map belong on it.

    On a PCA map they are projected; on others each lies where the method's loss is least (see ``vae_core.placing``).

    Args:
        request: the map's.
        checkpoint: whose map it is.
        codes: what the map's source holds: codes, or images as rows of pixels in [0, 1].
        reference: (N, D) what the map was made from; encoded, and kept for the next call, if it is not given.

    Returns:
        float32 (M, dimensions), and in words how they were found.

    Raises:
        MapError: if the map has not been computed, or does not fit the codes.
        UserError: if ``reference`` is not given, and the checkpoint or its images cannot be used.
    """
    codes = np.asarray(codes, np.float32)
    if request.method == "pca":
        mean, axes = plane(request, checkpoint, reference)
        _check_size(codes, len(mean))
        return project(codes, mean, axes).astype(np.float32), EXACTLY
    coordinates = ready_map(request, checkpoint.folder)
    if coordinates is None:
        raise MapError("this map has not been computed yet")
    if reference is None:
        reference = _reference(checkpoint.folder, request.essential)
    if len(reference) != len(coordinates):
        raise MapError(f"the map has {len(coordinates)} points, but there are {len(reference)} codes")
    _check_size(codes, reference.shape[1])
    return settle(codes, reference, coordinates, request), described(request)


def plane(
    request: MapRequest, checkpoint: Checkpoint, reference: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """A PCA map's mean (D,) and axes (D, dimensions): (code - mean) @ axes is a code's place on it.

    Arguments and errors are those of ``place``.
    """
    if request.method != "pca":
        raise MapError("only a PCA map is a plane")
    shipped = load_shipped(checkpoint.folder, request)
    if shipped is not None and shipped.axes is not None:
        return shipped.axes
    if reference is None:
        reference = _reference(checkpoint.folder, request.essential)
    return principal_axes(reference, request.dimensions)


@lru_cache(maxsize=2)
def _reference(folder: Path, request: MapRequest) -> np.ndarray:
    return source_points(folder, request).points


def _check_size(codes: np.ndarray, size: int) -> None:
    if codes.ndim != 2 or codes.shape[1] != size:
        raise MapError(f"codes have the shape {codes.shape}; the map takes (M, {size})")
