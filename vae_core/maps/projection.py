"""PCA, t-SNE and UMAP: codes (N, D) to maps (N, 2) or (N, 3), with progress, the same for the same seed."""

from __future__ import annotations

import numpy as np

from vae_core.linalg import fix_signs
from vae_core.maps.neighbour_embedding import embed_by_tsne, embed_by_umap
from vae_core.maps.request import MapRequest, Progress, check


def embed(
    codes: np.ndarray,
    request: MapRequest,
    on_progress: Progress = lambda fraction, text: None,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """The map of codes (N, D), float32 (N, dimensions).

    t-SNE and UMAP are turned and mirrored, which changes no distance, to lie over what they began with.

    Args:
        codes: posterior means.
        request: the method and its parameters.
        on_progress: called now and then with the share done and a word; an exception from it cancels.
        start: (N, dimensions), a map of the same method at other parameters, where t-SNE and UMAP begin instead of PCA;
            they then take fewer steps, and keep its arrangement.

    Raises:
        MapError: if there are too few points for the parameters, they are all equal, or not finite.
    """
    codes = np.asarray(codes, np.float64)
    check(codes, request)
    on_progress(0.0, "Starting")
    if request.method == "pca":
        coordinates = project(codes, *principal_axes(codes, request.dimensions))
    else:
        make = {"tsne": embed_by_tsne, "umap": embed_by_umap}[request.method]
        began = _principal_start(codes, request) if start is None else np.asarray(start, np.float64)
        coordinates = align(make(codes, request, began, start is not None, on_progress), began)
    on_progress(1.0, "Done")
    return np.asarray(coordinates, np.float32)


def principal_axes(codes: np.ndarray, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """What projects to the leading principal components: the mean (D,) and axes (D, dimensions) of codes (N, D).

    Codes of fewer dimensions than the map get axes of zeros for the rest.
    """
    codes = np.asarray(codes, np.float64)
    mean = codes.mean(0)
    _, vectors = np.linalg.eigh(np.atleast_2d(np.cov(codes - mean, rowvar=False)))
    leading = fix_signs(vectors.T[::-1][:dimensions]).T
    axes = np.zeros((codes.shape[1], dimensions))
    axes[:, : leading.shape[1]] = leading
    return mean, axes


def project(codes: np.ndarray, mean: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Codes (N, D) on the axes (D, dimensions) through ``mean`` (D,), float64 (N, dimensions)."""
    return (np.asarray(codes, np.float64) - mean) @ axes


def align(coordinates: np.ndarray, model: np.ndarray) -> np.ndarray:
    """A map (N, d) turned and mirrored about its centre so that it lies over another (N, d) as well as it can.

    The orthogonal Procrustes problem (Schönemann 1966); no distance changes.
    """
    centred = coordinates - coordinates.mean(0)
    left, _, right = np.linalg.svd(centred.T @ (model - model.mean(0)))
    return centred @ (left @ right)


def _principal_start(codes: np.ndarray, request: MapRequest) -> np.ndarray:
    """Where t-SNE and UMAP begin: PCA, which keeps the global arrangement (Kobak & Linderman 2021), scaled to 1.

    A little noise sets equal points apart, and fills the dimensions that codes of fewer dimensions leave empty.
    """
    coordinates = project(codes, *principal_axes(codes, request.dimensions))
    noise = np.random.default_rng(request.seed).normal(size=coordinates.shape)
    return coordinates / coordinates[:, 0].std() + 0.01 * noise
