"""What decides a map: a method and its parameters, and which of them are usual or impossible."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

import numpy as np

from vae_core.config import UserError

Method = Literal["pca", "tsne", "umap"]
METHODS: dict[Method, str] = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
Source = Literal["means", "samples", "pixels"]
SOURCES: dict[Source, str] = {"means": "Posterior means", "samples": "Posterior samples", "pixels": "Pixels"}
Library = Literal["openTSNE", "scikit-learn"]
LIBRARIES: tuple[Library, ...] = ("openTSNE", "scikit-learn")
UNLESS_SAMPLED: dict[Source, tuple[str, ...]] = {"means": ("seed",), "pixels": ("seed",)}  # what PCA does not need
Progress = Callable[[float, str], None]
USUAL_PERPLEXITIES, USUAL_NEIGHBOURS = (30.0, 5.0), (15, 5)  # the first of them that the points are enough for


class MapError(UserError):
    """A map that cannot be computed."""


@dataclass(frozen=True)
class MapRequest:
    """Everything that decides a map; equal requests have equal maps."""

    checkpoint: str
    """The checkpoint's name."""
    digest: str
    """The digest of its weights."""
    method: Method = "tsne"
    points: int = 10_000
    """Test images, chosen at random; all, if there are fewer."""
    dimensions: int = 2
    """2 or 3."""
    seed: int = 0
    perplexity: float = USUAL_PERPLEXITIES[0]
    """t-SNE: the effective number of neighbours (van der Maaten & Hinton 2008)."""
    neighbours: int = USUAL_NEIGHBOURS[0]
    """UMAP: neighbours of a point (McInnes, Healy & Melville 2018)."""
    minimum_distance: float = 0.1
    """UMAP: how near points may come in the map."""
    source: Source = "means"
    """What is mapped: the images' posterior means, a sample of each one's posterior, or the images themselves."""
    library: Library = "openTSNE"
    """t-SNE: which program computes it."""

    @property
    def essential(self) -> MapRequest:
        """The same request, with everything that has no influence on its map at its default."""
        unused = {
            "pca": ("perplexity", "neighbours", "minimum_distance", "library", *UNLESS_SAMPLED.get(self.source, ())),
            "tsne": ("neighbours", "minimum_distance"),
            "umap": ("perplexity", "library"),
        }.get(self.method, ())
        usual: dict[str, Any] = {field.name: field.default for field in fields(self)}
        return replace(self, **{name: usual[name] for name in unused})

    @property
    def key(self) -> str:
        """A name for the map's files: 24 hexadecimal digits, equal for requests of the same map."""
        return hashlib.sha256(json.dumps(asdict(self.essential), sort_keys=True).encode()).hexdigest()[:24]


def usual_parameters(points: int) -> dict[str, float]:
    """Perplexity, number of neighbours and minimum distance that are usual for so many points."""
    perplexity = next((one for one in USUAL_PERPLEXITIES if 3 * one < points), USUAL_PERPLEXITIES[-1])
    neighbours = next((one for one in USUAL_NEIGHBOURS if one < points), USUAL_NEIGHBOURS[-1])
    return {"perplexity": perplexity, "neighbours": neighbours, "minimum_distance": MapRequest.minimum_distance}


def usual_request(checkpoint: str, digest: str, method: Method, points: int) -> MapRequest:
    """The map of a method at its usual parameters."""
    return MapRequest(checkpoint, digest, method, points, **usual_parameters(points)).essential  # type: ignore[arg-type]


def usual_version(request: MapRequest) -> MapRequest:
    """The map of the same method and points at the usual parameters."""
    return usual_request(request.checkpoint, request.digest, request.method, request.points)


def check(codes: np.ndarray, request: MapRequest) -> None:
    """Refuse what cannot be mapped.

    Raises:
        MapError: if there are too few codes (N, D) for the parameters, they are all equal, or not finite.
    """
    if request.method not in METHODS:
        raise MapError(f"there is no map {request.method!r}; choose one of {', '.join(METHODS)}")
    if request.source not in SOURCES:
        raise MapError(f"there is no source {request.source!r}; choose one of {', '.join(SOURCES)}")
    if request.library not in LIBRARIES:
        raise MapError(f"t-SNE is computed by {' or '.join(LIBRARIES)}, not by {request.library!r}")
    if request.dimensions not in (2, 3):
        raise MapError(f"a map has 2 or 3 dimensions, not {request.dimensions}")
    if not request.perplexity >= 1:
        raise MapError(f"the perplexity is {request.perplexity:g}; it must be at least 1")
    if request.neighbours < 2:
        raise MapError(f"the number of neighbours is {request.neighbours}; it must be at least 2")
    if not 0 <= request.minimum_distance <= 1:
        raise MapError(f"the minimum distance is {request.minimum_distance:g}; it must be between 0 and 1")
    # t-SNE weighs three neighbours for each unit of perplexity (van der Maaten 2014).
    needed = {"pca": 1, "tsne": 3 * request.perplexity, "umap": request.neighbours}[request.method]
    if len(codes) <= needed:
        name = METHODS[request.method]
        raise MapError(f"{name} with these parameters needs more than {needed:g} points; there are {len(codes)}")
    if not np.isfinite(codes).all():
        raise MapError("some codes are not finite numbers; train the model again")
    if np.ptp(codes, axis=0).max() == 0:
        raise MapError("all codes are equal, so there is nothing to map")
