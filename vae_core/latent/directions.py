"""What codes tell of the images' attributes (smiling, eyeglasses ...), and the directions in which each grows.

Numpy only; scikit-learn is imported to fit a probe.
"""

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


def measure_attributes(
    train_codes: np.ndarray, train_values: np.ndarray, codes: np.ndarray, values: np.ndarray, names: tuple[str, ...]
) -> list[dict[str, Any]]:
    """How well a linear probe tells each attribute from codes, and the direction in which it grows.

    The direction is the difference between the mean training codes with and without the attribute (Larsen et al. 2016,
    "Autoencoding beyond pixels", section 3.2), so that walking along it stays where codes are; the probe's own weights
    would also undo what merely comes along with the attribute.

    Args:
        train_codes: (M, D) that the probe and the direction are learnt from.
        train_values: bool (M, K), who has which attribute.
        codes: (N, D) of the test split.
        values: bool (N, K).
        names: K names.

    Returns:
        For each attribute its name, the share of test images whose value the probe tells (``accuracy``), the share of
        the more frequent value among them (``majority``) and the direction (D numbers, of length 1). Attributes
        that all or none of the training images have are left out.
    """
    from vae_core.metrics import linear_probe

    found = []
    for index, name in enumerate(names):
        having, share = train_values[:, index], values[:, index].mean()
        if having.all() or not having.any():
            continue
        difference = train_codes[having].mean(0, dtype=float) - train_codes[~having].mean(0, dtype=float)
        direction = difference / max(float(np.linalg.norm(difference)), float(np.finfo(float).tiny))
        found.append(
            {
                "name": name,
                "accuracy": float(f"{linear_probe(train_codes, having, codes, values[:, index]):.6g}"),
                "majority": float(f"{max(share, 1 - share):.6g}"),
                "direction": [float(f"{number:.5g}") for number in direction],
            }
        )
    return found
