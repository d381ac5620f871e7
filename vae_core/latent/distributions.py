"""Distributions over codes to sample new images from: the prior, and a Gaussian or a mixture fitted to real codes.

Numpy only; scikit-learn is imported to fit a mixture.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from vae_core.config import UserError
from vae_core.linalg import covariance_root

COMPONENTS = 10
LEAST_CODES = 20  # for each component
CODES_AN_ENTRY = 5  # for each entry of a component's covariance matrix; with fewer codes its diagonal is fitted
MOST_CODES = 10_000
MOST_ROUNDS = 60
TOLERANCE = 1e-2  # nats per code, between two rounds
LEAST_VARIANCE = 1e-6  # share of the codes' mean variance, added to every variance so that none vanishes
SMALLEST = 1e-9  # added as well, for codes that are all alike


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of K Gaussians over D-dimensional codes; the prior is the one with a single standard component."""

    weights: np.ndarray
    """(K,) adding up to 1."""
    means: np.ndarray
    """(K, D)"""
    roots: np.ndarray
    """(K, D, D) a matrix A for each component with A A^T its covariance."""

    def sample(self, count: int, temperature: float = 1.0, seed: int = 0) -> np.ndarray:
        """Codes float32 (count, D); each component's standard deviations are multiplied by the temperature.

        At another temperature the same seed gives the same samples, nearer to or farther from their components' means.
        """
        generator = np.random.default_rng(seed)
        chosen = generator.choice(len(self.weights), count, p=self.weights)
        noise = generator.standard_normal((count, self.means.shape[1])) * temperature
        return (self.means[chosen] + np.einsum("nij,nj->ni", self.roots[chosen], noise)).astype(np.float32)


def standard_normal(size: int) -> Mixture:
    """The prior N(0, I) over ``size``-dimensional codes."""
    return gaussian(np.zeros(size), np.eye(size))


def gaussian(mean: np.ndarray, covariance: np.ndarray) -> Mixture:
    """One Gaussian with a mean (D,) and a covariance (D, D)."""
    return Mixture(np.ones(1), np.asarray(mean, float)[None], covariance_root(np.asarray(covariance, float)[None]))


def fit_gaussian(codes: np.ndarray) -> Mixture:
    """One Gaussian with the mean and the covariance of codes (N, D)."""
    return gaussian(codes.mean(0, dtype=float), np.atleast_2d(np.cov(codes, rowvar=False, dtype=float)))


def fit_mixture(codes: np.ndarray, components: int = COMPONENTS, seed: int = 0) -> Mixture:
    """A mixture fitted to codes (N, D) by expectation-maximisation from a k-means start (scikit-learn's).

    Few codes get fewer components, at least LEAST_CODES for each, and covariances without correlations if there are
    not CODES_AN_ENTRY codes for each entry of a covariance matrix. Of very many codes, a random MOST_CODES are used.

    Raises:
        UserError: if there are fewer than two codes.
    """
    if len(codes) < 2:
        raise UserError(f"a mixture cannot be fitted to {len(codes)} codes; it needs two or more")
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    generator = np.random.default_rng(seed)
    chosen = generator.choice(len(codes), min(MOST_CODES, len(codes)), replace=False)
    points = codes[chosen].astype(np.float64)
    count, size = points.shape
    components = max(1, min(components, count // LEAST_CODES))
    full = count >= CODES_AN_ENTRY * components * size * (size + 1) / 2
    fitted = GaussianMixture(
        components,
        covariance_type="full" if full else "diag",
        max_iter=MOST_ROUNDS,
        tol=TOLERANCE,
        reg_covar=LEAST_VARIANCE * points.var(0).mean() + SMALLEST,
        random_state=seed,
    )
    # One thread: the matrices are small, and many threads on a busy machine wait for each other.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a mixture that could still gain a little is as good
        fitted.fit(points)
    covariances = fitted.covariances_ if full else np.stack([np.diag(row) for row in fitted.covariances_])
    weights = fitted.weights_ / fitted.weights_.sum()
    return Mixture(weights, fitted.means_, covariance_root(covariances))
