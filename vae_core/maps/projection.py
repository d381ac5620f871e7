"""PCA, t-SNE and UMAP: codes (N, D) to maps (N, 2) or (N, 3), with progress, the same for the same seed."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

import numpy as np

from vae_core.config import UserError
from vae_core.linalg import fix_signs
from vae_core.neighbours import nearest

Method = Literal["pca", "tsne", "umap"]
METHODS: dict[Method, str] = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
Source = Literal["means", "samples", "pixels"]
SOURCES: dict[Source, str] = {"means": "Posterior means", "samples": "Posterior samples", "pixels": "Pixels"}
Library = Literal["openTSNE", "scikit-learn"]
LIBRARIES: tuple[Library, ...] = ("openTSNE", "scikit-learn")
UNLESS_DRAWN: dict[Source, tuple[str, ...]] = {"means": ("seed",), "pixels": ("seed",)}  # what PCA does not need
Progress = Callable[[float, str], None]
USUAL_PERPLEXITIES, USUAL_NEIGHBOURS = (30.0, 5.0), (15, 5)  # the first of them that the points are enough for

EARLY_ITERATIONS, ITERATIONS = 250, 500  # of t-SNE: early exaggeration, then the rest
ARRANGED_ITERATIONS = 250  # of t-SNE that begins with a map at another perplexity
ARRANGED_EPOCHS = 200  # of UMAP that begins with a map at other parameters
EXAGGERATION = 12  # van der Maaten 2014, section 5
REPORT_EVERY = 10  # iterations of t-SNE
TREE_ANGLE = 0.7  # Barnes-Hut's theta: at 10,000 points a lower KL than the FFT's in less than half its time
MOST_TREE_POINTS = 20_000  # beyond it the FFT is quicker than the tree


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
            "pca": ("perplexity", "neighbours", "minimum_distance", "library", *UNLESS_DRAWN.get(self.source, ())),
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


def embed(
    codes: np.ndarray,
    request: MapRequest,
    on_progress: Progress = lambda fraction, text: None,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """The map of codes (N, D), float32 (N, dimensions).

    t-SNE and UMAP are turned and mirrored, which changes no distance, to lie over what they began with.

    Args:
        codes: posterior means.
        request: the method and its parameters.
        on_progress: called now and then with the share done and a word; an exception from it cancels.
        start: (N, dimensions), a map of the same method at other parameters, where t-SNE and UMAP begin instead of PCA;
            they then take fewer steps, and keep its arrangement.

    Raises:
        MapError: if there are too few points for the parameters, they are all equal, or not finite.
    """
    codes = np.asarray(codes, np.float64)
    check(codes, request)
    on_progress(0.0, "Starting")
    if request.method == "pca":
        coordinates = project(codes, *principal_axes(codes, request.dimensions))
    else:
        make = {"tsne": _tsne, "umap": _umap}[request.method]
        began = _principal_start(codes, request) if start is None else np.asarray(start, np.float64)
        coordinates = align(make(codes, request, began, start is not None, on_progress), began)
    on_progress(1.0, "Done")
    return np.asarray(coordinates, np.float32)


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


# --- the methods -----------------------------------------------------------------------------------------------


def principal_axes(codes: np.ndarray, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """What projects to the leading principal components: the mean (D,) and axes (D, dimensions) of codes (N, D).

    Codes of fewer dimensions than the map get axes of zeros for the rest.
    """
    codes = np.asarray(codes, np.float64)
    mean = codes.mean(0)
    _, vectors = np.linalg.eigh(np.atleast_2d(np.cov(codes - mean, rowvar=False)))
    leading = fix_signs(vectors.T[::-1][:dimensions]).T
    axes = np.zeros((codes.shape[1], dimensions))
    axes[:, : leading.shape[1]] = leading
    return mean, axes


def project(codes: np.ndarray, mean: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Codes (N, D) on the axes (D, dimensions) through ``mean`` (D,), float64 (N, dimensions)."""
    return (np.asarray(codes, np.float64) - mean) @ axes


def align(coordinates: np.ndarray, model: np.ndarray) -> np.ndarray:
    """A map (N, d) turned and mirrored about its centre so that it lies over another (N, d) as well as it can.

    The orthogonal Procrustes problem (Schönemann 1966); no distance changes.
    """
    centred = coordinates - coordinates.mean(0)
    left, _, right = np.linalg.svd(centred.T @ (model - model.mean(0)))
    return centred @ (left @ right)


def _principal_start(codes: np.ndarray, request: MapRequest) -> np.ndarray:
    """Where t-SNE and UMAP begin: PCA, which keeps the global arrangement (Kobak & Linderman 2021), scaled to 1.

    A little noise sets equal points apart, and fills the dimensions that codes of fewer dimensions leave empty.
    """
    coordinates = project(codes, *principal_axes(codes, request.dimensions))
    noise = np.random.default_rng(request.seed).normal(size=coordinates.shape)
    return coordinates / coordinates[:, 0].std() + 0.01 * noise


