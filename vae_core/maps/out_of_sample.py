"""Where a new code belongs on a t-SNE or UMAP map: where the method's own loss is least while all others stay.

Such a map has no formula for new points. What openTSNE and umap-learn call ``transform`` follows the same loss by many
small steps; here it has two or three variables and is minimised exactly, in milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

from vae_core.checkpoint import Checkpoint
from vae_core.maps.bundled import load_bundled
from vae_core.maps.cache import ready_map
from vae_core.maps.projection import principal_axes, project
from vae_core.maps.request import METHODS, MapError, MapRequest
from vae_core.maps.sources import source_points

STARTING_NEIGHBOURS = 5  # from the median of whose coordinates the search starts
MOST_PERPLEXITY = 5.0  # of a new point (Policar, Strazar & Zupan 2023, "Embedding to reference t-SNE space", 2.2)
NEGATIVE_SAMPLES = 5  # of UMAP, for each neighbour
SOFTENING = 1e-3  # added to squared distances, as in UMAP's own gradient, where the repulsion is infinite

Loss = Callable[[np.ndarray], tuple[float, np.ndarray]]


def described(request: MapRequest) -> str:
    """Where new codes lie on a map, in words: how their coordinates are determined."""
    return f"where {METHODS[request.method]}'s loss is least while the other points stay"


def settle(codes: np.ndarray, reference: np.ndarray, coordinates: np.ndarray, request: MapRequest) -> np.ndarray:
    """The coordinates of codes (M, D) on a t-SNE or UMAP map, float32 (M, d), within the map's bounds.

    A code that is on the map gets the coordinates that it has there.

    Args:
        codes: whose coordinates are wanted.
        reference: (N, D), what the map was made from.
        coordinates: (N, d), the map.
        request: the map's method and parameters.
    """
    from scipy.optimize import Bounds, minimize

    loss_of = {"tsne": tsne_loss, "umap": umap_loss}[request.method]
    neighbours = {"tsne": int(3 * _perplexity(request)), "umap": request.neighbours}[request.method]
    count = min(neighbours, len(reference))
    layout = np.asarray(coordinates, np.float64)
    bounds = Bounds(layout.min(0), layout.max(0))
    settled = np.empty((len(codes), layout.shape[1]), np.float32)
    for position, code in enumerate(np.asarray(codes, np.float64)):
        squared = ((reference - code) ** 2).sum(1)
        near = np.argpartition(squared, count - 1)[:count]
        near = near[np.argsort(squared[near], kind="stable")]
        if squared[near[0]] == 0:
            settled[position] = layout[near[0]]
            continue
        loss = loss_of(np.sqrt(squared[near]), near, layout, request)
        start = np.median(layout[near[:STARTING_NEIGHBOURS]], axis=0)
        settled[position] = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return settled


def _perplexity(request: MapRequest) -> float:
    return min(MOST_PERPLEXITY, request.perplexity)


# --- t-SNE -----------------------------------------------------------------------------------------------------


def tsne_loss(distances: np.ndarray, near: np.ndarray, layout: np.ndarray, request: MapRequest) -> Loss:
    """KL(p || q) of a new point at y, up to a constant, and its gradient.

    With w_j = 1 / (1 + |y - y_j|^2), q_j = w_j / sum_i w_i over all points on the map, and p_j the point's Gaussian
    affinities to its neighbours (van der Maaten & Hinton 2008, eq. 1 and 4):
    loss = -sum_j p_j log w_j + log sum_i w_i.

    Args:
        distances: (k,) to the neighbours.
        near: (k,), which points of the map they are.
        layout: (N, d), the map.
        request: its parameters.
    """
    affinities = perplexity_weights(distances**2, _perplexity(request))
    attracting = layout[near]

    def loss(y: np.ndarray) -> tuple[float, np.ndarray]:
        offsets = y - layout
        kernel = 1 / (1 + (offsets**2).sum(1))
        total = kernel.sum()
        own = kernel[near]
        value = np.log(total) - affinities @ np.log(own)
        gradient = 2 * (affinities * own) @ (y - attracting) - 2 * (kernel**2) @ offsets / total
        return float(value), gradient

    return loss


def perplexity_weights(squared: np.ndarray, perplexity: float) -> np.ndarray:
    """Gaussian weights (k,) that sum to 1, their width such that the exponential of their entropy is the perplexity.

    Where no width is wide or narrow enough, as with few or with equal distances, it is the nearest possible.

    Args:
        squared: (k,) squared distances.
        perplexity: at least 1.
    """
    from scipy.optimize import brentq

    shifted = (squared - squared.min()) / max(float(squared.mean()), np.finfo(float).tiny)

    def weights(log_precision: float) -> np.ndarray:
        unscaled = np.exp(-shifted * np.exp(log_precision))
        return unscaled / unscaled.sum()

    def excess(log_precision: float) -> float:
        shares = weights(log_precision)
        return float(-(shares * np.log(np.maximum(shares, 1e-300))).sum() - np.log(perplexity))

    widest, narrowest = -30.0, 30.0
    if excess(widest) <= 0:
        return weights(widest)
    if excess(narrowest) >= 0:
        return weights(narrowest)
    return weights(brentq(excess, widest, narrowest))


# --- UMAP ------------------------------------------------------------------------------------------------------


def umap_loss(distances: np.ndarray, near: np.ndarray, layout: np.ndarray, request: MapRequest) -> Loss:
    """What UMAP's sampling minimises for a new point at a place y, and its gradient.

    With w_j = 1 / (1 + a |y - y_j|^2b) and v_j the point's membership strengths to its neighbours:
    loss = -sum_j v_j log w_j - 5 (sum_j v_j) mean_i log(1 - w_i), for five random points push it away
    whenever one neighbour pulls it near (Damrich & Hamprecht 2021, "On UMAP's true loss function", theorem 5.1).
    Arguments are those of ``tsne_loss``.
    """
    a, b = umap_curve(request.minimum_distance)
    strengths = membership_strengths(distances)
    attracting = layout[near]
    repulsion = NEGATIVE_SAMPLES * strengths.sum() / len(layout)

    def loss(y: np.ndarray) -> tuple[float, np.ndarray]:
        attraction = y - attracting
        squared = (attraction**2).sum(1) + SOFTENING
        power = a * squared**b
        value = strengths @ np.log1p(power)
        gradient = 2 * (strengths * b * power / squared / (1 + power)) @ attraction
        offsets = y - layout
        squared = (offsets**2).sum(1) + SOFTENING
        power = a * squared**b
        value += repulsion * np.log1p(1 / power).sum()
        gradient -= 2 * repulsion * (b / squared / (1 + power)) @ offsets
        return float(value), gradient

    return loss


def membership_strengths(distances: np.ndarray) -> np.ndarray:
    """Strengths exp(-d / sigma) of a new point's distances (k,), with the sigma for which they sum to log2 k.

    McInnes, Healy & Melville 2018, section 3.1.
    """
    from scipy.optimize import brentq

    scaled = distances / distances.mean()
    target = np.log2(len(distances))

    def excess(log_width: float) -> float:
        return float(np.exp(-scaled / np.exp(log_width)).sum() - target)

    return np.exp(-scaled / np.exp(brentq(excess, -20.0, 20.0)))


@lru_cache(maxsize=32)
def umap_curve(minimum_distance: float) -> tuple[float, float]:
    """The a and b for which 1 / (1 + a d^2b) fits 1 up to the minimum distance and exp(minimum - d) beyond it.

    McInnes, Healy & Melville 2018, definition 11.
    """
    from scipy.optimize import curve_fit

    away = np.linspace(0, 3, 300)
    wanted = np.exp(-np.maximum(away - minimum_distance, 0))
    (a, b), _ = curve_fit(lambda d, a, b: 1 / (1 + a * d ** (2 * b)), away, wanted)
    return float(a), float(b)


EXACTLY = "projected exactly"


def place(
    request: MapRequest, checkpoint: Checkpoint, codes: np.ndarray, reference: np.ndarray | None = None
) -> tuple[np.ndarray, str]:
    """Where codes (M, D) that are not on a map belong on it.

    On a PCA map they are projected; on others each lies where the method's loss is least (see ``settle``).

    Args:
        request: the map's.
        checkpoint: whose map it is.
        codes: what the map's source holds: codes, or images as rows of pixels in [0, 1].
        reference: (N, D) what the map was made from; encoded, and kept for the next call, if it is not given.

    Returns:
        float32 (M, dimensions), and in words how they were determined.

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
    """A PCA map's mean (D,) and axes (D, dimensions): (code - mean) @ axes is a code's coordinates on it.

    Arguments and errors are those of ``place``.
    """
    if request.method != "pca":
        raise MapError("only a PCA map is a plane")
    bundled = load_bundled(checkpoint.folder, request)
    if bundled is not None and bundled.axes is not None:
        return bundled.axes
    if reference is None:
        reference = _reference(checkpoint.folder, request.essential)
    return principal_axes(reference, request.dimensions)


@lru_cache(maxsize=2)
def _reference(folder: Path, request: MapRequest) -> np.ndarray:
    return source_points(folder, request).points


def _check_size(codes: np.ndarray, size: int) -> None:
    if codes.ndim != 2 or codes.shape[1] != size:
        raise MapError(f"codes have the shape {codes.shape}; the map takes (M, {size})")
