"""Distances to nearest points, against plain comparisons of all with all."""

from __future__ import annotations

import numpy as np
import pytest

from vae_core.neighbours import distance_to_nearest, nearest_to, usual_distance

POINTS = np.random.default_rng(0).normal(size=(60, 4))


def test_the_nearest_come_first() -> None:
    """In the order of their distance; equal ones in the order of the points, and no more than there are."""
    point = POINTS[7] + 0.01
    distances = np.linalg.norm(POINTS - point, axis=1)
    np.testing.assert_array_equal(nearest_to(point, POINTS, 5), np.argsort(distances)[:5])
    np.testing.assert_array_equal(nearest_to(np.zeros(1), np.array([[1.0], [-1], [0.5]]), 9), [2, 0, 1])


def test_the_distance_to_the_nearest_point() -> None:
    """Nothing for a point itself."""
    queries = np.stack([POINTS[3], POINTS[4] + [0.001, 0, 0, 0]])
    np.testing.assert_allclose(distance_to_nearest(queries, POINTS), [0, 0.001], atol=1e-9)


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_the_usual_distance_is_a_quantile_over_all_points(share: float) -> None:
    """Of each point's distance to its nearest other one; a sample of half the points comes near."""
    apart = np.linalg.norm(POINTS[:, None] - POINTS[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    expected = float(np.quantile(apart.min(1), share))
    assert usual_distance(POINTS, share, 1000) == pytest.approx(expected)
    assert usual_distance(POINTS, share, 30) == pytest.approx(expected, rel=0.5)
