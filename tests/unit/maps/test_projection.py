"""PCA, t-SNE and UMAP of codes."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.stats import ortho_group

from vae_core.evaluation import metrics
from vae_core.maps import neighbour_embedding
from vae_core.maps.projection import align, embed
from vae_core.maps.quality import trustworthiness
from vae_core.maps.request import METHODS, MapError, MapRequest, check, usual_request


def clusters(count: int = 240, size: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Codes (count, size) in four clusters, and each one's cluster."""
    generator = np.random.default_rng(0)
    labels = np.arange(count) % 4
    centres = 8 * generator.normal(size=(4, size))
    return centres[labels] + generator.normal(size=(count, size)), labels


def request(method: str, **parameters: object) -> MapRequest:
    """A request for a map, of a checkpoint that does not matter here."""
    return MapRequest("model", "0" * 16, method, **parameters)  # type: ignore[arg-type]


class StopError(Exception):
    """What a caller raises to stop a map."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifth of t-SNE's iterations are enough for a few hundred points."""
    monkeypatch.setattr(neighbour_embedding, "EARLY_ITERATIONS", 50)
    monkeypatch.setattr(neighbour_embedding, "ITERATIONS", 100)
    monkeypatch.setattr(neighbour_embedding, "ARRANGED_ITERATIONS", 50)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_map_keeps_clusters_reports_and_repeats(method: str) -> None:
    """Neighbours stay neighbours, progress rises from 0 to 1, and the same seed gives the same map, bit by bit."""
    codes, labels = clusters()
    progress: list[float] = []
    first = embed(codes, request(method), lambda fraction, text: progress.append(fraction))
    assert (first.shape, first.dtype) == ((len(codes), 2), np.float32)
    assert metrics.knn_accuracy(first, labels, 10) > 0.95
    assert trustworthiness(codes, first) > 0.9
    assert (progress[0], progress[-1]) == (0, 1)
    assert progress == sorted(progress)
    np.testing.assert_array_equal(embed(codes, request(method)), first)


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_progress_is_told_and_can_stop_the_work(method: str) -> None:
    """Reports come while the points move, and raising from one ends the work before it is done."""
    codes, _ = clusters(120)
    words: list[str] = []

    def stop_under_way(fraction: float, text: str) -> None:
        words.append(text)
        if text == "Moving the points":
            raise StopError

    with pytest.raises(StopError):
        embed(codes, request(method, perplexity=10), stop_under_way)
    assert "Finding neighbours" in words
    assert "Done" not in words


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [1, 2])
def test_a_map_may_have_more_dimensions_than_the_codes(method: str, size: int) -> None:
    """Three dimensions from codes of one or two numbers."""
    codes, _ = clusters(60, size)
    coordinates = embed(codes, request(method, dimensions=3, perplexity=10))
    assert coordinates.shape == (60, 3)
    assert np.isfinite(coordinates).all()


@pytest.mark.parametrize("method", METHODS)
def test_equal_codes_among_others_do_no_harm(method: str) -> None:
    """Half of the codes are the same one."""
    codes, _ = clusters(100)
    codes[:50] = codes[0]
    assert np.isfinite(embed(codes, request(method, perplexity=10))).all()


@pytest.mark.slow
def test_the_seed_and_the_parameters_matter() -> None:
    """Another seed or perplexity gives another map, under another name."""
    codes, _ = clusters(100)
    plain = request("tsne", perplexity=10.0)
    for other in (request("tsne", perplexity=10.0, seed=1), request("tsne", perplexity=20.0)):
        assert other.key != plain.key
        assert not np.array_equal(embed(codes, other), embed(codes, plain))


OTHERS: dict[str, object] = {
    "checkpoint": "another",
    "digest": "1" * 16,
    "points": 99,
    "dimensions": 3,
    "seed": 1,
    "perplexity": 29.0,
    "neighbours": 16,
    "minimum_distance": 0.2,
    "source": "samples",
    "library": "scikit-learn",
}
UNUSED = {
    "pca": {"seed", "perplexity", "neighbours", "minimum_distance", "library"},
    "tsne": {"neighbours", "minimum_distance"},
    "umap": {"perplexity", "library"},
}


@pytest.mark.parametrize("method", METHODS)
def test_the_key_changes_with_everything_that_changes_the_map(method: str) -> None:
    """And with nothing else, so that no map is computed twice."""
    plain = request(method)
    assert {"method", *OTHERS} == {field.name for field in fields(MapRequest)}
    for name, value in OTHERS.items():
        assert (replace(plain, **{name: value}).key == plain.key) == (name in UNUSED[method]), name  # type: ignore[arg-type]
    assert replace(plain, source="samples", seed=1).key != replace(plain, source="samples").key
    assert len({request(other).key for other in METHODS}) == 3


@pytest.mark.slow
def test_scikit_learn_computes_t_sne_too() -> None:
    """On demand: clusters stay together, its iterations are counted, and the same seed gives the same map."""
    codes, labels = clusters()
    progress: list[float] = []
    asked = request("tsne", library="scikit-learn")
    first = embed(codes, asked, lambda fraction, text: progress.append(fraction))
    assert metrics.knn_accuracy(first, labels, 10) > 0.95
    assert progress == sorted(progress)
    assert len(progress) > 10
    np.testing.assert_array_equal(embed(codes, asked), first)
    assert not np.array_equal(embed(codes, request("tsne")), first)


