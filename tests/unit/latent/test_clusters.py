"""Clusters of codes and their names."""

from __future__ import annotations

import numpy as np

from vae_core.latent.clusters import cluster, cluster_names


def test_codes_far_apart_are_in_clusters_of_their_own() -> None:
    """Three groups are found again, whatever their order."""
    groups = np.repeat([0, 1, 2], 30)
    codes = np.array([[0, 0], [10, 0], [0, 10]])[groups] + np.random.default_rng(0).normal(size=(90, 2))
    clusters = cluster(codes, 3)
    assert len({(group, found) for group, found in zip(groups, clusters, strict=True)}) == 3


def test_equal_codes_are_one_cluster() -> None:
    """There are no more clusters than different codes."""
    assert set(cluster(np.ones((20, 3)), 5)) == {0}


def test_a_cluster_is_named_by_its_commonest_class() -> None:
    """With the class's share; by its number alone where there are no classes."""
    clusters = np.array([0, 0, 0, 0, 1, 1])
    labels = np.array([1, 1, 1, 0, 0, 0])
    assert cluster_names(clusters, labels, ("cat", "dog")) == ("1: 75% dog", "2: 100% cat")
    assert cluster_names(clusters, None, ()) == ("Cluster 1", "Cluster 2")
