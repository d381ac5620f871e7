"""Coordinates as whole steps of 16 bits, as maps are stored and as they travel to the browser."""

from __future__ import annotations

import numpy as np

STEPS = 65535
"""From the lowest to the highest coordinate of an axis."""


def quantise(coordinates: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coordinates (N, d) as uint16 (N, d), and the lowest (d,) and highest (d,) of each axis, float64."""
    exact = coordinates.astype(np.float64)
    low, high = exact.min(0), exact.max(0)
    scaled = (exact - low) / np.maximum(high - low, np.finfo(np.float64).tiny)
    return np.round(scaled * STEPS).astype(np.uint16), low, high


def restore(steps: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """What ``quantise`` was given, float32 (N, d), to within half a step."""
    return (low + (high - low) * (steps / STEPS)).astype(np.float32)
