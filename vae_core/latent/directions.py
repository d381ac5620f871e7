"""Directions in latent space along which an attribute of the images (smiling, eyeglasses ...) grows. Numpy only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np


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
    def from_metrics(cls, metrics: dict[str, Any], covariance: np.ndarray) -> AttributeDirections:
        """The directions of the attributes in a checkpoint's metrics (see ``measure_attributes``).

        Args:
            metrics: what ``metrics.json`` holds; without attributes, or with damaged ones, there are no directions.
            covariance: (D, D) of the codes.
        """
        size = len(covariance)
        try:
            told = [entry for entry in metrics.get("attributes") or [] if is_told(entry, int(metrics["images"]))]
            told.sort(key=lambda entry: entry["majority"] - entry["accuracy"])
            names = [str(entry["name"]) for entry in told]
            rows = np.array([entry["direction"] for entry in told], float).reshape(len(told), size)
        except (KeyError, TypeError, ValueError, ArithmeticError):
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


def is_told(entry: dict[str, Any], images: int) -> bool:
    """Whether codes tell an attribute: the probe beats the majority by more than its accuracy's standard error.

    Args:
        entry: one of ``measure_attributes``.
        images: how many the accuracy was measured on.
    """
    accuracy = float(entry["accuracy"])
    return accuracy - float(entry["majority"]) > math.sqrt(accuracy * (1 - accuracy) / images)
