"""PCA, t-SNE and UMAP: codes (N, D) to maps (N, 2) or (N, 3), with progress, the same for the same seed."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from vae_core.config import UserError

Method = Literal["pca", "tsne", "umap"]
METHODS: dict[Method, str] = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
Progress = Callable[[float, str], None]

EARLY_ITERATIONS, ITERATIONS = 250, 500  # of t-SNE: early exaggeration, then the rest
EXAGGERATION = 12  # van der Maaten 2014, section 5
REPORT_EVERY = 10  # iterations of t-SNE
TREE_ANGLE = 0.7  # Barnes-Hut's theta: at 10,000 points a lower KL than the FFT's in less than half its time
MOST_TREE_POINTS = 20_000  # beyond it the FFT is quicker than the tree
MOST_EXACT_POINTS = 20_000  # beyond it neighbours are found approximately


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
    """Test images, drawn at random; no more than there are."""
    dimensions: int = 2
    """2 or 3."""
    seed: int = 0
    perplexity: float = 30.0
    """t-SNE: the effective number of neighbours (van der Maaten & Hinton 2008)."""
    neighbours: int = 15
    """UMAP: neighbours of a point (McInnes, Healy & Melville 2018)."""
    minimum_distance: float = 0.1
    """UMAP: how near points may come in the map."""

    @property
    def key(self) -> str:
        """A name for the map's files: 24 hexadecimal digits."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:24]


def embed(codes: np.ndarray, request: MapRequest, on_progress: Progress = lambda fraction, text: None) -> np.ndarray:
    """The map of codes (N, D), float32 (N, dimensions).

    Args:
        codes: posterior means.
        request: the method and its parameters.
        on_progress: called now and then with the share done and a word; an exception from it cancels.

    Raises:
        MapError: if there are too few points for the parameters, they are all equal, or not finite.
    """
    codes = np.asarray(codes, np.float64)
    _check(codes, request)
    make = {"pca": _pca, "tsne": _tsne, "umap": _umap}[request.method]
    on_progress(0.0, "Starting")
    coordinates = make(codes, request, on_progress)
    on_progress(1.0, "Done")
    return np.asarray(coordinates, np.float32)


def _check(codes: np.ndarray, request: MapRequest) -> None:
    if request.method not in METHODS:
        raise MapError(f"there is no map {request.method!r}; choose one of {', '.join(METHODS)}")
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


# --- the methods -----------------------------------------------------------------------------------------------


def _pca(codes: np.ndarray, request: MapRequest, on_progress: Progress) -> np.ndarray:
    """The leading principal components; codes of fewer dimensions than the map get zeros for the rest."""
    centred = codes - codes.mean(0)
    _, vectors = np.linalg.eigh(np.atleast_2d(np.cov(centred, rowvar=False)))
    axes = vectors[:, ::-1][:, : request.dimensions]
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])])  # signs alike on every machine
    coordinates = np.zeros((len(codes), request.dimensions))
    coordinates[:, : axes.shape[1]] = centred @ axes
    return coordinates


def _start(codes: np.ndarray, request: MapRequest) -> np.ndarray:
    """Where t-SNE and UMAP begin: PCA, which keeps the global arrangement (Kobak & Linderman 2021), scaled to 1.

    A little noise sets equal points apart, and fills the dimensions that codes of fewer dimensions leave empty.
    """
    coordinates = _pca(codes, request, lambda fraction, text: None)
    noise = np.random.default_rng(request.seed).normal(size=coordinates.shape)
    return coordinates / coordinates[:, 0].std() + 0.01 * noise


def _tsne(codes: np.ndarray, request: MapRequest, on_progress: Progress) -> np.ndarray:
    """t-SNE by openTSNE (Policar, Strazar & Zupan 2019).

    While exaggeration keeps the map small, interpolation by FFT (Linderman et al. 2019) is the quickest gradient; once
    it spreads, the Barnes-Hut tree is, except for very many points. In three dimensions there is only the tree.
    """
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN

    def report(iteration: int, error: float, embedding: np.ndarray) -> None:
        done["iterations"] += REPORT_EVERY
        on_progress(0.1 + 0.9 * done["iterations"] / (EARLY_ITERATIONS + ITERATIONS), "Moving the points")

    done, threads = {"iterations": 0}, os.cpu_count() or 1
    on_progress(0.02, "Finding neighbours")
    affinities = PerplexityBasedNN(
        codes,
        perplexity=request.perplexity,
        method="exact" if len(codes) <= MOST_EXACT_POINTS else "annoy",
        n_jobs=threads,
        random_state=request.seed,
    )
    on_progress(0.1, "Moving the points")
    planar = request.dimensions == 2
    start = 1e-4 * _start(codes, request)
    embedding = TSNEEmbedding(
        start.copy(),
        affinities,
        theta=TREE_ANGLE,
        n_jobs=threads,
        random_state=request.seed,
        callbacks=report,
        callbacks_every_iters=REPORT_EVERY,
    )
    embedding.optimize(
        EARLY_ITERATIONS,
        exaggeration=EXAGGERATION,
        momentum=0.5,
        negative_gradient_method="fft" if planar else "bh",
        inplace=True,
    )
    if np.std(embedding) < np.std(start):  # exaggeration draws a cloud without clusters together, even to one point
        embedding[:] = start
    embedding.optimize(
        ITERATIONS,
        momentum=0.8,
        negative_gradient_method="fft" if planar and len(codes) > MOST_TREE_POINTS else "bh",
        inplace=True,
    )
    return np.asarray(embedding)


def _umap(codes: np.ndarray, request: MapRequest, on_progress: Progress) -> np.ndarray:
    """UMAP by umap-learn, given exact neighbours, which spares most of its compilation."""
    from sklearn.neighbors import NearestNeighbors

    on_progress(0.05, "Finding neighbours")
    search = NearestNeighbors(n_neighbors=request.neighbours, n_jobs=-1).fit(codes)
    distances, indices = search.kneighbors(codes)
    on_progress(0.1, "Loading UMAP")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
        from umap import UMAP

    method = UMAP(
        n_components=request.dimensions,
        n_neighbors=request.neighbours,
        min_dist=request.minimum_distance,
        precomputed_knn=(indices, distances, None),
        init=_start(codes, request),
        random_state=request.seed,
        n_jobs=1,  # what a fixed seed needs
        verbose=True,  # its bar goes to the meter
        tqdm_kwds={"file": _Meter(on_progress), "mininterval": 0.1},
    )
    with warnings.catch_warnings():
        # Exact neighbours come without an index for new points, which is not needed here.
        warnings.filterwarnings("ignore", r"precomputed_knn\[2\] \(knn_search_index\)", UserWarning)
        with contextlib.redirect_stdout(io.StringIO()):  # ``verbose`` also prints
            return method.fit_transform(codes)


class _Meter:
    """A file for tqdm to write its bar to, which hands the percentage on."""

    def __init__(self, on_progress: Progress) -> None:
        self.on_progress = on_progress

    def write(self, text: str) -> None:
        """Take one state of the bar, such as ``Epochs completed:  42%|####  |``."""
        percentage = text.partition("%")[0].rpartition(":")[2].strip()
        if percentage.isdigit():
            self.on_progress(0.3 + 0.7 * int(percentage) / 100, "Moving the points")

    def flush(self) -> None:
        """Nothing is held back."""
