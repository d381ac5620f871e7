"""Which network and which training make the best model for the same processor time? Fashion-MNIST, 16-dimensional.

Every variant is the base with the changes that its name lists, trained by one core on the first 50,000 training images
and evaluated on the other 10,000. The test split has no say; only the finalists are evaluated on it, at the very end.
All variants get the same time. That time is counted in images, so that a busy machine favours none of them: a variant
and the base first take turns of half a second, which gives the variant's speed as a ratio (shared by all its seeds);
then it trains on as many images as that ratio allows. Other programs train some of the networks for as long: pythae
0.1.2's trainer and a plain loop (see benchmarks/peers.py).
Each finished run becomes a line of the results file at once, and is not repeated.

  python -m benchmarks.study --minutes 2
  python -m benchmarks.study --minutes 10 --variants shuffle residual --seeds 0 1 2
  python -m benchmarks.study --table                   only print the finished runs
  python -m benchmarks.study --headline                only the finalists and peers after FINAL_MINUTES
"""

from __future__ import annotations

import json
import math
import platform
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, cast

import numpy as np
import torch
import tyro
from torch import Tensor
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from benchmarks.peers import Plain, Pythae
from vae_core.config import DataConfig, ModelConfig, RunConfig, TrainConfig
from vae_core.data import ImageSet, load_images
from vae_core.evaluation import metrics
from vae_core.files import write_text
from vae_core.models import Autoencoder
from vae_core.training import loop, objective, schedule
from vae_core.training.batches import Batch, Batches
from vae_core.training.fit import describe_images
from vae_core.training.loop import Trainer
from vae_core.training.objective import Terms

RESULTS = Path(__file__).with_name("study.jsonl")
TABLE = Path(__file__).with_name("study.md")
DATA = DataConfig("fashion-mnist", validation=10_000)
BASE_SPEED = 1200  # images a second of the base on one idle core of the machine that the table comes from
TURNS, TURN = 12, 0.5  # of the base and of a variant, in seconds, to compare their speeds
STEPS = 4  # between two looks at the clock or at the bar
BASE = RunConfig(
    DATA,
    ModelConfig(network="shuffle", latent=16, width=32, hidden=256, depth=1, normalisation="none", warmup=0.3),
    TrainConfig(
        batch_size=128,
        learning_rate=4e-3,
        weight_decay=0.0,
        adam_beta2=0.999,
        gradient_clip=0.5,
        precision="float32",
    ),
)
"""What every variant changes; written out, so that it stays when the defaults follow the study."""
NO_CLIP = 1e6
FINALISTS = ("tuned, width 16", "mlp 512-512, rate 2e-3")
FINAL_MINUTES = 10
"""Of a core, after which the finalists were chosen, on the images kept out."""
Objective = Callable[[Autoencoder, Batch, float, torch.Generator], tuple[Tensor, Terms]]


@dataclass(frozen=True)
class Variant:
    """One way to train: the base with changes; all but the first two are tried here only."""

    model: dict[str, Any]
    train: dict[str, Any]
    constant_rate: bool = False
    averaged: bool = False
    """Judge an exponential moving average of the weights instead of the last ones."""
    free_bits: float = 0.0
    """Nats of each dimension's KL, averaged over the batch, that cost nothing (Kingma et al. 2016, eq. 15)."""
    peer: type[Pythae] | type[Plain] | None = None
    """Whose loop trains the network instead of ours: the batch is the same, the rest is the peer's own."""


