"""Clusters of codes, each described by the class that most of it belongs to. Scikit-learn is imported when needed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def cluster(codes: np.ndarray, count: int) -> np.ndarray:
    """The cluster of each code (N, D), int (N,): k-means (Lloyd 1982) with ``count`` clusters.

    There are never more clusters than different codes.
    """
    from sklearn.cluster import KMeans

    count = min(count, len(np.unique(codes, axis=0)))
    return KMeans(count, n_init=1, random_state=0).fit_predict(codes)


def cluster_names(clusters: np.ndarray, labels: np.ndarray | None, class_names: Sequence[str]) -> tuple[str, ...]:
    """A name for each cluster: its number from 1, and the commonest class in it with its share.

    Args:
        clusters: (N,) the cluster of each code.
        labels: (N,) the class of each code, or None where there are no classes.
        class_names: the name of each class.
    """
    return tuple(_name(number, labels, class_names, clusters == number) for number in range(int(clusters.max()) + 1))


def _name(number: int, labels: np.ndarray | None, class_names: Sequence[str], members: np.ndarray) -> str:
    if labels is None:
        return f"Cluster {number + 1}"
    counts = np.bincount(labels[members], minlength=len(class_names))
    commonest = int(counts.argmax())
    return f"{number + 1}: {counts[commonest] / max(counts.sum(), 1):.0%} {class_names[commonest]}"
