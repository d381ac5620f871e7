"""Linear algebra that several parts share, numpy only: roots of covariances and signs of principal axes."""

from __future__ import annotations

import numpy as np


def covariance_root(covariance: np.ndarray) -> np.ndarray:
    """A matrix A (..., D, D) with A A^T = covariance (..., D, D), also where the covariance is singular.

    Its columns are the principal axes by rising variance, each as long as the standard deviation along it.
    """
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.clip(values, 0, None))[..., None, :]


def fix_signs(axes: np.ndarray) -> np.ndarray:
    """Principal axes as rows (K, D), each turned so that its entry of largest magnitude is positive.

    An eigenvector's sign is arbitrary; with this rule every machine agrees on it. Rows of zeros stay.
    """
    largest = np.take_along_axis(axes, np.abs(axes).argmax(1)[:, None], axis=1)
    return axes * np.where(largest < 0, -1, 1).astype(axes.dtype)
