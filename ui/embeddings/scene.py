"""What one run of the Embeddings page is about: the model, its test images, and what the visitor chose."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ui.components.map import Points
from ui.embeddings import coordinates, loading
from ui.embeddings.controls import ALONE, OTHER_SEED, Choice
from ui.embeddings.coordinates import Placement
from ui.embeddings.loading import Map
from ui.shared.models import comparable_models
from ui.state import loaders
from vae_core import maps

if TYPE_CHECKING:
    from vae_core.checkpoint import Checkpoint
    from vae_core.data import ImageSet
    from vae_core.latent.space import LatentSpace


@dataclass(frozen=True, eq=False)
class Scene:
    """One run of the page."""

    checkpoint: Checkpoint
    space: LatentSpace
    images: ImageSet
    """The test split."""
    indices: np.ndarray
    """(N,) which test images are on the map."""
    choice: Choice

    @cached_property
    def points(self) -> Points:
        """The images on the map."""
        return loading.points_of(self.images, self.indices)

    @cached_property
    def second(self) -> tuple[Checkpoint, str] | None:
        """The model and the method of the map beside the first one, if there is to be one."""
        beside = self.choice.beside
        if beside == ALONE:
            return None
        if beside == OTHER_SEED:
            return self.checkpoint, self.choice.method if self.choice.method in ("tsne", "umap") else "tsne"
        method = next((method for method, title in maps.METHODS.items() if title == beside), None)
        if method is not None:
            return self.checkpoint, method
        other = next((other for other in comparable_models(self.checkpoint) if other.name == beside), None)
        if other is None:
            return None
        plane = self.choice.method == loading.CODES
        if plane and other.run.model.latent != 2:
            return other, "tsne"
        return other, self.choice.method

    def place(self, shown: Map, code: np.ndarray, image: np.ndarray | None = None) -> Placement | None:
        """Where a code (D,), or on a map of pixels its image (C, H, W), lies on a map; None if that is unknown."""
        return loaders.quietly(lambda: coordinates.place(self.checkpoint, code, image, shown, self.indices))
