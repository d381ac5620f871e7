"""What the points of a map may be coloured by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.components.map import Groups, Points, Values
from ui.embeddings import trust
from ui.embeddings.loading import Map
from ui.state import loaders

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint

CLASS, ERROR, KL, CLUSTER, DISTORTION = "Class", "Reconstruction error", "KL", "Cluster", "Distortion"
MOST_DIMENSIONS = 64
CLUSTERS = 10  # where there are no classes to count


def colourings(checkpoint: Checkpoint) -> list[str]:
    """The names of all colourings of a model's map."""
    model = checkpoint.run.model
    names = [CLASS, ERROR, *([KL] if model.family == "vae" else []), CLUSTER, DISTORTION]
    return names + [f"z{dimension}" for dimension in range(min(model.latent, MOST_DIMENSIONS))]


def colour(name: str, checkpoint: Checkpoint, points: Points, shown: Map) -> Groups | Values:
    """A colouring of the points of a map.

    Raises:
        UserError: if the model cannot be opened.
    """
    if name == CLASS:
        labels = np.zeros(len(points.indices), int) if points.labels is None else points.labels
        return Groups(labels, points.names or ("Test images",))
    if name == CLUSTER:
        return _clusters(points.key, checkpoint.digest, checkpoint, points)
    if name in (ERROR, KL):
        errors, kl = figures_per_image(checkpoint.name, checkpoint.digest, checkpoint)
        values, title = (kl, "KL in nats") if name == KL else (errors, "Mean squared error")
        return Values(values[points.indices], title)
    if name == DISTORTION:
        quality = trust.quality(checkpoint, shown, points)
        lost = np.zeros(len(points.indices)) if quality is None else quality.distortion
        return Values(lost, "Share of neighbours lost")
    dimension = int(name.removeprefix("z"))
    return Values(loaders.test_codes(checkpoint).codes[points.indices, dimension], name)


@st.cache_resource(max_entries=4, show_spinner="Measuring the test images …")
def figures_per_image(name: str, digest: str, _checkpoint: Checkpoint) -> tuple[np.ndarray, np.ndarray]:
    """MSE of each test image's reconstruction, and its KL in nats."""
    from vae_core.evaluation import metrics

    space, found = loaders.open_space(_checkpoint), loaders.test_codes(_checkpoint)
    labels = found.images.labels
    errors = metrics.mse(found.images.images / np.float32(255), space.decode(found.codes.copy(), labels))
    _, kl = space.objective(found.images.images, labels)
    return errors, kl.sum(1)


@st.cache_resource(max_entries=8, show_spinner="Finding clusters …")
def _clusters(key: str, digest: str, _checkpoint: Checkpoint, _points: Points) -> Groups:
    """k-means (Lloyd 1982) of the codes, with as many clusters as there are classes; each named by its commonest."""
    from sklearn.cluster import KMeans

    codes = loaders.test_codes(_checkpoint).codes[_points.indices]
    count = min(len(_points.names) or CLUSTERS, len(np.unique(codes, axis=0)))
    labels = KMeans(count, n_init=1, random_state=0).fit_predict(codes)
    return Groups(labels, tuple(_cluster_name(number, labels, _points) for number in range(count)))


def _cluster_name(number: int, labels: np.ndarray, points: Points) -> str:
    """A cluster's number, and what class most of it belongs to."""
    if points.labels is None:
        return f"Cluster {number + 1}"
    counts = np.bincount(points.labels[labels == number], minlength=len(points.names))
    commonest = int(counts.argmax())
    return f"{number + 1}: {counts[commonest] / max(counts.sum(), 1):.0%} {points.names[commonest]}"