PEERS: dict[str, type[Pythae] | type[Plain]] = {"pythae 0.1.2": Pythae, "a plain loop": Plain}
FOR_PEERS: dict[str, dict[str, Any]] = {
    "shuffle": {},
    "shuffle, width 16": {"width": 16},
    "mlp 512-512": {"network": "mlp", "hidden": 512, "depth": 2},
}
VARIANTS = {
    "shuffle": Variant({}, {}),
    "strided": Variant({"network": "strided"}, {}),
    "residual": Variant({"network": "residual"}, {}),
    "residual, batch norm": Variant({"network": "residual", "normalisation": "batch"}, {}),
    "residual, width 16": Variant({"network": "residual", "width": 16}, {}),
    "mlp 512-512, rate 2e-3": Variant({"network": "mlp", "hidden": 512, "depth": 2}, {"learning_rate": 2e-3}),
    "mlp 512-512, not clipped": Variant({"network": "mlp", "hidden": 512, "depth": 2}, {"gradient_clip": NO_CLIP}),
    "width 24": Variant({"width": 24}, {}),
    "width 48": Variant({"width": 48}, {}),
    "hidden 512": Variant({"hidden": 512}, {}),
    "batch 64": Variant({}, {"batch_size": 64}),
    "batch 256": Variant({}, {"batch_size": 256}),
    "rate 2e-3": Variant({}, {"learning_rate": 2e-3}),
    "rate 8e-3": Variant({}, {"learning_rate": 8e-3}),
    "clip 0.1": Variant({}, {"gradient_clip": 0.1}),
    "not clipped": Variant({}, {"gradient_clip": NO_CLIP}),
    "weight decay 0.05": Variant({}, {"weight_decay": 0.05}),
    "no warm-up": Variant({"warmup": 0.0}, {}),
    "free bits 0.1": Variant({}, {}, free_bits=0.1),
    "bfloat16": Variant({}, {"precision": "bfloat16"}),
    "learned pixel variance": Variant({"likelihood": "gaussian"}, {}),
    "constant Adam 1e-3": Variant({}, {"learning_rate": 1e-3}, constant_rate=True),
    "constant Adam 1e-3, averaged": Variant({}, {"learning_rate": 1e-3}, constant_rate=True, averaged=True),
    "tuned": Variant({"width": 24}, {"learning_rate": 8e-3, "gradient_clip": 0.1}),
    "tuned, batch 64": Variant({"width": 24}, {"learning_rate": 8e-3, "gradient_clip": 0.1, "batch_size": 64}),
    "tuned, width 16": Variant({"width": 16}, {"learning_rate": 8e-3, "gradient_clip": 0.1}),
    "tuned, width 16, moved": Variant(
        {"width": 16}, {"learning_rate": 8e-3, "gradient_clip": 0.1, "shift": 1, "augment_until": 0.7}
    ),
    "residual, tuned, width 16": Variant(
        {"network": "residual", "width": 16}, {"learning_rate": 8e-3, "gradient_clip": 0.1}
    ),
    "residual, tuned, width 24, moved": Variant(
        {"network": "residual", "width": 24},
        {"learning_rate": 6e-3, "gradient_clip": 0.1, "shift": 1, "augment_until": 0.7},
    ),
    "residual, tuned, width 48, encoder 64, shifted, averaged weights": Variant(  # as fashion-vae-16 is made
        {"network": "residual", "width": 48, "encoder_width": 64, "encoder_squeeze": 32, "hidden": 144},
        {
            "learning_rate": 4e-3,
            "adam_beta2": 0.99,
            "gradient_clip": 0.1,
            "shift": 1,
            "augment_until": 0.9,
            "average_from": 0.75,
        },
    ),
    "mlp 512-512, rate 4e-3, clip 0.1": Variant(
        {"network": "mlp", "hidden": 512, "depth": 2}, {"learning_rate": 4e-3, "gradient_clip": 0.1}
    ),
    "strided, constant Adam 1e-3": Variant({"network": "strided"}, {"learning_rate": 1e-3}, constant_rate=True),
    **{
        f"{network}, by {name}": Variant(model, {}, peer=peer)
        for network, model in FOR_PEERS.items()
        for name, peer in PEERS.items()
    },
}


def with_free_bits(objective: Objective, nats: float) -> Objective:
    """The objective with so many nats of each dimension's KL for nothing."""

    def changed(model: Autoencoder, batch: Batch, kl_weight: float, generator: torch.Generator) -> tuple[Tensor, Terms]:
        _, parts = objective(model, batch, kl_weight, generator)
        return parts.reconstruction + kl_weight * parts.kl_per_dim.mean(0).clamp_min(nats).sum(), parts

    return changed


