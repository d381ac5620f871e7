"""How far a map can be trusted: its neighbourhoods and distances against those of the codes it was made from."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from vae_core.neighbours import MOST_TREE_DIMENSIONS, nearest

NEIGHBOURS = 15
"""k of trustworthiness, continuity and distortion."""
VOTERS = 10
"""k of the kNN accuracies."""
PAIRS = 5000
MOST_ROWS = 20_000
"""With more points, the figures are those of a random part of them, each among all."""
ROWS_OF_MANY = 5000
DISTANCES_A_PART = 2_000_000  # 16 MB in float64


@dataclass(frozen=True, eq=False)
class MapQuality:
    """How a map of N points keeps the codes' neighbourhoods and distances."""

    trustworthiness: float
    """1 if every point's 15 nearest on the map are among its 15 nearest codes (Venna & Kaski 2001)."""
    continuity: float
    """1 if every point's 15 nearest codes are among its 15 nearest on the map (the same, spaces exchanged)."""
    knn_map: float | None
    """Share of points whose 10 nearest on the map vote for their class; None without labels."""
    knn_codes: float | None
    """Share of points whose 10 nearest codes vote for their class; None without labels."""
    rank_correlation: float
    """Spearman's, of the distances of random pairs as codes and on the map."""
    distortion: np.ndarray
    """float32 (N,): the share of a point's 15 nearest codes that are not among its 15 nearest on the map.

    It is also the share of those on the map that are intruders. NaN for points that were not evaluated."""
    measured: int
    """Of how many points these are the figures."""


@dataclass(frozen=True, eq=False)
class Shepard:
    """Distances of random pairs, as codes (P,) and on the map (P,), and their rank correlation (Shepard 1962)."""

    code_distances: np.ndarray
    map_distances: np.ndarray
    rank_correlation: float


def measure(codes: np.ndarray, coordinates: np.ndarray, labels: np.ndarray | None = None) -> MapQuality:
    """All figures of a map (N, d) of codes (N, D) with classes ``labels`` (N,).

    Raises:
        ValueError: unless there are more than 30 points, and as many on the map as codes.
    """
    count = len(codes)
    _check(codes, coordinates, NEIGHBOURS)
    code_neighbours, map_neighbours = nearest(codes, NEIGHBOURS)[0], nearest(coordinates, NEIGHBOURS)[0]
    rows = np.arange(count)
    if count > MOST_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(count, ROWS_OF_MANY, replace=False))
    lost = ~_contains(map_neighbours[rows], code_neighbours[rows])
    intruders = ~_contains(code_neighbours[rows], map_neighbours[rows])
    distortion = np.full(count, np.nan, np.float32)
    distortion[rows] = lost.mean(1)
    knn_map, knn_codes = (
        None if labels is None else _vote(near[rows, :VOTERS], labels, rows)
        for near in (map_neighbours, code_neighbours)
    )
    return MapQuality(
        _figure(codes, rows, map_neighbours[rows], intruders, NEIGHBOURS),
        _figure(coordinates, rows, code_neighbours[rows], lost, NEIGHBOURS),
        knn_map,
        knn_codes,
        shepard(codes, coordinates).rank_correlation,
        distortion,
        len(rows),
    )


def trustworthiness(codes: np.ndarray, coordinates: np.ndarray, k: int = NEIGHBOURS) -> float:
    """How far a map (N, d) can be trusted: 1 if every point's k neighbours on it are its k nearest codes (N, D).

    Each neighbour on the map that is not among the k nearest codes costs as much as its rank among them exceeds k
    (Venna & Kaski 2001, "Neighborhood preservation in nonlinear projection methods"). The same figure as
    scikit-learn's, in bounded memory. With codes and map exchanged it is the continuity.

    Raises:
        ValueError: unless k is below half the number of points, where the figure is defined.
    """
    _check(codes, coordinates, k)
    code_neighbours, map_neighbours = nearest(codes, k)[0], nearest(coordinates, k)[0]
    return _figure(codes, np.arange(len(codes)), map_neighbours, ~_contains(code_neighbours, map_neighbours), k)