@pytest.mark.parametrize(("method", "other"), [("tsne", {"perplexity": 10.0}), ("umap", {"neighbours": 8})])
def test_a_map_that_begins_with_another_keeps_its_arrangement(method: str, other: dict) -> None:
    """The clusters stay where they were, so that one map turns into the other; neighbours are kept as well as anew."""
    codes, labels = clusters()
    usual = embed(codes, request(method))
    following = embed(codes, request(method, **other), start=usual)
    centres, moved = (
        np.stack([points[labels == label].mean(0) for label in range(4)]) for points in (usual, following)
    )
    apart = np.linalg.norm(centres - np.roll(centres, 1, 0), axis=1).min()
    assert np.linalg.norm(moved - centres, axis=1).max() < apart
    assert trustworthiness(codes, following) > trustworthiness(codes, usual) - 0.02
    assert metrics.knn_accuracy(following, labels, 10) > 0.95


@given(st.integers(3, 40), st.sampled_from([2, 3]), st.integers(0, 1000))
def test_aligning_undoes_a_turn_and_changes_no_distance(count: int, size: int, seed: int) -> None:
    """A map turned and mirrored comes back to lie over itself; another keeps its shape."""
    generator = np.random.default_rng(seed)
    model, other = generator.normal(size=(2, count, size))
    turn = ortho_group.rvs(size, random_state=seed)
    np.testing.assert_allclose(align(model @ turn + 5, model), model - model.mean(0), atol=1e-9)
    np.testing.assert_allclose(pdist(align(other, model)), pdist(other), atol=1e-9)


@given(st.integers(2, 6), st.sampled_from([2, 3]))
def test_pca_keeps_the_largest_variances(size: int, dimensions: int) -> None:
    """The map's axes are uncorrelated and carry the leading eigenvalues of the covariance, in falling order."""
    codes, _ = clusters(80, size)
    coordinates = embed(codes, request("pca", dimensions=dimensions)).astype(float)
    eigenvalues = np.linalg.eigvalsh(np.cov(codes, rowvar=False))[::-1]
    wanted = np.zeros(dimensions)
    wanted[: min(size, dimensions)] = eigenvalues[:dimensions]
    np.testing.assert_allclose(np.cov(coordinates, rowvar=False), np.diag(wanted), atol=1e-3)


@pytest.mark.parametrize(
    ("codes", "asked", "reason"),
    [
        (np.zeros((50, 3)), request("pca"), "all codes are equal"),
        (np.full((50, 3), np.nan), request("pca"), "not finite"),
        (np.full((50, 3), np.inf), request("umap"), "not finite"),
        (np.eye(90), request("tsne"), "t-SNE .* more than 90 points; there are 90"),
        (np.eye(15), request("umap"), "UMAP .* more than 15 points; there are 15"),
        (np.eye(1), request("pca"), "PCA .* more than 1 points"),
        (np.zeros((0, 3)), request("pca"), "there are 0"),
        (np.eye(50), request("pca", dimensions=4), "2 or 3 dimensions"),
        (np.eye(50), request("tsne", perplexity=0.0), "perplexity"),
        (np.eye(50), request("tsne", perplexity=float("nan")), "perplexity"),
        (np.eye(50), request("umap", neighbours=1), "number of neighbours"),
        (np.eye(50), request("umap", minimum_distance=-1.0), "minimum distance"),
        (np.eye(50), request("som"), "no map 'som'"),
        (np.eye(50), request("pca", source="words"), "no source 'words'"),
        (np.eye(50), request("tsne", perplexity=5.0, library="own"), "openTSNE or scikit-learn, not by 'own'"),
    ],
)
def test_what_cannot_be_mapped_is_refused_in_one_line(codes: np.ndarray, asked: MapRequest, reason: str) -> None:
    """Too few, equal or endless codes, and parameters that make no sense."""
    with pytest.raises(MapError, match=reason) as error:
        embed(codes, asked)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_a_cloud_without_clusters_does_not_become_one_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """Early exaggeration draws such codes together until nothing is left to tell them apart by."""
    monkeypatch.setattr(neighbour_embedding, "EARLY_ITERATIONS", 250)
    codes = np.random.default_rng(0).normal(size=(1500, 10))
    coordinates = embed(codes, request("tsne"))
    assert trustworthiness(codes, coordinates) > 0.8


@given(st.integers(2, 200))
def test_usual_parameters_are_possible_where_any_are(points: int) -> None:
    """Few points get a smaller perplexity and fewer neighbours; with very few nothing is possible."""
    codes = np.random.default_rng(points).normal(size=(points, 3))
    for method, needed in (("tsne", 15), ("umap", 5)):
        request = usual_request("", "", method, points)  # type: ignore[arg-type]
        if points > needed:
            check(codes, request)
        else:
            with pytest.raises(MapError, match="needs more than"):
                check(codes, request)
    assert usual_request("", "", "tsne", 91).perplexity == 30
