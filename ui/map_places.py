"""Where codes that are not test images belong on a map, and which of its points are near them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ui.maps import Map

NEAR = 8
EXACT, BY_NEIGHBOURS = "exactly", "by its nearest codes"


class Place(NamedTuple):
    """Where a code lies on a map, how that was found, and the positions of the points nearest in the code space."""

    at: np.ndarray
    how: str
    near: np.ndarray


def place(code: np.ndarray, codes: np.ndarray, shown: Map) -> Place:
    """A code (D,) on a map of codes (N, D): PCA and the plane of codes exactly, others by the nearest codes.

    The place by neighbours is the mean of theirs, each weighted by the inverse of its distance (Shepard 1968).
    """
    distances = np.linalg.norm(codes - code, axis=1)
    near = np.argsort(distances)[:NEAR]
    if shown.request is None:
        return Place(code, EXACT, near)
    if shown.request.method == "pca":
        extended = np.column_stack([codes, np.ones(len(codes))]).astype(np.float64)
        linear = np.linalg.lstsq(extended, shown.coordinates.astype(np.float64))[0]
        return Place(np.append(code, 1) @ linear, EXACT, near)
    weights = 1 / np.maximum(distances[near], 1e-9)
    return Place(weights @ shown.coordinates[near] / weights.sum(), BY_NEIGHBOURS, near)