def shepard(codes: np.ndarray, coordinates: np.ndarray, pairs: int = PAIRS, seed: int = 0) -> Shepard:
    """Distances of ``pairs`` random pairs of different points, as codes (N, D) and on the map (N, d)."""
    from scipy.stats import spearmanr

    generator = np.random.default_rng(seed)
    first = generator.integers(len(codes), size=pairs)
    second = (first + generator.integers(1, len(codes), size=pairs)) % len(codes)
    near, far = (
        np.linalg.norm(points[first].astype(np.float64) - points[second], axis=1) for points in (codes, coordinates)
    )
    constant = np.ptp(near) == 0 or np.ptp(far) == 0
    return Shepard(near, far, float("nan") if constant else float(spearmanr(near, far).statistic))


def _check(codes: np.ndarray, coordinates: np.ndarray, k: int) -> None:
    count = len(codes)
    if len(coordinates) != count:
        raise ValueError(f"there are {count} codes, but {len(coordinates)} points on the map")
    if not 1 <= k < count / 2:
        raise ValueError(f"trustworthiness with {k} neighbours needs more than {2 * k} points; there are {count}")


def _contains(lists: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Whether (bool, (N, k)) each row of ``lists`` (N, k) has each entry of the same row of ``wanted`` (N, k)."""
    return (wanted[:, :, None] == lists[:, None, :]).any(2)


def _vote(neighbours: np.ndarray, labels: np.ndarray, rows: np.ndarray) -> float:
    """Share of points whose neighbours' most frequent label is their own; a tie goes to the smaller label."""
    votes = labels[neighbours]
    counts = np.stack([(votes == label).sum(1) for label in range(int(labels.max()) + 1)], axis=1)
    return float((counts.argmax(1) == labels[rows]).mean())


def _figure(points: np.ndarray, rows: np.ndarray, neighbours: np.ndarray, strangers: np.ndarray, k: int) -> float:
    """Trustworthiness, from each row's neighbours (R, k) in the one space that are strangers (R, k) in the other."""
    points = np.ascontiguousarray(points, np.float64)
    count = len(points)
    few = points.shape[1] <= MOST_TREE_DIMENSIONS
    excess = (_excess_by_tree if few else _excess_by_distances)(points, rows, neighbours, strangers, k)
    return 1 - excess * 2 / (len(rows) * k * (2 * count - 3 * k - 1))


def _excess_by_tree(points: np.ndarray, rows: np.ndarray, neighbours: np.ndarray, strangers: np.ndarray, k: int) -> int:
    """By how much the ranks of the rows' strangers exceed k, summed; a tree counts the points that are nearer."""
    from scipy.spatial import KDTree

    position, column = np.nonzero(strangers)
    centres = points[rows[position]]
    radii = np.linalg.norm(centres - points[neighbours[position, column]], axis=1)
    apart = radii > 0  # to a point equal to it none is nearer
    # A ball holds its edge: a little smaller it leaves out the stranger, but still holds its own centre, which counts
    # for the stranger.
    ranks = KDTree(points).query_ball_point(
        centres[apart], radii[apart] * (1 - 1e-12), return_length=True, workers=os.cpu_count() or 1
    )
    return int(np.maximum(ranks - k, 0).sum())


def _excess_by_distances(
    points: np.ndarray, rows: np.ndarray, neighbours: np.ndarray, strangers: np.ndarray, k: int
) -> int:
    """The same in many dimensions, where a tree does not help: from all distances, part by part."""
    norms = (points**2).sum(1)
    size = max(1, DISTANCES_A_PART // len(points))

    def excess(start: int) -> int:
        part = slice(start, start + size)
        near, strange = neighbours[part], strangers[part]
        # |x|^2 + |y|^2 - 2xy without |x|^2, which changes no order within a row.
        distances = norms - 2 * (points[rows[part]] @ points.T)
        distances[np.arange(len(near)), rows[part]] = np.inf  # a point is no neighbour of its own
        total = 0
        for row, listed, new in zip(distances, near, strange, strict=True):
            for threshold in row[listed[new]]:  # counting is quicker than sorting
                total += max(0, int(np.count_nonzero(row < threshold)) + 1 - k)
        return total

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return sum(pool.map(excess, range(0, len(rows), size)))
