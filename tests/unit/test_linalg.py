"""Roots of covariances and signs of principal axes."""

from __future__ import annotations

import numpy as np

from vae_core.linalg import covariance_root, fix_signs


def test_a_root_times_its_transpose_is_the_covariance() -> None:
    """For one matrix and for a stack of them, a singular one included."""
    generator = np.random.default_rng(0)
    regular = np.cov(generator.normal(size=(4, 50)))
    singular = np.outer([1.0, 2, 0, -1], [1.0, 2, 0, -1])
    for covariance in (regular, singular, np.stack([regular, singular])):
        root = covariance_root(covariance)
        assert root.shape == covariance.shape
        np.testing.assert_allclose(root @ np.swapaxes(root, -1, -2), covariance, atol=1e-12)


def test_the_columns_of_a_root_are_axes_by_rising_variance() -> None:
    """Each column is as long as the standard deviation along it, and the columns are orthogonal."""
    root = covariance_root(np.diag([9.0, 1.0, 4.0]))
    np.testing.assert_allclose(np.linalg.norm(root, axis=0), [1, 2, 3])
    np.testing.assert_allclose(root.T @ root, np.diag([1.0, 4.0, 9.0]), atol=1e-12)


def test_the_largest_entry_of_each_axis_becomes_positive() -> None:
    """Whatever the sign it comes with; zeros and the number type stay."""
    axes = np.array([[1, -3, 2], [0.5, 0.1, -0.2], [0, 0, 0]], np.float32)
    wanted = np.array([[-1, 3, -2], [0.5, 0.1, -0.2], [0, 0, 0]], np.float32)
    for given in (axes, -axes):
        fixed = fix_signs(given)
        assert fixed.dtype == np.float32
        np.testing.assert_array_equal(fixed, wanted)