def _tsne(
    codes: np.ndarray, request: MapRequest, start: np.ndarray, arranged: bool, on_progress: Progress
) -> np.ndarray:
    """t-SNE by the program that was asked for."""
    if request.library == "scikit-learn":
        return _tsne_scikit_learn(codes, request, 1e-4 * start, on_progress)
    return _tsne_open(codes, request, start if arranged else 1e-4 * start, arranged, on_progress)


def _tsne_scikit_learn(codes: np.ndarray, request: MapRequest, start: np.ndarray, on_progress: Progress) -> np.ndarray:
    """t-SNE by scikit-learn at its own settings."""
    from sklearn.manifold import TSNE

    method = TSNE(
        request.dimensions,
        perplexity=request.perplexity,
        init=start.astype(np.float32),
        random_state=request.seed,
        n_jobs=-1,
        verbose=2,  # it tells of every 50th iteration, in lines that go to the meter
    )
    lines = _Lines(on_progress, method.max_iter)
    with contextlib.redirect_stdout(lines):
        return method.fit_transform(codes)


def _tsne_open(
    codes: np.ndarray, request: MapRequest, start: np.ndarray, arranged: bool, on_progress: Progress
) -> np.ndarray:
    """t-SNE by openTSNE (Policar, Strazar & Zupan 2019).

    While exaggeration keeps the map small, interpolation by FFT (Linderman et al. 2019) is the quickest gradient; once
    it spreads, the Barnes-Hut tree is, except for very many points. In three dimensions there is only the tree.
    A start that is a map already (``arranged``) needs no exaggeration.
    """
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    def report(iteration: int, error: float, embedding: np.ndarray) -> None:
        done["iterations"] += REPORT_EVERY
        on_progress(0.1 + 0.9 * done["iterations"] / (early + late), "Moving the points")

    early, late = (0, ARRANGED_ITERATIONS) if arranged else (EARLY_ITERATIONS, ITERATIONS)
    done, threads = {"iterations": 0}, int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
    on_progress(0.01, "Finding neighbours")
    indices, distances = nearest(
        codes, int(3 * request.perplexity), lambda share: on_progress(0.01 + 0.09 * share, "Finding neighbours")
    )
    affinities = PerplexityBasedNN(
        knn_index=PrecomputedNeighbors(indices, distances), perplexity=request.perplexity, n_jobs=threads
    )
    on_progress(0.1, "Moving the points")
    planar = request.dimensions == 2
    embedding = TSNEEmbedding(
        start.copy(),
        affinities,
        theta=TREE_ANGLE,
        n_jobs=threads,
        random_state=request.seed,
        callbacks=report,
        callbacks_every_iters=REPORT_EVERY,
    )
    if early:
        embedding.optimize(
            early,
            exaggeration=EXAGGERATION,
            momentum=0.5,
            negative_gradient_method="fft" if planar else "bh",
            inplace=True,
        )
    if np.std(embedding) < np.std(start):  # exaggeration draws a cloud without clusters together, even to one point
        embedding[:] = start
    embedding.optimize(
        late,
        momentum=0.8,
        negative_gradient_method="fft" if planar and len(codes) > MOST_TREE_POINTS else "bh",
        inplace=True,
    )
    return np.asarray(embedding)


def _umap(
    codes: np.ndarray, request: MapRequest, start: np.ndarray, arranged: bool, on_progress: Progress
) -> np.ndarray:
    """UMAP by umap-learn, given exact neighbours, which spares most of its compilation."""
    on_progress(0.01, "Finding neighbours")
    indices, distances = nearest(
        codes, request.neighbours - 1, lambda share: on_progress(0.01 + 0.09 * share, "Finding neighbours")
    )
    # umap-learn counts a point as the first of its own neighbours.
    indices = np.column_stack([np.arange(len(codes)), indices])
    distances = np.column_stack([np.zeros(len(codes)), distances])
    on_progress(0.1, "Loading UMAP")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
        from umap import UMAP, layouts, umap_

    # Keep on the disk what numba compiles, which umap-learn itself does not ask for.
    moving = getattr(layouts, "_get_optimize_layout_euclidean_single_epoch_fn", None)
    for function in (umap_.smooth_knn_dist, umap_.compute_membership_strengths, moving and moving(False)):
        if function is not None:
            function.enable_caching()
    method = UMAP(
        n_components=request.dimensions,
        n_neighbors=request.neighbours,
        min_dist=request.minimum_distance,
        precomputed_knn=(indices, distances, None),
        init=start,
        n_epochs=ARRANGED_EPOCHS if arranged else None,
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


class _Lines(io.StringIO):
    """A file for scikit-learn to print to, which hands on how many iterations are done."""

    def __init__(self, on_progress: Progress, iterations: int) -> None:
        super().__init__()
        self.on_progress, self.iterations = on_progress, iterations

    def write(self, text: str) -> int:
        """Take a part of a line, such as ``[t-SNE] Iteration 50: error = 92.3``."""
        number = text.partition("Iteration ")[2].partition(":")[0]
        if number.isdigit():
            self.on_progress(0.1 + 0.9 * min(1.0, int(number) / self.iterations), "Moving the points")
        return len(text)
