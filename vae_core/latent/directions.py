"""Directions in latent space along which an attribute of the images (smiling, eyeglasses ...) grows. Numpy only."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vae_core.evaluation.record import AttributeProbe, Metrics


@dataclass(frozen=True, eq=False)
class AttributeDirections:
    """Directions in the space of codes, one for each attribute that the codes tell, the best told first."""

    names: list[str]
    """K names."""
    rows: np.ndarray
    """(K, D): towards images that have the attribute; each as long as the codes' standard deviation along it."""

    @classmethod
    def none(cls, size: int) -> AttributeDirections:
        """Those of a model whose images have no attributes; ``rows`` is (0, size)."""
        return cls([], np.zeros((0, size)))

    @classmethod
    def from_metrics(cls, metrics: Metrics, covariance: np.ndarray) -> AttributeDirections:
        """The directions of the attributes in a checkpoint's metrics (see ``probe_attributes``).

        Args:
            metrics: what ``metrics.json`` holds; without attributes, or with damaged ones, there are no directions.
            covariance: (D, D) of the codes.
        """
        size = len(covariance)
        try:
            known = [probe for probe in metrics.attributes or () if is_known(probe, metrics.images or 0)]
            known.sort(key=lambda probe: -probe.gain)
            names = [probe.name for probe in known]
            rows = np.array([probe.direction for probe in known], float).reshape(len(known), size)
        except (ValueError, ArithmeticError):
            return cls.none(size)
        if not np.isfinite(rows).all() or not rows.any(1).all():
            return cls.none(size)
        return cls(names, as_steps(rows, covariance))


def as_steps(directions: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Directions (K, D), none of them zero, each made as long as the codes' standard deviation along it.

    Args:
        directions: of any length.
        covariance: (D, D) of the codes.
    """
    units = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return units * np.sqrt(np.einsum("kd,de,ke->k", units, covariance, units))[:, None]


def direction_towards(codes: np.ndarray, chosen: np.ndarray, covariance: np.ndarray) -> np.ndarray | None:
    """The step (D,) from the mean of the codes that are not chosen towards the mean of those that are.

    It is a standard deviation of the codes long (Larsen et al. 2016, section 3.2, with a choice for an attribute).

    Args:
        codes: (N, D).
        chosen: bool (N,).
        covariance: (D, D) of the codes.

    Returns:
        None if all or none are chosen, or if the two means are one.
    """
    if chosen.all() or not chosen.any():
        return None
    difference = codes[chosen].mean(0, dtype=float) - codes[~chosen].mean(0, dtype=float)
    return as_steps(difference[None], covariance)[0] if difference.any() else None


def is_known(probe: AttributeProbe, images: int) -> bool:
    """Whether codes know an attribute: the probe beats the majority by more than its accuracy's standard error.

    Args:
        probe: of the attribute.
        images: how many the accuracy is the share of.
    """
    return probe.gain > math.sqrt(probe.accuracy * (1 - probe.accuracy) / images)
