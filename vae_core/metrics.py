"""Figures of merit for images and codes.

Images are float (N, C, H, W) in [0, 1]; a figure is given per image, (N,) float64, and averaged by the caller.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter

SSIM_WINDOW = 7
SSIM_STABILISERS = (0.01**2, 0.03**2)  # K1 and K2 of Wang et al. 2004, for a range of 1
LEAST_PROBABILITY = 1e-7  # where a Bernoulli pixel's logarithm is cut off, as float32 cannot tell less from 0
CHUNK = 1000


def mse(images: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Mean squared error over an image's pixels, (N,)."""
    difference = np.asarray(images, np.float64) - decoded
    return np.square(difference, out=difference).mean((1, 2, 3))


def psnr(images: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio, 10 log10(1 / MSE) in decibels, (N,); infinite for equal images."""
    with np.errstate(divide="ignore"):
        return -10 * np.log10(mse(images, decoded))


def bce(images: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Binary cross-entropy in nats per image, summed over pixels, (N,); ``decoded`` are Bernoulli means.

    Means are kept 1e-7 away from 0 and 1, so that one certain and wrong pixel does not make it infinite.
    """
    means = np.clip(np.asarray(decoded, np.float64), LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return -(images * np.log(means) + (1 - images) * np.log1p(-means)).sum((1, 2, 3))


def ssim(images: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004), (N,), 1 for equal images.

    Uniform window of 7x7 (smaller for smaller images) with sample covariance, averaged over the windows that lie
    wholly inside and over channels: scikit-image's ``structural_similarity`` at its defaults with a range of 1.
    """
    window = min(SSIM_WINDOW, *(side - 1 + side % 2 for side in images.shape[2:]))
    parts = [
        _ssim_chunk(images[start : start + CHUNK], decoded[start : start + CHUNK], window)
        for start in range(0, len(images), CHUNK)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _ssim_chunk(images: np.ndarray, decoded: np.ndarray, window: int) -> np.ndarray:
    def smooth(values: np.ndarray) -> np.ndarray:
        return uniform_filter(values, (0, 0, window, window))

    x, y = np.asarray(images, np.float64), np.asarray(decoded, np.float64)
    sample = window**2 / (window**2 - 1)  # from the population's covariance to the sample's
    mean_x, mean_y = smooth(x), smooth(y)
    variance_x = sample * (smooth(x * x) - mean_x * mean_x)
    variance_y = sample * (smooth(y * y) - mean_y * mean_y)
    covariance = sample * (smooth(x * y) - mean_x * mean_y)
    c1, c2 = SSIM_STABILISERS
    similarity = ((2 * mean_x * mean_y + c1) * (2 * covariance + c2)) / (
        (mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2)
    )
    edge = window // 2
    inside = similarity[:, :, edge : similarity.shape[2] - edge, edge : similarity.shape[3] - edge]
    return inside.mean((1, 2, 3))


def knn_accuracy(codes: np.ndarray, labels: np.ndarray, k: int) -> float:
    """Share of codes (N, D) whose label is the most frequent one among their k nearest other codes.

    Euclidean distance, leaving each code itself out; a tie goes to the smaller label.
    """
    from sklearn.neighbors import NearestNeighbors

    neighbours = NearestNeighbors(n_neighbors=k).fit(codes).kneighbors(return_distance=False)
    votes = np.zeros((len(codes), int(labels.max()) + 1), int)
    np.add.at(votes, (np.arange(len(codes))[:, None], labels[neighbours]), 1)
    return float((votes.argmax(1) == labels).mean())
