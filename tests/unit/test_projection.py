"""PCA, t-SNE and UMAP of codes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_core import metrics, projection
from vae_core.projection import METHODS, MapError, MapRequest, embed


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
    monkeypatch.setattr(projection, "EARLY_ITERATIONS", 50)
    monkeypatch.setattr(projection, "ITERATIONS", 100)


@pytest.mark.parametrize("method", METHODS)
def test_a_map_keeps_clusters_reports_and_repeats(method: str) -> None:
    """Neighbours stay neighbours, progress rises from 0 to 1, and the same seed gives the same map, bit by bit."""
    codes, labels = clusters()
    progress: list[float] = []
    first = embed(codes, request(method), lambda fraction, text: progress.append(fraction))
    assert (first.shape, first.dtype) == ((len(codes), 2), np.float32)
    assert metrics.knn_accuracy(first, labels, 10) > 0.95
    assert metrics.trustworthiness(codes, first) > 0.9
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


def test_the_seed_and_the_parameters_matter() -> None:
    """Another seed or perplexity gives another map, under another name."""
    codes, _ = clusters(100)
    plain = request("tsne", perplexity=10.0)
    for other in (request("tsne", perplexity=10.0, seed=1), request("tsne", perplexity=20.0)):
        assert other.key != plain.key
        assert not np.array_equal(embed(codes, other), embed(codes, plain))


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
    ],
)
def test_what_cannot_be_mapped_is_refused_in_one_line(codes: np.ndarray, asked: MapRequest, reason: str) -> None:
    """Too few, equal or endless codes, and parameters that make no sense."""
    with pytest.raises(MapError, match=reason) as error:
        embed(codes, asked)
    assert "\n" not in str(error.value)


def test_a_cloud_without_clusters_does_not_become_one_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """Early exaggeration draws such codes together until nothing is left to tell them apart by."""
    monkeypatch.setattr(projection, "EARLY_ITERATIONS", 250)
    codes = np.random.default_rng(0).normal(size=(1500, 10))
    coordinates = embed(codes, request("tsne"))
    assert metrics.trustworthiness(codes, coordinates) > 0.8