def configure(variant: Variant, seed: int) -> RunConfig:
    """The base with a variant's changes."""
    return replace(
        BASE, model=replace(BASE.model, **variant.model), train=replace(BASE.train, seed=seed, **variant.train)
    )


def move_average(averages: Any, weights: Any, count: Tensor | int) -> None:
    """Move the averages by a thousandth of the way to the weights; by more at first, to forget the beginning."""
    torch._foreach_lerp_(averages, weights, max(1e-3, 9 / (10 + int(count))))


class Run:
    """A variant in training by our loop."""

    def __init__(self, variant: Variant, seed: int, images: ImageSet) -> None:
        self.variant = variant
        self.trainer = Trainer(describe_images(configure(variant, seed), images), images, images)
        self.average = AveragedModel(self.trainer.model, multi_avg_fn=move_average) if variant.averaged else None
        self.generator = torch.Generator().manual_seed(seed)
        self.progress = 0.0
        self.batches = self._batches()

    def _batches(self) -> Iterator[Batch]:
        """Batches without an end."""
        config = self.trainer.run.train
        while True:
            share = schedule.augmented_share(self.progress, config.augment_until)
            yield from self.trainer.train.shuffled(config.batch_size, self.generator, share)

    def advance(self, steps: range, total: float) -> None:
        """These steps of all; a constant rate stays at the schedule's peak, where the KL weight has risen as well."""
        for step in steps:
            self.progress = step / total
            batch = next(self.batches)
            self.trainer.step(batch, self.generator, schedule.RISE if self.variant.constant_rate else self.progress)
            if self.average is not None:
                self.average.update_parameters(self.trainer.model)

    @property
    def model(self) -> Autoencoder:
        """The model to be judged."""
        return self.trainer.result if self.average is None else cast(Autoencoder, self.average.module)


class PeerRun:
    """A variant in training by a peer's loop."""

    def __init__(self, peer: type[Pythae] | type[Plain], config: RunConfig, images: ImageSet) -> None:
        self.loop = peer(config.model, images, config.train.batch_size, config.train.seed)

    def advance(self, steps: range, total: float) -> None:
        """So many steps; no peer cares how far it is."""
        self.loop.turn(len(steps))

    @property
    def model(self) -> Autoencoder:
        """The model to be judged."""
        return self.loop.model


def start(variant: Variant, seed: int, images: ImageSet) -> Run | PeerRun:
    """A variant that has not learned anything yet."""
    if variant.peer is None:
        return Run(variant, seed, images)
    return PeerRun(variant.peer, configure(variant, seed), images)


def relative_speed(variant: Variant, seed: int, images: ImageSet) -> float:
    """Images a second of a variant, over those of the base: the median of several turns."""
    ratios = []
    both = (variant, Variant({}, {}))
    contenders = [(start(one, seed, images), configure(one, seed).train.batch_size) for one in both]
    for turn in range(TURNS + 1):
        speeds = []
        for run, batch_size in contenders:
            seen, begin = 0, time.perf_counter()
            while time.perf_counter() - begin < TURN:
                run.advance(range(STEPS), math.inf)
                seen += STEPS * batch_size
            speeds.append(seen / (time.perf_counter() - begin))
        if turn:  # the first one pays for starting up
            ratios.append(speeds[0] / speeds[1])
    return float(np.median(ratios))


