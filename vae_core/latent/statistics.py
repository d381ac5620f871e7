"""What is known of a model's codes: their spread, their ranges, and which dimensions carry most."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vae_core.evaluation.metrics import ACTIVE_VARIANCE
from vae_core.evaluation.record import Metrics
from vae_core.linalg import covariance_root, fix_signs

ACTIVE_SHARE = 1e-4
"""A dimension of a deterministic code is active if it has more than this share of the codes' variance."""
PLAIN_RANGE = 3.0  # of a code whose statistics are not known
LEAST_REACH = 3.0  # standard deviations of the prior that a dimension's range covers at least
MARGIN = 0.25  # of the codes' range, added at either end
LARGEST_COVARIANCE = 256  # dimensions; of longer codes the leading principal directions are stored instead
STORED_DIRECTIONS = 64


@dataclass(frozen=True)
class CodeStatistics:
    """The codes (posterior means) of the test split, dimension by dimension: the aggregated posterior's outline."""

    mean: np.ndarray
    """(D,)"""
    standard_deviation: np.ndarray
    """(D,)"""
    covariance: np.ndarray
    """(D, D)"""
    low: np.ndarray
    """(D,) 1st percentile."""
    high: np.ndarray
    """(D,) 99th percentile."""
    kl: np.ndarray | None
    """(D,) mean KL to the prior, nats; None for a deterministic model."""
    class_means: np.ndarray | None
    """(K, D) mean code of each class; None without labels."""

    @cached_property
    def score(self) -> np.ndarray:
        """(D,) what a dimension carries: its KL in nats, or its share of the codes' variance."""
        variance = self.standard_deviation**2
        return self.kl if self.kl is not None else variance / max(variance.sum(), np.finfo(float).tiny)

    @property
    def score_name(self) -> str:
        """What ``score`` holds, in words."""
        return "KL in nats" if self.kl is not None else "share of the codes' variance"

    @cached_property
    def order(self) -> np.ndarray:
        """(D,) dimensions by falling score, the inactive ones last.

        An inactive dimension may still cost KL: its mean may lie off the prior's centre, the same for every image.
        """
        return np.lexsort((-self.score, ~self.active))

    @cached_property
    def active(self) -> np.ndarray:
        """(D,) whether a dimension carries anything to speak of.

        For a variational model what ``metrics.active_units`` finds, here from the deviation, as the codes are not kept.
        """
        if self.kl is not None:
            return self.standard_deviation**2 > ACTIVE_VARIANCE
        return self.score > ACTIVE_SHARE

    @cached_property
    def ranges(self) -> np.ndarray:
        """(D, 2) where it is worth while to move each dimension: the codes' 1st to 99th percentile with a margin, and
        for a variational model at least three standard deviations of the prior each way.
        """
        margin = MARGIN * np.maximum(self.high - self.low, 1e-3)
        low, high = self.low - margin, self.high + margin
        if self.kl is not None:
            low, high = np.minimum(low, -LEAST_REACH), np.maximum(high, LEAST_REACH)
        return np.stack([low, high], axis=1).round(2)

    @cached_property
    def centre(self) -> np.ndarray:
        """(D,) the prior's centre, or the mean of all codes where there is no prior."""
        return np.zeros_like(self.mean) if self.kl is not None else self.mean

    @cached_property
    def principal(self) -> np.ndarray:
        """(D, D) the principal directions of the codes as rows, by falling variance; each is as long as the codes'
        standard deviation along it. Which way one points is arbitrary: its largest part is positive.
        """
        return fix_signs(covariance_root(self.covariance).T[::-1])

    @classmethod
    def of(cls, codes: np.ndarray, kl: np.ndarray | None, labels: np.ndarray | None, classes: int) -> CodeStatistics:
        """Statistics of codes (N, D); ``labels`` (N,) in [0, classes) or None. Classes without images have mean NaN."""
        means = None
        if labels is not None and classes:
            with np.errstate(invalid="ignore"):
                sums = np.stack([codes[labels == label].sum(0) for label in range(classes)])
                means = sums / np.bincount(labels, minlength=classes)[:, None]
        low, high = np.percentile(codes, [1, 99], axis=0)
        covariance = np.atleast_2d(np.cov(codes, rowvar=False))
        return cls(codes.mean(0), codes.std(0), covariance, low, high, kl, means)

    @classmethod
    def unknown(cls, size: int, variational: bool) -> CodeStatistics:
        """What can be said of codes never measured: the prior's own statistics."""
        zeros, ones = np.zeros(size), np.ones(size)
        edge = np.full(size, PLAIN_RANGE)
        return cls(zeros, ones, np.eye(size), -edge, edge, zeros if variational else None, None)

    @classmethod
    def from_metrics(cls, metrics: Metrics, size: int, variational: bool) -> CodeStatistics:
        """Read what ``to_metrics`` wrote; ``unknown`` if it is absent or does not fit."""
        code = metrics.code or {}
        try:
            arrays = [np.array(code[name], float) for name in ("mean", "standard_deviation", "low", "high")]
            if "principal" in code:
                principal = np.array(code["principal"], float).reshape(-1, size)
                covariance = principal.T @ principal
            else:
                covariance = np.array(code["covariance"], float)
            kl = np.array(metrics.kl_per_dim, float) if variational else None
            means = np.array(code["class_means"], float) if code.get("class_means") else None
        except (KeyError, TypeError, ValueError):
            return cls.unknown(size, variational)
        vectors = [*arrays, *([kl] if kl is not None else [])]
        if covariance.shape != (size, size) or any(array.shape != (size,) for array in vectors):
            return cls.unknown(size, variational)
        mean, deviation, low, high = arrays
        return cls(mean, deviation, covariance, low, high, kl, means)

    def to_metrics(self) -> dict:
        """The part of ``metrics.json`` that ``from_metrics`` reads, rounded to six digits.

        The covariance of a long code is stored as its leading principal directions, which all of it is if there are
        few images.
        """
        if len(self.mean) <= LARGEST_COVARIANCE:
            spread = {"covariance": self.covariance}
        else:
            leading = self.principal[:STORED_DIRECTIONS]
            lengths = np.linalg.norm(leading, axis=1)
            spread = {"principal": leading[lengths > 1e-6 * lengths.max()]}  # the rest is rounding
        arrays = {
            "mean": self.mean,
            "standard_deviation": self.standard_deviation,
            "low": self.low,
            "high": self.high,
            **spread,
            "class_means": self.class_means,
        }
        return {name: None if array is None else _rounded(array) for name, array in arrays.items()}


def _rounded(array: np.ndarray) -> list:
    """The array as lists of numbers with six significant digits."""
    if array.ndim > 1:
        return [_rounded(row) for row in array]
    return [float(f"{value:.6g}") for value in array]
