"""How fast training is: against peers in the same run, and against what the machine can do at most.

Contenders take turns of a few seconds, so that a busy machine slows all alike; a figure is the median over the turns.
The peer is pythae 0.1.2 (`.venv/bin/pip install -r benchmarks/requirements.txt -c constraints.txt`); without it its
rows say so and the rest still runs.

  python -m benchmarks.train_speed                     all sections, about ten minutes; leave the machine alone
  python -m benchmarks.train_speed --sections loops    one of them
  python -m benchmarks.train_speed --quick             a smoke run
"""

from __future__ import annotations

import contextlib
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import tyro
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.peak import peak
from benchmarks.peers import Plain, Pythae
from benchmarks.report import print_table, verdict
from vae_core.checkpoint import list_checkpoints
from vae_core.config import DataConfig, ModelConfig, RunConfig, TrainConfig
from vae_core.data import ImageSet, load_images
from vae_core.evaluation.evaluate import evaluate_checkpoint
from vae_core.latent.space import LatentSpace
from vae_core.models import families
from vae_core.training import loop, objective
from vae_core.training.fit import describe_images
from vae_core.training.loop import Trainer

BATCH = 128
SHIPPED = Path(__file__).resolve().parent.parent / "checkpoints"
CHECKPOINT = SHIPPED / "fashion-vae-16"
CONVOLUTIONAL = ModelConfig(latent=16)
PERCEPTRON = ModelConfig(network="mlp", hidden=400, depth=1, latent=20)
SIZES = (10_000, 60_000, 240_000)
GROWTH_ROUNDS = 3
SEEN = 120_000  # images that an epoch's time is measured over at least


@dataclass(frozen=True)
class Scale:
    """How long everything takes."""

    steps: int
    """Optimiser steps a turn."""
    counted: int
    """Steps between two looks at the machine's peak."""
    rounds: int


FULL, QUICK = Scale(40, 8, 7), Scale(2, 1, 1)


# --- the contenders ---------------------------------------------------------------------------------------------


class Ours:
    """The project's own loop."""

    def __init__(self, model: ModelConfig, images: ImageSet) -> None:
        run = describe_images(RunConfig(DataConfig(), model, TrainConfig(batch_size=BATCH)), images)
        self.trainer = Trainer(run, images, images)
        self.generator = torch.Generator().manual_seed(0)

    def turn(self) -> None:
        """One pass over the images, just as a training makes it."""
        self.trainer._gradient_epoch(0, self.generator, show_progress=False)


def speeds(turns: dict[str, Callable[[], None]], images: int, rounds: int) -> dict[str, list[float]]:
    """Images a second of each contender in each round; every round lets all of them have their turn."""
    found: dict[str, list[float]] = {name: [] for name in turns}
    for turn in turns.values():  # the first turn pays for starting up
        turn()
    for _ in range(rounds):
        for name, turn in turns.items():
            start = time.perf_counter()
            turn()
            found[name].append(images / (time.perf_counter() - start))
    return found


# --- the sections -----------------------------------------------------------------------------------------------