def train(
    variant: Variant,
    seed: int,
    seconds: float,
    images: ImageSet,
    judges: dict[str, ImageSet],
    speed: float | None = None,
) -> dict[str, Any]:
    """Train for so many seconds at the base's speed, then measure.

    Args:
        variant: what to train.
        seed: of the weights, batches and samples.
        seconds: of one idle core at the base's speed.
        images: to learn from.
        judges: images to measure on, by what to put before the figures' names.
        speed: images a second, if they are known already.

    Returns:
        nats (BCE or Gaussian + KL, one sample an image), mse, knn (of mean codes, k = 10), and what was done for it;
        nats is NaN where the training left the finite numbers.
    """
    config = describe_images(configure(variant, seed), images)
    speed = speed or BASE_SPEED * relative_speed(variant, seed, images)
    run = start(variant, seed, images)
    total = max(1, round(speed * seconds / config.train.batch_size))
    with tqdm(total=total, unit="step", leave=False, disable=None) as bar:
        for first in range(0, total, STEPS):
            steps = range(first, min(first + STEPS, total))
            run.advance(steps, total)
            bar.update(len(steps))
    figures: dict[str, Any] = {}
    for prefix, others in judges.items():
        found = judge(run.model, Batches(others, config, torch.device("cpu")), others.labels)
        figures |= {prefix + name: value for name, value in found.items()}
    return figures | {"images_per_second": round(speed), "processor": processor()}


def processor() -> str:
    """What the machine calls its processor: speeds of one are not those of another."""
    path = Path("/proc/cpuinfo")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    facts = dict(re.findall(r"^(model name|cpu family|model)\s*:\s*(.+)$", text, re.MULTILINE))
    if len(facts) < 3:
        return platform.processor() or platform.machine()
    return f"{facts['model name']}, family {facts['cpu family']}, model {facts['model']}"


@torch.inference_mode()
def judge(model: Autoencoder, batches: Batches, labels: np.ndarray | None) -> dict[str, float]:
    """Figures on images that the model has not learned from."""
    if not all(parameter.isfinite().all() for parameter in model.parameters()):
        return {"nats": math.nan, "mse": math.nan, "knn": math.nan}
    figures = objective.evaluate(model, batches, torch.Generator().manual_seed(0))
    codes, errors = [], []
    for batch in batches.in_order(objective.EVALUATION_BATCH, torch.Generator()):
        codes.append(model.encode(batch.images).mode())
        decoded = model.to_images(model.decode(codes[-1]))
        errors.append(metrics.mse(batch.images.numpy(), decoded.numpy()))
    knn = metrics.knn_accuracy(torch.cat(codes).numpy(), labels, 10)  # type: ignore[arg-type]
    return {"nats": figures["total"], "mse": round(float(np.concatenate(errors).mean()), 6), "knn": round(knn, 4)}


def results() -> list[dict[str, Any]]:
    """All finished runs."""
    if not RESULTS.exists():
        return []
    return [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]


def known_speed(variant: str) -> float | None:
    """Images a second that were measured for another seed or budget of a variant on this processor, if any."""
    known = (run for run in results() if run["variant"] == variant and run.get("processor") == processor())
    return next((run["images_per_second"] for run in known), None)


