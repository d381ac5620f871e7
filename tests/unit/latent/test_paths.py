"""Laws of paths and grids in latent space."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from vae_core.config import UserError
from vae_core.latent import paths

numbers = st.floats(-100, 100, width=32)
kinds = st.sampled_from(paths.KINDS)
step_counts = st.integers(2, 12)


@st.composite
def ends(draw: st.DrawFn, least_size: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Two codes of one size: unrelated ones, equal ones, opposite ones, or one of them at the origin."""
    size = draw(st.integers(least_size, 8))
    a = draw(arrays(np.float32, size, elements=numbers))
    unrelated = draw(arrays(np.float32, size, elements=numbers))
    return a, draw(st.sampled_from([unrelated, a, -a, 2 * a, np.zeros_like(a)]))


@given(ends(), step_counts, kinds)
def test_a_path_begins_and_ends_exactly_at_its_ends(pair: tuple, steps: int, kind: str) -> None:
    """Both ends are hit bit by bit, and nothing between is not a number."""
    codes = paths.path(*pair, steps, kind)
    assert codes.shape == (steps, len(pair[0]))
    np.testing.assert_array_equal(codes[0], pair[0])
    np.testing.assert_array_equal(codes[-1], pair[1])
    assert np.isfinite(codes).all()


@given(ends(), step_counts, kinds)
def test_the_way_back_is_the_way_there(pair: tuple, steps: int, kind: str) -> None:
    """A path from b to a is the path from a to b, reversed; opposite ends too."""
    there, back = paths.path(*pair, steps, kind), paths.path(*pair[::-1], steps, kind)
    np.testing.assert_allclose(back[::-1], there, rtol=1e-5, atol=1e-5)


@given(ends(least_size=2), step_counts)
def test_a_spherical_path_changes_its_norm_linearly(pair: tuple, steps: int) -> None:
    """The norm goes evenly from one end's to the other's, so that the path stays on the prior's shell."""
    norms = np.linalg.norm(paths.path(*pair, steps, "spherical"), axis=1)
    np.testing.assert_allclose(norms, np.linspace(norms[0], norms[-1], steps), rtol=1e-5, atol=1e-5)


@given(st.integers(2, 8), st.integers(0, 2**32 - 1), st.floats(0, 2 * np.pi), kinds)
def test_a_path_turns_with_its_ends(size: int, seed: int, angle: float, kind: str) -> None:
    """Rotating both ends rotates the path, where the ends determine a circle."""
    a, b = 3 * np.random.default_rng(seed).standard_normal((2, size))
    assume(abs(a @ b) < 0.999 * np.linalg.norm(a) * np.linalg.norm(b))
    rotation = np.eye(len(a))
    rotation[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turned = paths.path(rotation @ a, rotation @ b, 7, kind)
    np.testing.assert_allclose(turned, paths.path(a, b, 7, kind) @ rotation.T, atol=1e-6)


@given(ends(), st.floats(0.125, 8), kinds)
def test_a_path_grows_with_its_ends(pair: tuple, factor: float, kind: str) -> None:
    """Scaling both ends scales the path."""
    a, b = (np.asarray(end, float) for end in pair)
    grown = paths.path(factor * a, factor * b, 7, kind)
    np.testing.assert_allclose(grown, factor * paths.path(a, b, 7, kind), rtol=1e-6, atol=1e-6)


def test_a_spherical_path_takes_equal_angles() -> None:
    """From one axis to another in three steps of 30 degrees."""
    codes = paths.path(np.array([2.0, 0.0]), np.array([0.0, 2.0]), 4, "spherical")
    np.testing.assert_allclose(np.degrees(np.arctan2(codes[:, 1], codes[:, 0])), [0, 30, 60, 90], atol=1e-12)


def test_the_way_between_nearly_opposite_ends_is_the_way_back() -> None:
    """The side on which the origin is passed does not hang on the last digit of an end."""
    a, b = np.array([1.0, 1.0]), np.array([-1.0000001, -1.0])
    there, back = paths.path(a, b, 5, "spherical"), paths.path(b, a, 5, "spherical")
    np.testing.assert_allclose(back[::-1], there, atol=1e-5)


def test_a_spherical_path_between_opposite_ends_avoids_the_origin() -> None:
    """Half way between z and -z the straight line is at the origin, and the spherical path still on the shell."""
    code = np.array([3.0, -1.0, 2.0])
    assert np.linalg.norm(paths.path(code, -code, 3, "linear")[1]) == 0
    assert np.linalg.norm(paths.path(code, -code, 3, "spherical")[1]) == pytest.approx(np.linalg.norm(code))


@pytest.mark.parametrize(
    ("b", "steps", "kind"), [([0, 1], 1, "linear"), ([0, 1, 2], 5, "linear"), ([0, 1], 5, "round")]
)
def test_a_path_that_cannot_be_is_refused_in_one_line(b: list, steps: int, kind: str) -> None:
    """Too few steps, ends of different sizes, and an unknown kind."""
    with pytest.raises(UserError) as error:
        paths.path(np.array([1.0, 2.0]), np.array(b, float), steps, kind)
    assert "\n" not in str(error.value)


def test_a_cross_fade_averages_pixels() -> None:
    """Ends are exact, the middle is the mean of the two images."""
    a, b = np.random.default_rng(0).random((2, 3, 4, 5), np.float32)
    faded = paths.cross_fade(a, b, 5)
    assert faded.shape == (5, 3, 4, 5)
    assert faded.dtype == np.float32
    np.testing.assert_array_equal(faded[[0, -1]], [a, b])
    np.testing.assert_allclose(faded[2], (a + b) / 2, atol=1e-7)


@given(st.integers(1, 12))
def test_the_prior_grid_cuts_the_prior_into_equal_shares(side: int) -> None:
    """The codes' quantiles are the middles of equal parts, and the grid lies as on a map."""
    grid = paths.prior_grid(side)
    assert grid.shape == (side * side, 2)
    middles = (np.arange(side) + 0.5) / side
    shares = norm.cdf(grid).reshape(side, side, 2)
    np.testing.assert_allclose(shares[..., 0], np.broadcast_to(middles, (side, side)), atol=1e-12)
    np.testing.assert_allclose(shares[..., 1], np.broadcast_to(middles[::-1, None], (side, side)), atol=1e-12)
