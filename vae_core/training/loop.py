"""The training loop: epochs of AdamW steps on a one-cycle schedule, and what an epoch leaves in the history."""

from __future__ import annotations

import math
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_swa_multi_avg_fn
from tqdm import tqdm

from vae_core.config import RunConfig
from vae_core.data import ImageSet
from vae_core.models import Autoencoder, build, families, losses
from vae_core.training import ExplosionError
from vae_core.training.batches import Batch, Batches
from vae_core.training.objective import Terms, as_record, evaluate, objective, sums_of
from vae_core.training.schedule import augmented_share, learning_rate

SUMMED_STEPS = 50  # whose terms are added up at once
ADAM_BETA1 = 0.9

History = list[dict[str, Any]]


def pick_device() -> torch.device:
    """The machine's accelerator if torch can use one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """Mixed precision for the forward pass, or nothing; ``auto`` asks what the hardware multiplies natively."""
    if precision == "auto":
        precision = "bfloat16" if _fast_bfloat16(device) else "float32"
    return torch.autocast(device.type, torch.bfloat16) if precision == "bfloat16" else nullcontext()


def _fast_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def _generator(device: torch.device, *keys: int) -> torch.Generator:
    """A random sequence of its own for each combination of keys, so that a resumed run repeats nothing."""
    seed = 0
    for key in keys:
        seed = (seed * 1_000_003 + key + 1) % 2**63
    return torch.Generator(device).manual_seed(seed)


class Trainer:
    """One run: its model, optimiser and data. ``fit`` drives it; ``history`` records the finished epochs."""

    def __init__(self, run: RunConfig, train: ImageSet, test: ImageSet) -> None:
        self.run, self.device = run, pick_device()
        self.own_terms = list(families.of(run.model).terms)
        torch.manual_seed(run.train.seed)
        # channels-last convolutions are about a fifth faster, on processors as on accelerators
        self.model = build(run.model).to(self.device).to(memory_format=torch.channels_last)
        self.averaged: AveragedModel | None = None
        if run.train.average_from < 1:
            self.averaged = AveragedModel(self.model, multi_avg_fn=get_swa_multi_avg_fn())
        if run.train.compile:
            for stack in self.model.children():
                stack.compile()  # in place, so that the names of the weights stay
        self.train = Batches(train, run, self.device)
        self.test = Batches(test, run, self.device)
        self.trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.optimiser = torch.optim.AdamW(
            self.trained or [torch.zeros(1)],
            betas=(ADAM_BETA1, run.train.adam_beta2),
            weight_decay=run.train.weight_decay,
            fused=True,
        )
        self.autocast = autocast(self.device, run.train.precision)
        self.history: History = []
        self.attempt = 0  # at the epoch under way; each has an order of the images and noise of its own

    @property
    def result(self) -> Autoencoder:
        """The model as the training leaves it: with the averaged weights, once there are some."""
        if self.averaged is None or not self.averaged.n_averaged:
            return self.model
        assert isinstance(self.averaged.module, Autoencoder)
        return self.averaged.module

    @property
    def steps_per_epoch(self) -> int:
        """Optimiser steps in one pass over the training images."""
        return math.ceil(len(self.train) / self.run.train.batch_size)

    def epoch(self, show_progress: bool) -> None:
        """Train for one epoch and append its record to the history.

        Raises:
            ExplosionError: if the loss exploded, or is no longer a finite number.
        """
        number = len(self.history)
        start = time.perf_counter()
        closed_form = self.model.fit_closed_form(self.train.images)
        again = (self.attempt,) if self.attempt else ()
        generator = _generator(self.device, self.run.train.seed, number, *again)
        if closed_form:
            train = evaluate(self.model, self.train, generator)
            train.pop("kl_per_dim", None)
        else:
            train = self._gradient_epoch(number, generator, show_progress)
        seconds = time.perf_counter() - start
        # The same noise and posterior samples each epoch, so that test curves show the model's changes only.
        test = evaluate(self.result, self.test, _generator(self.device, self.run.train.seed))
        self.history.append(
            {
                "epoch": number + 1,
                "seconds": round(seconds, 3),
                "images_per_second": round(len(self.train) / seconds, 1),
                "train": train,
                "test": test,
            }
            | ({"attempts": self.attempt + 1} if self.attempt else {})
        )
        self.attempt = 0

    def _gradient_epoch(self, number: int, generator: torch.Generator, show_progress: bool) -> dict[str, Any]:
        """One pass of gradient steps; the mean terms over the pass, as the weights were changing."""
        config = self.run.train
        self.model.train()
        sums = torch.zeros(2 + len(self.own_terms), dtype=torch.float64, device=self.device)
        share = augmented_share(number / config.epochs, config.augment_until)
        batches = self.train.shuffled(config.batch_size, generator, share)
        label = f"Epoch {number + 1}/{config.epochs}"
        hidden = None if show_progress else True  # None: hidden where the output is no terminal
        bar = tqdm(batches, label, self.steps_per_epoch, leave=False, unit="step", disable=hidden)
        done: list[Terms] = []
        for step, batch in enumerate(bar, 1):
            progress = (number + (step - 1) / self.steps_per_epoch) / config.epochs
            done.append(self.step(batch, generator, progress))
            if step % SUMMED_STEPS == 0 or step == self.steps_per_epoch:
                sums += sums_of(done)
                done.clear()
                if not torch.isfinite(sums).all():
                    break
        if not torch.isfinite(sums).all():
            raise ExplosionError(
                f"the loss is no longer a finite number in epoch {number + 1}; lower --learning-rate "
                f"(now {config.learning_rate:g})"
            )
        record = as_record((sums / len(self.train)).tolist(), self.own_terms)
        self._check_not_exploded(record)
        return record

    def _check_not_exploded(self, record: dict[str, Any]) -> None:
        """Raise ExplosionError if an epoch's mean objective lies a nat per pixel above the first epoch's.

        A model seldom comes back from there: all its codes mean the same, however long it is trained.
        """
        if not self.history:
            return
        run, number = self.run, len(self.history)

        def mean_objective(epoch: int, mean: dict[str, Any]) -> float:
            weight = losses.kl_weight((epoch + 1) / run.train.epochs, run.model.beta, run.model.warmup)
            own = sum(mean.get(name, 0.0) for name in self.own_terms)
            return mean["reconstruction"] + min(1.0, weight) * mean["kl"] + own  # a larger weight may rightly cost more

        first, now = mean_objective(0, self.history[0]["train"]), mean_objective(number, record)
        if now - first > math.prod(run.model.image_shape):
            raise ExplosionError(
                f"the loss exploded in epoch {number + 1}, to {now:,.0f} nats per image; lower --learning-rate "
                f"(now {run.train.learning_rate:g})"
            )

    def step(self, batch: Batch, generator: torch.Generator, progress: float) -> Terms:
        """One optimiser step at a point of the training; returns the batch's terms."""
        parts = self.gradients(batch, generator, progress)
        self.update(progress)
        return parts

    def forward(self, batch: Batch, generator: torch.Generator, progress: float) -> tuple[Tensor, Terms]:
        """The objective of a batch at a point of the training, in the run's precision."""
        weight = losses.kl_weight(progress, self.run.model.beta, self.run.model.warmup)
        with self.autocast:
            return objective(self.model, batch, weight, generator)

    def gradients(self, batch: Batch, generator: torch.Generator, progress: float) -> Terms:
        """Forward and backward: leave each weight's gradient of the mean cost in nats per pixel."""
        cost, parts = self.forward(batch, generator, progress)
        self.optimiser.zero_grad(set_to_none=True)
        # Given as a number, the mean's gradient spares the operations which would make it.
        cost.backward(torch.full_like(cost, 1 / batch.images.numel()))
        return parts.detached()

    def update(self, progress: float) -> None:
        """Move the weights against the gradient, at the learning rate of a point of the training."""
        torch.nn.utils.clip_grad_norm_(self.trained, self.run.train.gradient_clip)
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(progress, self.run.train)
        self.optimiser.step()
        if self.averaged is not None and progress >= self.run.train.average_from:
            self.averaged.update_parameters(self.model)