def table(runs: list[dict[str, Any]], prefix: str = "") -> str:
    """The finished runs as a Markdown table: the mean over seeds, and the spread where there are several.

    Args:
        runs: lines of the results.
        prefix: before the names of the figures to show; runs without them are left out.
    """
    groups: dict[tuple[float, str], list[dict[str, Any]]] = {}
    for run in (run for run in runs if f"{prefix}nats" in run):
        groups.setdefault((run["minutes"], run["variant"]), []).append(run)

    def cell(group: list[dict[str, Any]], name: str, digits: int) -> str:
        values = np.array([run[name] for run in group], float)
        if not np.isfinite(values).all():
            return "not finite"
        spread = f" ± {values.std(ddof=1):.{digits}f}" if values.std() > 0 else ""
        return f"{values.mean():.{digits}f}{spread}"

    lines = [
        "| core minutes | variant | images/s | nats | mean-code MSE | kNN accuracy | seeds |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]

    def rank(item: tuple[tuple[float, str], list[dict[str, Any]]]) -> tuple[float, bool, float]:
        (minutes, variant), group = item
        return minutes, "variance" in variant, float(np.nan_to_num(np.mean([run["nats"] for run in group]), nan=1e9))

    for (minutes, variant), group in sorted(groups.items(), key=rank):
        figures = [
            cell(group, "images_per_second", 0),
            "not comparable" if "variance" in variant else cell(group, f"{prefix}nats", 2),
            cell(group, f"{prefix}mse", 5),
            cell(group, f"{prefix}knn", 3),
        ]
        lines.append(f"| {minutes:g} | {variant} | {' | '.join(figures)} | {len(group)} |")
    return "\n".join(lines)


def headline() -> str:
    """The finalists and what others made of the same networks, as docs/benchmarks.md shows them."""
    names = {name for name, variant in VARIANTS.items() if name in FINALISTS or variant.peer}
    return table([run for run in results() if run["minutes"] == FINAL_MINUTES and run["variant"] in names])


def document() -> str:
    """study.md."""
    return (
        "# Which network, which training?\n\n"
        "Printed by `make study` (`python -m benchmarks.study`). Fashion-MNIST, 16-dimensional codes, trained on the "
        "first 50,000 training images and evaluated on the other 10,000. *nats* is BCE + KL per image with one "
        "posterior sample, *mean-code MSE* the squared error of the reconstruction from the posterior mean, *kNN "
        "accuracy* the vote of the 10 nearest other codes.\n\n"
        "Every variant gets the same time on one core, counted in images at a base speed of "
        f"{BASE_SPEED:,} images/s. A variant is the base with the changes that its name lists; the base is the network "
        "`shuffle` of width 32 with a peak learning rate of 4e-3, batches of 128, gradients clipped at 0.5 and "
        "float32. *Tuned* means width 24, peak rate 8e-3 and clipping at 0.1, unless the name gives another width or "
        "batch size. *Constant Adam* applies the whole KL weight from the first step. *bfloat16* ran on a processor "
        "that only emulates it; `make bench` shows what it gains on one with native support.\n\n"
        "Some networks were also trained by other programs, with their own data sets and loaders, at batches of 128 "
        "and Adam at a constant 1e-3: *by pythae 0.1.2*, and *by a plain loop* over a DataLoader with a transform for "
        "each image.\n\n"
        + table(results())
        + "\n\n## The finalists on the test split\n\nEvaluated once, after the table above had decided.\n\n"
        + table(results(), "test_")
        + "\n"
    )


def main(
    minutes: float = 2.0,
    variants: Annotated[list[str] | None, tyro.conf.arg(metavar="NAME ...")] = None,
    seeds: tuple[int, ...] = (0,),
    table_only: Annotated[bool, tyro.conf.arg(name="table")] = False,
    headline_only: Annotated[bool, tyro.conf.arg(name="headline")] = False,
) -> None:
    """Run the study, or what is missing of it.

    Args:
        minutes: time for each run, of one idle core.
        variants: which ones; all if none is named.
        seeds: one run for each.
        table_only: only print the table of the finished runs.
        headline_only: of these, only the finalists and the peers.
    """
    if not (table_only or headline_only):
        torch.set_num_threads(1)
        images, held_out = load_images(DATA, "train"), load_images(DATA, "validation")
        test = load_images(DATA, "test")
        for name in variants or list(VARIANTS):
            for seed in seeds:
                key = {"minutes": minutes, "variant": name, "seed": seed}
                if any(key.items() <= run.items() for run in results()):
                    continue
                try:
                    judges = {"": held_out} | ({"test_": test} if name in FINALISTS else {})
                    figures = train_variant(name, seed, minutes, images, judges)
                except ImportError:
                    print(f"{name}: pythae is not installed; pip install -r benchmarks/requirements.txt", flush=True)
                    continue
                with RESULTS.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(key | figures) + "\n")
                write_text(TABLE, document())
                print(f"{name}, seed {seed}: {figures}", flush=True)
    print(headline() if headline_only else table(results()))


def train_variant(
    name: str, seed: int, minutes: float, images: ImageSet, judges: dict[str, ImageSet]
) -> dict[str, Any]:
    """One run of a variant by its name."""
    variant, usual = VARIANTS[name], loop.objective
    if variant.free_bits:
        loop.objective = with_free_bits(usual, variant.free_bits)  # type: ignore[assignment]
    try:
        return train(variant, seed, minutes * 60, images, judges, known_speed(name))
    finally:
        loop.objective = usual


if __name__ == "__main__":
    tyro.cli(main, description=__doc__)