def loops(scale: Scale) -> None:
    """Our loop against pythae's and the plain one, on the same network, batch and images."""
    whole = load_images(DataConfig("fashion-mnist-small"), "train")
    images = replace(whole, images=whole.images[: BATCH * scale.steps], labels=None)
    lines = []
    for label, model, targets in (
        ("convolutional VAE", CONVOLUTIONAL, {"b": 1.3, "c": 1.5, "d": 20.0}),
        ("400-20 MLP VAE", PERCEPTRON, {"c": 2.5}),
    ):
        turns: dict[str, Callable[[], None]] = {"a": Ours(model, images).turn, "c": Plain(model, images, BATCH).turn}
        absent = ""
        try:
            turns["b"] = Pythae(model, images, BATCH).turn
            if "d" in targets:
                few = replace(images, images=images.images[: BATCH * max(1, scale.steps // 10)])
                own = Pythae(None, few, BATCH)
                turns["d"] = own.turn
        except ImportError:
            absent = "pythae is not installed; pip install -r benchmarks/requirements.txt"
        found = speeds(turns, len(images), scale.rounds)
        if "d" in found:
            found["d"] = [speed * len(few) / len(images) for speed in found["d"]]
        for key, what in (
            ("a", "ours"),
            ("b", "pythae 0.1.2's trainer, the same network"),
            ("c", "DataLoader, a transform for each image"),
            ("d", "pythae 0.1.2, its own network for MNIST"),
        ):
            if key not in found:
                if key == "b" or key in targets:
                    lines.append(f"| {label} | {what} | {absent} | | |")
                continue
            ratios = [ours / theirs for ours, theirs in zip(found["a"], found[key], strict=True)]
            ratio = statistics.median(ratios)
            held = verdict(ratio >= targets[key], f"at least {targets[key]:g}") if key in targets else ""
            against = "" if key == "a" else f"{ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
            lines.append(f"| {label} | {what} | {statistics.median(found[key]):,.0f} | {against} | {held} |")
    print_table("Training loops", "network | loop | images/s | ours is so many times faster | target", lines)


def share(scale: Scale) -> None:
    """Time outside forward, backward and optimiser."""
    whole = load_images(DataConfig("fashion-mnist-small"), "train")
    images = replace(whole, images=whole.images[: BATCH * scale.steps], labels=None)
    lines = []
    for name, model in (("convolutional VAE", CONVOLUTIONAL), ("400-20 MLP VAE", PERCEPTRON)):
        ours = Ours(model, images)
        ours.turn()
        shares = []
        for _ in range(scale.rounds):
            start = time.perf_counter()
            with _stopwatch(ours.trainer) as spent:
                ours.turn()
            whole_time = time.perf_counter() - start
            parts = (spent["forward"], spent["gradients"] - spent["forward"], spent["update"])
            shares.append([part / whole_time for part in parts])
        medians = [statistics.median(column) for column in zip(*shares, strict=True)]
        rest = 1 - sum(medians)
        cells = " | ".join(f"{value:.1%}" for value in medians)
        lines.append(f"| {name} | {cells} | {rest:.1%} | {verdict(rest < 0.03, 'under 3 %')} |")
    print_table(
        "Where the time of a step goes", "network | forward | backward | optimiser | everything else | target", lines
    )


@contextlib.contextmanager
def _stopwatch(trainer: Trainer) -> Iterator[dict[str, float]]:
    """Seconds spent in each part of a trainer's steps, by wrapping its methods; the wrapping costs microseconds.

    Entering and leaving mixed precision counts as forward, freeing the graph as backward.
    """
    spent = dict.fromkeys(("forward", "gradients", "update"), 0.0)

    def wrap(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            start = time.perf_counter()
            try:
                return method(*arguments)
            finally:
                spent[name] += time.perf_counter() - start

        return timed

    for name in spent:
        setattr(trainer, name, wrap(name, getattr(trainer, name)))
    try:
        yield spent
    finally:
        for name in spent:
            delattr(trainer, name)  # the class's own is seen again


def operations(scale: Scale) -> None:
    """Floating-point operations of each shipped network, and the share of the machine's peak that is reached."""
    precisions = {"float32": torch.float32}
    if loop._fast_bfloat16(torch.device("cpu")):
        precisions["bfloat16"] = torch.bfloat16
    lines = []
    for precision, kind in precisions.items():
        for name, model in shipped_networks().items():
            noise = np.random.default_rng(0).integers(0, 256, (BATCH, *model.image_shape), np.uint8)
            images = ImageSet(noise, np.zeros(BATCH, np.int64))
            run = RunConfig(DataConfig(), model, TrainConfig(batch_size=BATCH, precision=precision))  # type: ignore[arg-type]
            lines.append(_operations_row(f"{name}, {precision}", Trainer(run, images, images), scale, kind))
    if "bfloat16" not in precisions:
        lines.append("| this processor does not multiply bfloat16 natively | | | | | | |")
    head = "network of | forward, Mflop per image | step | peak, Gflop/s | forward reaches | step reaches"
    print_table("Floating-point operations", f"{head} | target", lines)


def shipped_networks() -> dict[str, ModelConfig]:
    """The networks that shipped checkpoints were trained with, each once, by the name of the first that has it."""
    found: dict[ModelConfig, str] = {}
    for checkpoint in list_checkpoints(SHIPPED).usable:
        model = checkpoint.run.model
        if not families.of(model).closed_form:
            # what the number of operations does not depend on
            found.setdefault(replace(model, beta=1.0, warmup=0.0, noise=0.0), checkpoint.name)
    return {name: model for model, name in found.items()}


def _operations_row(name: str, trainer: Trainer, scale: Scale, kind: torch.dtype) -> str:
    generator = torch.Generator().manual_seed(0)
    batch = next(trainer.train.in_order(BATCH, generator))

    def forward() -> None:
        with torch.no_grad(), loop.autocast(trainer.device, trainer.run.train.precision):
            objective.objective(trainer.model, batch, 1.0, generator)

    def step() -> None:
        trainer.step(batch, generator, 0.5)

    flops = []
    for work in (forward, step):
        with FlopCounterMode(display=False) as counter:
            work()
        flops.append(counter.get_total_flops())
    shares: list[list[float]] = [[], []]
    peaks = []
    for _ in range(scale.rounds):  # the peak beside the work, as it changes with what else the machine does
        peaks.append(peak(kind))
        for index, work in enumerate((forward, step)):
            start = time.perf_counter()
            for _ in range(scale.counted):
                work()
            seconds = (time.perf_counter() - start) / scale.counted
            shares[index].append(flops[index] / seconds / peaks[-1])
    reached = [statistics.median(share) for share in shares]
    counts = " | ".join(f"{count / BATCH / 1e6:.1f}" for count in flops)
    cells = " | ".join(f"{share:.0%}" for share in reached)
    target = verdict(reached[1] >= 0.55, "55 %") if kind is torch.bfloat16 else ""
    return f"| {name} | {counts} | {statistics.median(peaks) / 1e9:.0f} | {cells} | {target} |"


def compiled(scale: Scale) -> None:
    """torch.compile: what it costs at first, what it saves afterwards."""
    whole = load_images(DataConfig("fashion-mnist-small"), "train")
    images = replace(whole, images=whole.images[: BATCH * scale.steps], labels=None)
    plain, faster = Ours(CONVOLUTIONAL, images), Ours(CONVOLUTIONAL, images)
    for stack in faster.trainer.model.children():
        stack.compile()
    start = time.perf_counter()
    try:
        faster.turn()
    except Exception as error:  # noqa: BLE001 (the compiler's own errors have many types)
        print_table("torch.compile", "result", [f"| not to be had here: {type(error).__name__} |"])
        return
    waiting = time.perf_counter() - start
    found = speeds({"plain": plain.turn, "compiled": faster.turn}, len(images), scale.rounds)
    ordinary, quick = (statistics.median(found[name]) for name in ("plain", "compiled"))
    waiting -= len(images) / quick
    saved = 1 - ordinary / quick
    pays = f"after {waiting / saved / 60:.0f} minutes of training" if saved > 0.005 else "never"
    lines = [f"| {ordinary:,.0f} | {quick:,.0f} | {waiting:.0f} s | {pays} |"]
    print_table("torch.compile, convolutional VAE", "images/s | compiled | wait at the start | pays", lines)


def evaluation(scale: Scale) -> None:
    """Measuring and encoding the 10,000 test images."""
    test = load_images(DataConfig("fashion-mnist-small"), "test")
    if scale is QUICK:
        test = replace(test, images=test.images[:500], labels=test.labels[:500])  # type: ignore[index]
    space = LatentSpace.open(CHECKPOINT)
    lines = []
    for name, work in (
        ("encoding", lambda: space.encode(test.images)),
        ("decoding", lambda: space.decode(np.zeros((len(test), space.latent), np.float32))),
        ("evaluation: reconstruction + KL, as after each epoch", lambda: space.objective(test.images)),
        ("all figures of metrics.json, with the means decoded", lambda: evaluate_checkpoint(CHECKPOINT, test)),
    ):
        work()
        seconds = []
        for _ in range(scale.rounds):
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
        taken = statistics.median(seconds)
        lines.append(f"| {name} | {taken:.2f} s | {verdict(taken < 4, 'under 4 s')} |")
    print_table(f"The {len(test):,} test images", "work | time | target", lines)


def growth(scale: Scale) -> None:
    """Time an image and memory as the data grow; each size in a process of its own, and all sizes in turns."""
    sizes = SIZES if scale is FULL else (500, 1000)
    found: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    for _ in range(GROWTH_ROUNDS if scale is FULL else 1):
        for size, entries in found.items():
            command = [sys.executable, "-m", "benchmarks.train_speed", "--epoch-of", str(size)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            entries.append(json.loads(done.stdout))
    times, memory = (
        [statistics.median(entry[figure] for entry in entries) for entries in found.values()]
        for figure in ("microseconds", "megabytes")
    )
    lines = [
        f"| {size:,} | {time_an_image:.0f} µs | {megabytes:.0f} MB |"
        for size, time_an_image, megabytes in zip(sizes, times, memory, strict=True)
    ]
    linear = verdict(max(times) < 1.15 * min(times), "within 15 % of each other")
    flat = verdict(max(memory) < memory[0] + 50, "no more than 50 MB over the smallest set's")
    print_table(
        "An epoch of the 400-20 MLP",
        "images | time an image | memory besides the images",
        [
            *lines,
            f"| | {linear} | {flat} |",
        ],
    )


def epoch_of(size: int) -> dict[str, float]:
    """As many epochs over so many images as show enough: microseconds an image, megabytes besides the images."""
    whole = load_images(DataConfig("fashion-mnist-small"), "train")
    images = replace(whole, images=np.resize(whole.images, (size, *whole.images.shape[1:])), labels=None)
    del whole
    ours = Ours(PERCEPTRON, images)
    epochs = max(1, SEEN // size)
    start = time.perf_counter()
    for _ in range(epochs):
        ours.turn()
    seconds = time.perf_counter() - start
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"microseconds": seconds / (size * epochs) * 1e6, "megabytes": (most - images.images.nbytes) / 1e6}


SECTIONS: dict[str, Callable[[Scale], None]] = {
    "loops": loops,
    "share": share,
    "operations": operations,
    "compile": compiled,
    "evaluation": evaluation,
    "growth": growth,
}


def main(
    sections: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME ...")] = (),
    quick: bool = False,
    threads: int | None = None,
    epoch_of_images: Annotated[int | None, tyro.conf.arg(name="epoch-of")] = None,
) -> int:
    """Measure and print.

    Args:
        sections: which ones; all if none is named.
        quick: only see that everything runs; the figures mean nothing.
        threads: cores to use; all by default.
        epoch_of_images: epochs over so many images, their figures as JSON; what the section growth calls.
    """
    if unknown := set(sections) - SECTIONS.keys():
        print(f"error: no section {', '.join(sorted(unknown))}; choose of {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    if threads is not None:
        torch.set_num_threads(threads)
    if epoch_of_images is not None:
        print(json.dumps(epoch_of(epoch_of_images)))
        return 0
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, batch {BATCH}")
    for name in sections or SECTIONS:
        SECTIONS[name](QUICK if quick else FULL)
    return 0


if __name__ == "__main__":
    sys.exit(tyro.cli(main, description=__doc__))
