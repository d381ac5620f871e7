"""What the points of a map may be coloured by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.components.map import Groups, Points, Values
from ui.embeddings import trust
from ui.embeddings.loading import Map
from ui.state import loaders
from vae_core.latent.clusters import cluster, cluster_names
from vae_core.models import families

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.evaluation.per_image import ImageFigures

CLASS, ERROR, KL, CLUSTER, DISTORTION = "Class", "Reconstruction error", "KL", "Cluster", "Distortion"
MOST_DIMENSIONS = 64
CLUSTERS = 10  # where there are no classes to count


def colourings(checkpoint: Checkpoint) -> list[str]:
    """The names of all colourings of a model's map."""
    model = checkpoint.run.model
    names = [CLASS, ERROR, *([KL] if families.of(model).variational else []), CLUSTER, DISTORTION]
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
        figures = _image_figures(checkpoint.name, checkpoint.digest, checkpoint)
        values, title = (figures.kl, "KL in nats") if name == KL else (figures.squared_error, "Mean squared error")
        return Values(values[points.indices], title)
    if name == DISTORTION:
        quality = trust.quality(checkpoint, shown, points)
        lost = np.zeros(len(points.indices)) if quality is None else quality.distortion
        return Values(lost, "Share of neighbours lost")
    dimension = int(name.removeprefix("z"))
    return Values(loaders.test_codes(checkpoint).codes[points.indices, dimension], name)


@st.cache_resource(max_entries=4, show_spinner="Evaluating the test images …")
def _image_figures(name: str, digest: str, _checkpoint: Checkpoint) -> ImageFigures:
    from vae_core.evaluation.per_image import evaluate_images

    test = loaders.test_codes(_checkpoint)
    return evaluate_images(loaders.open_space(_checkpoint), test.images, test.codes.copy())


@st.cache_resource(max_entries=8, show_spinner="Finding clusters …")
def _clusters(key: str, digest: str, _checkpoint: Checkpoint, _points: Points) -> Groups:
    """As many clusters as there are classes."""
    codes = loaders.test_codes(_checkpoint).codes[_points.indices]
    clusters = cluster(codes, len(_points.names) or CLUSTERS)
    return Groups(clusters, cluster_names(clusters, _points.labels, _points.names))
