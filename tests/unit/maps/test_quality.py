"""How far a map can be trusted, and the neighbours that this rests on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group, spearmanr
from sklearn.manifold import trustworthiness
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from vae_core.maps import quality
from vae_core.maps.quality import NEIGHBOURS, VOTERS, measure, shepard
from vae_core.neighbours import nearest


def points(count: int = 200, size: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Codes (count, size) in three clusters, and each one's cluster."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    return generator.normal(size=(count, size)) + 3 * labels[:, None], labels


# --- neighbours --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 4, 16])
def test_neighbours_are_those_of_scikit_learn(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By tree and by brute force, in several parts: the same neighbours and distances, and progress up to 1."""
    monkeypatch.setattr("vae_core.neighbours.QUERIES_A_PART", 64)
    codes, _ = points(150, size)
    shares: list[float] = []
    indices, distances = nearest(codes, 7, shares.append)
    expected_distances, expected = NearestNeighbors(n_neighbors=7).fit(codes).kneighbors()
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_allclose(distances, expected_distances, atol=1e-6)
    assert shares == pytest.approx([64 / 150, 128 / 150, 1])


@given(st.integers(2, 40), st.integers(1, 5), st.integers(0, 100))
def test_no_point_is_its_own_neighbour(count: int, size: int, seed: int) -> None:
    """Not even among points that are all equal; each neighbour is there once."""
    codes = np.random.default_rng(seed).integers(0, 2, (count, size)).astype(float)
    k = min(5, count - 1)
    indices, _ = nearest(codes, k)
    assert (indices != np.arange(count)[:, None]).all()
    assert all(len(set(row)) == k for row in indices.tolist())


def test_more_neighbours_than_points_are_refused() -> None:
    """Three points have two neighbours each at most."""
    with pytest.raises(ValueError, match="3 neighbours need more than 3 points; there are 3"):
        nearest(np.eye(3), 3)


# --- the figures -------------------------------------------------------------------------------------------------


@given(st.integers(12, 60), st.integers(1, 3), st.integers(1, 5), st.integers(0, 1000))
def test_the_tree_counts_as_all_distances_do(count: int, size: int, k: int, seed: int) -> None:
    """On a grid of whole numbers, where many points are equal or equally far, neither takes one for nearer."""
    generator = np.random.default_rng(seed)
    coordinates = generator.integers(0, 6, (count, size)).astype(float)
    neighbours, _ = nearest(generator.normal(size=(count, size)), k)
    given = (coordinates, np.arange(count), neighbours, generator.random((count, k)) < 0.5, k)
    assert quality._excess_by_tree(*given) == quality._excess_by_distances(*given)


@pytest.mark.slow
@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_the_figures_are_those_of_scikit_learn(dimensions: int, seed: int) -> None:
    """Trustworthiness, continuity, and leave-one-out kNN accuracy in both spaces, to 1e-6, and scipy's correlation."""
    codes, labels = points(seed=seed)
    coordinates = codes[:, :dimensions] + np.random.default_rng(seed).normal(size=(len(codes), dimensions))
    found = measure(codes, coordinates, labels)
    assert found.trustworthiness == pytest.approx(trustworthiness(codes, coordinates, n_neighbors=15), abs=1e-6)
    assert found.continuity == pytest.approx(trustworthiness(coordinates, codes, n_neighbors=15), abs=1e-6)
    classifier = KNeighborsClassifier(VOTERS)
    for space, accuracy in ((codes, found.knn_codes), (coordinates, found.knn_map)):
        assert accuracy == pytest.approx(cross_val_score(classifier, space, labels, cv=LeaveOneOut()).mean(), abs=1e-6)
    sample = shepard(codes, coordinates)
    expected = spearmanr(sample.code_distances, sample.map_distances).statistic
    assert found.rank_correlation == pytest.approx(expected, abs=1e-9)
    assert found.measured == len(codes)


@pytest.mark.slow
@given(st.integers(2, 3), st.integers(31, 80), st.integers(0, 1000), st.floats(0.1, 10))
def test_an_isometry_is_trusted_wholly(size: int, count: int, seed: int, scale: float) -> None:
    """Turning, mirroring, moving and scaling evenly lose no neighbour."""
    generator = np.random.default_rng(seed)
    codes = generator.normal(size=(count, size))
    turn = ortho_group.rvs(size, random_state=seed)
    found = measure(codes, scale * (codes @ turn) + generator.normal(size=size))
    assert found.trustworthiness == 1
    assert found.continuity == 1
    assert found.rank_correlation == pytest.approx(1)
    assert not found.distortion.any()
    assert (found.knn_map, found.knn_codes) == (None, None)


def test_distortion_is_the_share_of_lost_neighbours() -> None:
    """Point by point, counted from scikit-learn's neighbours; as many intruders as there are lost ones."""
    codes, _ = points()
    coordinates = codes[:, :2]
    lost = []
    before, after = (
        NearestNeighbors(n_neighbors=NEIGHBOURS).fit(space).kneighbors(return_distance=False)
        for space in (codes, coordinates)
    )
    for old, new in zip(before, after, strict=True):
        assert len(set(old) - set(new)) == len(set(new) - set(old))
        lost.append(len(set(old) - set(new)) / NEIGHBOURS)
    np.testing.assert_allclose(measure(codes, coordinates).distortion, lost, rtol=1e-6)


def test_a_scrambled_map_cannot_be_trusted() -> None:
    """Points in any order: neighbours are as good as drawn by lot."""
    codes, labels = points(600)
    found = measure(codes, np.random.default_rng(0).permutation(codes)[:, :2], labels)
    assert found.trustworthiness == pytest.approx(0.5, abs=0.05)
    assert found.rank_correlation == pytest.approx(0, abs=0.1)
    assert found.distortion.mean() > 0.9


def test_of_very_many_points_a_part_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures are near those of all; the distortion is known for the measured ones only."""
    codes, labels = points(1000)
    coordinates = codes[:, :2]
    whole = measure(codes, coordinates, labels)
    monkeypatch.setattr(quality, "MOST_ROWS", 500)
    monkeypatch.setattr(quality, "ROWS_OF_MANY", 400)
    part = measure(codes, coordinates, labels)
    assert part.measured == 400
    assert np.isnan(part.distortion).sum() == 600
    known = ~np.isnan(part.distortion)
    np.testing.assert_array_equal(part.distortion[known], whole.distortion[known])
    for name in ("trustworthiness", "continuity", "knn_map", "knn_codes"):
        assert getattr(part, name) == pytest.approx(getattr(whole, name), abs=0.03), name


@pytest.mark.parametrize(
    ("codes", "coordinates", "reason"),
    [
        (np.eye(30), np.eye(30), "more than 30 points; there are 30"),
        (np.eye(40), np.eye(41), "40 codes, but 41 points"),
    ],
)
def test_too_few_points_are_refused(codes: np.ndarray, coordinates: np.ndarray, reason: str) -> None:
    """The figures are not defined for fewer than twice their neighbours."""
    with pytest.raises(ValueError, match=reason):
        measure(codes, coordinates)


def test_equal_points_have_no_rank_correlation() -> None:
    """It is not a number, instead of a warning or an error."""
    assert np.isnan(shepard(np.zeros((40, 3)), np.eye(40)[:, :2]).rank_correlation)


@given(st.integers(2, 50), st.integers(0, 100))
def test_a_pair_has_two_different_points(count: int, seed: int) -> None:
    """No distance of a point to itself is among the sample."""
    codes = np.arange(count, dtype=float)[:, None]
    assert shepard(codes, codes, pairs=200, seed=seed).code_distances.min() >= 1
