"""New codes on t-SNE and UMAP maps: the losses, and that places are where they are least."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import check_grad

from vae_core.maps import out_of_sample
from vae_core.maps.out_of_sample import (
    Loss,
    membership_strengths,
    perplexity_weights,
    settle,
    tsne_loss,
    umap_curve,
    umap_loss,
)
from vae_core.maps.request import MapRequest, Method

MOST_LOSSES = 40  # for one code; each takes about half a millisecond
METHODS: tuple[Method, ...] = ("tsne", "umap")


def request_of(method: Method) -> MapRequest:
    """A request of the usual parameters."""
    return MapRequest("", "", method)


def two_clusters(seed: int, dimensions: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Codes (80, 5) of two clusters far apart, and a map (80, dimensions) that shows them as two."""
    generator = np.random.default_rng(seed)
    side = np.repeat([0, 1], 40)
    codes = generator.normal(size=(80, 5)) + 20 * side[:, None]
    return codes, generator.normal(size=(80, dimensions)) + 30 * side[:, None]


def loss_of(method: Method, seed: int) -> Loss:
    """The loss of a new code of the first cluster."""
    codes, places = two_clusters(seed)
    distances = np.linalg.norm(codes - codes[:40].mean(0), axis=1)
    near = np.argsort(distances)[:15]
    return {"tsne": tsne_loss, "umap": umap_loss}[method](distances[near], near, places, request_of(method))


@pytest.mark.parametrize("method", METHODS)
@given(seed=st.integers(0, 1000))
def test_gradients_are_those_of_the_losses(method: Method, seed: int) -> None:
    """They agree with finite differences."""
    loss = loss_of(method, seed)
    place = np.random.default_rng(seed).normal(size=2) * 10
    wrong = check_grad(lambda at: loss(at)[0], lambda at: loss(at)[1], place)
    assert wrong < 1e-3 * (1 + np.linalg.norm(loss(place)[1]))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_new_code_lies_in_its_cluster(method: Method, dimensions: int) -> None:
    """Between the points of the first cluster, where the loss is less than at any of them, and within the bounds."""
    codes, places = two_clusters(0, dimensions)
    new = codes[:40].mean(0)
    (placed,) = settle(new[None], codes, places, request_of(method))
    assert np.linalg.norm(placed - places[:40].mean(0)) < 3
    assert (placed >= places.min(0) - 1e-5).all()
    assert (placed <= places.max(0) + 1e-5).all()
    distances = np.linalg.norm(codes - new, axis=1)
    near = np.argsort(distances)[:15]
    loss = {"tsne": tsne_loss, "umap": umap_loss}[method](distances[near], near, places, request_of(method))
    assert loss(placed.astype(float))[0] <= min(loss(place)[0] for place in places[:40]) + 1e-6


@pytest.mark.parametrize("method", METHODS)
def test_a_code_of_the_map_gets_its_own_place(method: Method) -> None:
    """Exactly, in the map's precision."""
    codes, places = two_clusters(1)
    np.testing.assert_array_equal(settle(codes, codes, places, request_of(method)), places.astype(np.float32))


@pytest.mark.parametrize("method", METHODS)
def test_few_or_equal_points_are_no_trouble(method: Method) -> None:
    """Two points, or neighbours that all lie at one distance, give a finite place."""
    for codes in (np.array([[0.0], [2.0]]), np.eye(12)):
        places = np.random.default_rng(0).normal(size=(len(codes), 2))
        new = np.full((1, codes.shape[1]), 0.5)
        assert np.isfinite(settle(new, codes, places, request_of(method))).all()


@given(st.floats(1.5, 20), st.integers(0, 1000))
def test_the_entropy_of_the_weights_is_that_of_the_perplexity(perplexity: float, seed: int) -> None:
    """The weights sum to 1, the nearest has the most, and the exponential of their entropy is as asked."""
    squared = np.sort(np.random.default_rng(seed).uniform(1, 9, 60))
    weights = perplexity_weights(squared, perplexity)
    assert weights.sum() == pytest.approx(1)
    assert (np.diff(weights) <= 0).all()
    some = weights[weights > 0]
    assert np.exp(-(some * np.log(some)).sum()) == pytest.approx(perplexity, rel=1e-4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Tensorflow not installed:ImportWarning")
def test_weights_and_strengths_are_the_libraries() -> None:
    """Those of openTSNE and umap-learn come out the same, and so does umap-learn's curve."""
    from openTSNE.affinity import joint_probabilities_nn
    from umap.umap_ import find_ab_params, smooth_knn_dist

    distances = np.sort(np.random.default_rng(0).uniform(1, 3, 15))
    theirs = joint_probabilities_nn(
        np.arange(15)[None], distances[None], [5], symmetrize=False, normalization="point-wise", n_reference_samples=15
    )
    np.testing.assert_allclose(perplexity_weights(distances**2, 5), theirs.toarray()[0], atol=1e-5)
    # It leaves the first of its neighbours out of the sum, and would count 16 of them.
    with_another = np.concatenate([[0.0], distances]).astype(np.float32)
    (width,), (nearest,) = smooth_knn_dist.py_func(with_another[None], 15.0, local_connectivity=0.0)
    assert nearest == 0
    np.testing.assert_allclose(membership_strengths(distances), np.exp(-distances / width), atol=1e-4)
    for minimum_distance in (0.0, 0.1, 0.5, 0.9):
        np.testing.assert_allclose(umap_curve(minimum_distance), find_ab_params(1.0, minimum_distance), rtol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_one_code_among_ten_thousand_is_placed_at_once(method: Method, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its loss is asked for so few times, with all ten thousand points each, that a hand on a slider does not wait."""
    generator = np.random.default_rng(0)
    reference, coordinates = generator.normal(size=(10_000, 16)), generator.normal(size=(10_000, 2))
    asked, make = [], getattr(out_of_sample, f"{method}_loss")

    def counted(*arguments: Any) -> Loss:
        loss = make(*arguments)
        return lambda place: (asked.append(place), loss(place))[1]

    monkeypatch.setattr(out_of_sample, f"{method}_loss", counted)
    settle(generator.normal(size=(5, 16)), reference, coordinates, request_of(method))
    assert 5 < len(asked) < 5 * MOST_LOSSES


def test_a_smaller_perplexity_of_the_map_counts() -> None:
    """A map of perplexity 2 places by 2, so that six neighbours count."""
    codes, places = two_clusters(2)
    new = codes[:40].mean(0)[None]
    usual = settle(new, codes, places, request_of("tsne"))
    assert not np.array_equal(settle(new, codes, places, replace(request_of("tsne"), perplexity=2.0)), usual)
