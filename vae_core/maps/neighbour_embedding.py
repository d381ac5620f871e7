"""t-SNE and UMAP by the libraries that implement them, whose progress is passed on."""

from __future__ import annotations

import contextlib
import io
import os
import warnings

import numpy as np

from vae_core.maps.request import MapRequest, Progress
from vae_core.neighbours import nearest

EARLY_ITERATIONS, ITERATIONS = 250, 500  # of t-SNE: early exaggeration, then the rest
ARRANGED_ITERATIONS = 250  # of t-SNE that begins with a map at another perplexity
ARRANGED_EPOCHS = 200  # of UMAP that begins with a map at other parameters
EXAGGERATION = 12  # van der Maaten 2014, section 5
REPORT_EVERY = 10  # iterations of t-SNE
TREE_ANGLE = 0.7  # Barnes-Hut's theta: at 10,000 points a lower KL than the FFT's in less than half its time
MOST_TREE_POINTS = 20_000  # beyond it the FFT is quicker than the tree


def embed_by_tsne(
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
        verbose=2,  # it reports every 50th iteration, in lines that go to the meter
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
    if np.std(embedding) < np.std(start):  # exaggeration pulls a cloud without clusters together, even to one point
        embedding[:] = start
    embedding.optimize(
        late,
        momentum=0.8,
        negative_gradient_method="fft" if planar and len(codes) > MOST_TREE_POINTS else "bh",
        inplace=True,
    )
    return np.asarray(embedding)


def embed_by_umap(
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
        count = text.partition("Iteration ")[2].partition(":")[0]
        if count.isdigit():
            self.on_progress(0.1 + 0.9 * min(1.0, int(count) / self.iterations), "Moving the points")
        return len(text)
