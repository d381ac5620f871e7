"""How quickly maps are computed, measured and asked, with their peers in the same run.

Every map is computed in a process of its own, on the posterior means of a shipped model. What the browser does is
measured by `benchmarks/map_page.py`.

  python -m benchmarks.map                     all sections, about ten minutes; leave the machine alone
  python -m benchmarks.map --sections tsne     one of them
  python -m benchmarks.map --quick             a smoke run
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from benchmarks.report import print_table, verdict
from vae_core import maps
from vae_core.checkpoint import find_checkpoint
from vae_core.config import DataConfig
from vae_core.data import DataMissingError, load_images
from vae_core.latent.space import LatentSpace
from vae_core.maps.out_of_sample import settle
from vae_core.maps.projection import embed
from vae_core.maps.quality import measure, trustworthiness
from vae_core.maps.request import MapRequest

MODEL = "fashion-vae-16"
QUICK_POINTS = 400
NEIGHBOURS = 15
ROUNDS = 5
NEW_CODES = 500


# --- one map in a process of its own -----------------------------------------------------------------------------


def _ours(method: maps.Method) -> Callable[[np.ndarray], np.ndarray]:
    return lambda codes: embed(codes, MapRequest("", "", method, len(codes)))


def _opentsne(codes: np.ndarray) -> np.ndarray:
    from openTSNE import TSNE

    return np.asarray(TSNE(n_jobs=os.cpu_count() or 1, random_state=0).fit(codes))


def _scikit_learn(codes: np.ndarray) -> np.ndarray:
    from sklearn.manifold import TSNE

    return TSNE(n_jobs=-1, random_state=0).fit_transform(codes)


def _umap_learn(codes: np.ndarray) -> np.ndarray:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a fixed seed means one thread
        from umap import UMAP

        return UMAP(random_state=0).fit_transform(codes)


CONTENDERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "ours-tsne": _ours("tsne"),
    "openTSNE": _opentsne,
    "scikit-learn": _scikit_learn,
    "ours-umap": _ours("umap"),
    "umap-learn": _umap_learn,
}


def compute(name: str, file: Path) -> dict[str, float]:
    """What a process does: one map of the codes in a file, its seconds and its trustworthiness."""
    codes = np.load(file)
    began = time.perf_counter()
    coordinates = CONTENDERS[name](codes)
    seconds = time.perf_counter() - began
    some = np.random.default_rng(0).permutation(len(codes))[:10_000]  # all, except for very many
    return {"seconds": seconds, "trustworthiness": trustworthiness(codes[some], coordinates[some], NEIGHBOURS)}


def _in_process(name: str, codes: np.ndarray, folder: Path, compiled: Path | None = None) -> dict[str, float]:
    """``compute`` in a fresh process, whose compiled code is kept in the folder ``compiled``."""
    file = folder / "codes.npy"
    np.save(file, codes)
    environment = dict(os.environ) | ({"NUMBA_CACHE_DIR": str(compiled)} if compiled else {})
    command = [sys.executable, "-m", "benchmarks.map", "--contender", name, "--codes", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


# --- the sections ------------------------------------------------------------------------------------------------


def tsne(codes: np.ndarray, folder: Path) -> None:
    """t-SNE of the test split by three programs."""
    titles = {
        "ours-tsne": "the app",
        "openTSNE": "openTSNE at its defaults",
        "scikit-learn": "scikit-learn at its defaults",
    }
    found = {name: _in_process(name, codes, folder) for name in titles}
    ours, peer = found["ours-tsne"], found["scikit-learn"]
    lines = [_row(titles[name], entry, peer["seconds"]) for name, entry in found.items()]
    lines.append(
        f"| | {verdict(2 * ours['seconds'] <= peer['seconds'], 'at least twice as fast')} | | "
        f"{verdict(ours['trustworthiness'] >= peer['trustworthiness'], 'no worse')} |"
    )
    print_table(f"t-SNE of {_size(codes)}", "program | seconds | as fast as scikit-learn's | trustworthiness", lines)


def umap(codes: np.ndarray, folder: Path) -> None:
    """UMAP of the test split in fresh processes, before and after its code was compiled and kept."""
    runs = [
        ("the app, the very first time, when its code is compiled", "ours-umap", folder / "numba"),
        ("the app, ever after, the compiled code being kept", "ours-umap", folder / "numba"),
        ("umap-learn at its defaults", "umap-learn", folder / "other"),
    ]
    found = [_in_process(name, codes, folder, compiled) for _, name, compiled in runs]
    peer = found[-1]["seconds"]
    lines = [_row(title, entry, peer) for (title, _, _), entry in zip(runs, found, strict=True)]
    lines.append(f"| | {verdict(found[1]['seconds'] < 15, 'under 15 s, once compiled')} | | |")
    print_table(
        f"UMAP of {_size(codes)}, loading and compiling included",
        "program, in a fresh process | seconds | as fast as umap-learn's | trustworthiness",
        lines,
    )


def many(codes: np.ndarray, folder: Path) -> None:
    """t-SNE of training and test images together."""
    space = LatentSpace.open(find_checkpoint(MODEL).folder)
    if len(codes) > QUICK_POINTS:
        try:
            images = load_images(DataConfig("fashion-mnist"), "train").images
        except DataMissingError as error:
            print(f"\nMany points: {error}")
            return
        codes = np.concatenate([space.encode(images), codes])
    found = _in_process("ours-tsne", codes, folder)
    print_table(
        f"t-SNE of {_size(codes)}",
        "program | seconds | target | trustworthiness of 10,000",
        [
            f"| the app | {found['seconds']:.1f} | {verdict(found['seconds'] < 120, 'under 120 s')} | "
            f"{found['trustworthiness']:.4f} |"
        ],
    )


def answers(codes: np.ndarray, folder: Path) -> None:
    """What people wait for besides: the figures of trust, a shipped map, a new code's place."""
    from sklearn.manifold import trustworthiness as of_scikit_learn

    checkpoint = find_checkpoint(MODEL)
    labels = load_images(DataConfig("fashion-mnist-small"), "test").labels[: len(codes)]  # type: ignore[index]
    request = MapRequest(checkpoint.name, checkpoint.digest, "tsne", len(codes))
    coordinates = maps.bundled_map(checkpoint.folder, request)
    if coordinates is None:
        print(f"\nAnswers: {MODEL} has no maps; python -m vae_core.maps.worker --maps {MODEL}")
        return
    coordinates = coordinates[: len(codes)]
    works: list[tuple[str, Callable[[], object], float]] = [
        ("all figures of trust, measured", lambda: measure(codes, coordinates, labels), 2),
        ("the same, as they were shipped", lambda: maps.load_bundled(checkpoint.folder, request), 2),
        ("scikit-learn's trustworthiness alone", lambda: of_scikit_learn(codes, coordinates, n_neighbors=15), np.inf),
        ("one new code's place", lambda: settle(codes[:1] + 0.1, codes, coordinates, request), 0.1),
    ]
    lines = []
    for title, work, most in works:
        taken = statistics.median(_seconds(work) for _ in range(ROUNDS))
        target = verdict(taken < most, f"under {most * 1000:g} ms") if np.isfinite(most) else ""
        lines.append(f"| {title} | {taken * 1000:.1f} ms | {target} |")
    print_table(f"Answers, {_size(codes)}", "what | time | target", lines)


