"""Coordinates as whole steps of 16 bits."""

from __future__ import annotations

import numpy as np

from vae_core.maps.quantise import STEPS, quantise, restore


def test_coordinates_come_back_to_within_half_a_step() -> None:
    """On each axis by itself, however different the axes' ranges are."""
    coordinates = (np.random.default_rng(0).normal(size=(500, 3)) * [1, 100, 1e-3]).astype(np.float32)
    steps, low, high = quantise(coordinates)
    assert steps.dtype == np.uint16
    assert (steps.min(0) == 0).all()
    assert (steps.max(0) == STEPS).all()
    error = np.abs(restore(steps, low, high) - coordinates)
    assert (error <= 0.51 * (high - low) / STEPS + 1e-7 * np.abs(coordinates)).all()


def test_an_axis_without_extent_comes_back_exactly() -> None:
    """All points on a line: no division by zero."""
    coordinates = np.array([[1.5, 0], [1.5, 2]], np.float32)
    np.testing.assert_array_equal(restore(*quantise(coordinates)), coordinates)
