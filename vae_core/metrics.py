"""Figures of merit for images, codes and maps.

Images are float (N, C, H, W) in [0, 1], the decoded ones of the same shape; a figure is given per image, (N,) float64,
and averaged by the caller. Long arrays are worked through in parts, so that memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import uniform_filter

SSIM_WINDOW = 7
SSIM_STABILISERS = (0.01**2, 0.03**2)  # K1 and K2 of Wang et al. 2004, for a range of 1
LEAST_PROBABILITY = 1e-7  # where a Bernoulli pixel's logarithm is cut off, as float32 cannot tell less from 0
VALUES_A_PART = 1_000_000  # 8 MB in float64; small enough for a processor's cache to help
DISTANCES_A_PART = 10_000_000  # 80 MB in float64


def mse(images: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Mean squared error over an image's pixels, (N,)."""
    return _per_image(lambda x, y: np.square(x - y).mean((1, 2, 3)), images, decoded)


def psnr(images: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio, 10 log10(1 / MSE) in decibels, (N,); infinite for equal images."""
    with np.errstate(divide="ignore"):
        return -10 * np.log10(mse(images, decoded))


def bce(images: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Binary cross-entropy in nats per image, summed over pixels, (N,); ``decoded`` are Bernoulli means.

    Means are kept 1e-7 away from 0 and 1, so that one certain and wrong pixel does not make it infinite.
    """

    def part(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        means = np.clip(y, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
        return -(x * np.log(means) + (1 - x) * np.log1p(-means)).sum((1, 2, 3))

    return _per_image(part, images, decoded)


def ssim(images: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004), (N,), 1 for equal images.

    Uniform window of 7x7 (for smaller images the largest odd one that fits) with sample covariance, averaged over the
    windows that lie wholly inside and over channels: scikit-image's ``structural_similarity`` at its defaults with a
    range of 1.

    Raises:
        ValueError: if an image is smaller than 3x3 pixels, the smallest window.
    """
    window = min(SSIM_WINDOW, *(side - 1 + side % 2 for side in images.shape[2:]))
    if window < 3:
        raise ValueError(f"images of {images.shape[2]}x{images.shape[3]} pixels are too small for SSIM")
    return _per_image(lambda x, y: _ssim(x, y, window), images, decoded)


def _ssim(x: np.ndarray, y: np.ndarray, window: int) -> np.ndarray:
    """Equation 13 of Wang et al. 2004 at every window, then the mean (their equation 17)."""
    edge = window // 2
    inside = (..., slice(edge, x.shape[2] - edge), slice(edge, x.shape[3] - edge))

    def smooth(values: np.ndarray) -> np.ndarray:
        return uniform_filter(values, (0, 0, window, window))[inside]

    sample = window**2 / (window**2 - 1)  # from the population's covariance to the sample's
    mean_x, mean_y = smooth(x), smooth(y)
    # Of the variances only the sum is needed, so one filter does for both.
    variances = sample * (smooth(x * x + y * y) - mean_x * mean_x - mean_y * mean_y)
    covariance = sample * (smooth(x * y) - mean_x * mean_y)
    c1, c2 = SSIM_STABILISERS
    similarity = ((2 * mean_x * mean_y + c1) * (2 * covariance + c2)) / (
        (mean_x * mean_x + mean_y * mean_y + c1) * (variances + c2)
    )
    return similarity.mean((1, 2, 3))


def _per_image(
    figure: Callable[[np.ndarray, np.ndarray], np.ndarray], images: np.ndarray, decoded: np.ndarray
) -> np.ndarray:
    """A figure of pairs of images, worked out in float64, part by part."""
    if images.shape != decoded.shape or images.ndim != 4:
        raise ValueError(f"images {images.shape} and decoded images {decoded.shape} must both be (N, C, H, W)")
    figures = np.empty(len(images))
    size = max(1, VALUES_A_PART // max(1, int(np.prod(images.shape[1:]))))
    for start in range(0, len(images), size):
        part = slice(start, start + size)
        figures[part] = figure(images[part].astype(np.float64), decoded[part].astype(np.float64))
    return figures


def knn_accuracy(codes: np.ndarray, labels: np.ndarray, k: int) -> float:
    """Share of codes (N, D) whose label (N,) is the most frequent one among their k nearest other codes.

    Euclidean distance, leaving each code itself out; a tie goes to the smaller label. Where there are not k others, all
    of them vote; a single code has no neighbours, and the figure is not a number.
    """
    from sklearn.neighbors import NearestNeighbors

    if len(codes) < 2:
        return float("nan")
    neighbours = NearestNeighbors(n_neighbors=min(k, len(codes) - 1)).fit(codes).kneighbors(return_distance=False)
    votes = np.zeros((len(codes), int(labels.max()) + 1), int)
    np.add.at(votes, (np.arange(len(codes))[:, None], labels[neighbours]), 1)
    return float((votes.argmax(1) == labels).mean())


def trustworthiness(codes: np.ndarray, coordinates: np.ndarray, k: int = 10) -> float:
    """How far a map (N, d) can be trusted: 1 if every point's k neighbours on it are its k nearest codes (N, D).

    Each neighbour on the map that is not among the k nearest codes costs as much as its rank among them exceeds k
    (Venna & Kaski 2001, "Neighborhood preservation in nonlinear projection methods"). The same figure as
    scikit-learn's, in bounded memory.

    Raises:
        ValueError: unless k is below half the number of points, where the figure is defined.
    """
    from sklearn.metrics import pairwise_distances
    from sklearn.neighbors import NearestNeighbors

    count = len(codes)
    if not 1 <= k < count / 2:
        raise ValueError(f"trustworthiness with {k} neighbours needs more than {2 * k} points; there are {count}")
    codes = np.asarray(codes, np.float64)
    neighbours = NearestNeighbors(n_neighbors=k).fit(coordinates).kneighbors(return_distance=False)
    excess = 0
    size = max(1, DISTANCES_A_PART // count)
    for start in range(0, count, size):
        near = neighbours[start : start + size]
        rows = np.arange(len(near))
        distances = pairwise_distances(codes[start : start + size], codes)
        distances[rows, start + rows] = np.inf  # a point is no neighbour of its own
        in_order = np.sort(distances, axis=1)  # counting is quicker than an argsort and its inverse
        for row, found in enumerate(near):
            ranks = np.searchsorted(in_order[row], distances[row, found]) + 1
            excess += int(np.maximum(ranks - k, 0).sum())
    return 1 - excess * 2 / (count * k * (2 * count - 3 * k - 1))