def places(codes: np.ndarray, folder: Path) -> None:
    """New codes on a map of half of the others: how many of their neighbours there are neighbours in the code space."""
    order = np.random.default_rng(0).permutation(len(codes))
    reference, new = codes[order[: len(codes) // 2]], codes[order[-min(NEW_CODES, len(codes) // 4) :]]
    true = _neighbours(new, reference)
    lines = []
    for method in ("tsne", "umap"):
        request = MapRequest("", "", method, len(reference))
        shown = embed(reference, request)
        ways: dict[str, Callable[[], np.ndarray]] = {
            "the app": lambda shown=shown, request=request: settle(new, reference, shown, request),  # type: ignore[misc]
            "weighted mean of the 10 nearest": lambda shown=shown: _weighted(new, reference, shown),  # type: ignore[misc]
        }
        if method == "tsne":
            ways["openTSNE's transform"] = lambda shown=shown: _added_by_opentsne(new, reference, shown)  # type: ignore[misc]
        for way, make in ways.items():
            began = time.perf_counter()
            found = _neighbours(make(), shown)
            each = (time.perf_counter() - began) / len(new)
            shared = np.mean([len(set(a) & set(b)) for a, b in zip(true, found, strict=True)]) / NEIGHBOURS
            lines.append(f"| {maps.METHODS[method]} | {way} | {1000 * each:.1f} ms | {shared:.3f} |")
    print_table(
        f"{len(new)} new codes on maps of {_size(reference)}",
        f"map | way | time a code | of the {NEIGHBOURS} nearest, shared",
        lines,
    )


def _neighbours(points: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The nearest of the reference, for each point."""
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=NEIGHBOURS).fit(reference).kneighbors(points, return_distance=False)


def _weighted(new: np.ndarray, reference: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Shepard's interpolation (1968), by scikit-learn."""
    from sklearn.neighbors import KNeighborsRegressor

    return KNeighborsRegressor(10, weights="distance").fit(reference, shown).predict(new)


def _added_by_opentsne(new: np.ndarray, reference: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Its way to add points to a map, at its defaults."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN

    affinities = PerplexityBasedNN(reference, n_jobs=os.cpu_count() or 1, random_state=0)
    return np.asarray(TSNEEmbedding(shown.astype(float), affinities, random_state=0).transform(new))


def worker(codes: np.ndarray, folder: Path) -> None:
    """Maps by way of the app's worker process: how long, the longest time that its meter stands still, and Stop."""
    os.environ["LATENT_CACHE"] = str(folder / "cache")
    checkpoint = find_checkpoint(MODEL)
    lines = []
    for method in maps.METHODS:
        request = MapRequest(checkpoint.name, checkpoint.digest, method, len(codes))
        began, still = _watch(request, until="")
        lines.append(
            f"| {maps.METHODS[method]} | {time.perf_counter() - began:.1f} s | {still:.2f} s | "
            f"{verdict(still <= 1, 'moves each second')} |"
        )
        if method != "pca":
            again = MapRequest(checkpoint.name, checkpoint.digest, method, len(codes), seed=1)
            _watch(again, until="Moving the points")
            taken = _seconds(lambda again=again: maps.cancel_job(again))  # type: ignore[misc]
            lines.append(f"| stopping it | {taken:.2f} s | | {verdict(taken < 2, 'under 2 s')} |")
    print_table(
        f"By way of the worker, {_size(codes)}, encoding included", "map | seconds | longest standstill | target", lines
    )


def _watch(request: MapRequest, until: str) -> tuple[float, float]:
    """Start a job and watch it to a word of its meter, or to its end; when it began, and the longest standstill."""
    began = changed = time.perf_counter()
    longest, last = 0.0, None
    maps.start_job(request)
    while (state := maps.job_state(request)) is not None and state.running:
        now = time.perf_counter()
        if (state.fraction, state.text) != last:
            longest, changed, last = max(longest, now - changed), now, (state.fraction, state.text)
        if until and state.text.startswith(until):
            break
        time.sleep(0.02)
    return began, max(longest, time.perf_counter() - changed)


SECTIONS: dict[str, Callable[[np.ndarray, Path], None]] = {
    "tsne": tsne,
    "umap": umap,
    "many": many,
    "answers": answers,
    "places": places,
    "worker": worker,
}


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _size(codes: np.ndarray) -> str:
    return f"{len(codes):,} x {codes.shape[1]}"


def _row(title: str, found: dict[str, float], peer: float) -> str:
    seconds, trusted = found["seconds"], found["trustworthiness"]
    return f"| {title} | {seconds:.1f} | {peer / seconds:.1f} times | {trusted:.4f} |"


def main(
    sections: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME ...")] = (),
    quick: bool = False,
    contender: str | None = None,
    codes: Path | None = None,
) -> int:
    """Measure and print.

    Args:
        sections: which ones; all if none is named.
        quick: only see that everything runs; the figures mean nothing.
        contender: whose map of the codes to compute; what the sections call.
        codes: a file of codes.
    """
    if contender is not None and codes is not None:
        print(json.dumps(compute(contender, codes)))
        return 0
    if unknown := set(sections) - SECTIONS.keys():
        print(f"error: no section {', '.join(sorted(unknown))}; choose of {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    images = load_images(DataConfig("fashion-mnist-small"), "test").images
    points = LatentSpace.open(find_checkpoint(MODEL).folder).encode(images[:QUICK_POINTS] if quick else images)
    print(f"{MODEL}, {os.cpu_count()} processors; trustworthiness at {NEIGHBOURS} neighbours")
    for name in sections or SECTIONS:
        with tempfile.TemporaryDirectory() as folder:
            SECTIONS[name](points, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(tyro.cli(main, description=__doc__))
