"""The training loop: it learns, it can be repeated, resumed and stopped, and it leaves nothing half-done."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.unit.conftest import squares, tiny_run
from vae_core import training
from vae_core.checkpoint import CheckpointError, find_checkpoint, list_checkpoints, load_model, save_tensors
from vae_core.config import ConfigError, DataConfig, RunConfig, TrainConfig
from vae_core.data import ImageSet
from vae_core.models import build, losses
from vae_core.training import TrainingError, loop, objective, resume, schedule
from vae_core.training.batches import Batch, Batches, augmented
from vae_core.training.fit import describe_images, fit
from vae_core.training.resume import unfinished_run, work_folder
from vae_core.training.schedule import learning_rate, one_cycle

Record = dict[str, Any]


def train(run: RunConfig, train_images: ImageSet, test_images: ImageSet, folder: Path, **options: Any) -> Path:
    """``fit`` with the data's shape filled in, and no bars."""
    described = describe_images(run, train_images)
    return fit(described, train_images, test_images, folder, show_progress=False, **options)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """A checkpoint's tensors."""
    return load_model(folder)[0].state_dict()


def same(first: Path, second: Path) -> bool:
    """Whether two checkpoints have bit-equal weights."""
    return all(torch.equal(value, weights(second)[name]) for name, value in weights(first).items())


class Stop:
    """Presses Ctrl-C after so many epochs."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, record: Record) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("family", ["cae", "vae", "vqvae"])
def test_training_lowers_the_test_loss(
    family: str, train_images: ImageSet, test_images: ImageSet, tmp_path: Path
) -> None:
    """Eight epochs of squares take a third off the first epoch's reconstruction term."""
    run = tiny_run(epochs=8, family=family)
    history = find_checkpoint(train(run, train_images, test_images, tmp_path / "m").name, tmp_path).history
    assert [record["epoch"] for record in history] == list(range(1, 9))
    assert history[-1]["test"]["reconstruction"] < 0.67 * history[0]["test"]["reconstruction"]


def test_the_record_adds_up(tiny_checkpoints: Path) -> None:
    """Total is reconstruction plus KL, KL is the sum over dimensions, and a deterministic model has none."""
    for record in find_checkpoint("vae", tiny_checkpoints).history:
        for split in ("train", "test"):
            parts = record[split]["reconstruction"] + record[split]["kl"]
            assert record[split]["total"] == pytest.approx(parts, abs=2e-4)
        assert record["test"]["kl"] == pytest.approx(sum(record["test"]["kl_per_dim"]), abs=1e-3)
        assert record["images_per_second"] > 0
    assert find_checkpoint("cae", tiny_checkpoints).history[-1]["test"]["kl"] == 0


def test_a_familys_own_terms_travel_by_name(tiny_checkpoints: Path) -> None:
    """They are in every record of both splits, and in its total."""
    for record in find_checkpoint("vqvae", tiny_checkpoints).history:
        for split in ("train", "test"):
            assert record[split]["commitment"] > 0
            parts = record[split]["reconstruction"] + record[split]["commitment"]
            assert record[split]["total"] == pytest.approx(parts, abs=2e-4)


def test_the_same_run_twice_is_bit_equal(train_images: ImageSet, test_images: ImageSet, tmp_path: Path) -> None:
    """A seed decides everything."""
    for name in ("first", "second"):
        train(tiny_run(), train_images, test_images, tmp_path / name)
    assert same(tmp_path / "first", tmp_path / "second")


def test_another_seed_gives_another_model(train_images: ImageSet, test_images: ImageSet, tmp_path: Path) -> None:
    """The seed is really used."""
    run = tiny_run()
    for seed in (0, 1):
        seeded = replace(run, train=replace(run.train, seed=seed))
        train(seeded, train_images, test_images, tmp_path / f"seed{seed}")
    assert not same(tmp_path / "seed0", tmp_path / "seed1")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "average_from"),
    [("mlp", 1.0), ("mlp", 0.25), ("mlp", 0.75), ("residual", 1.0), ("residual", 0.25)],
    ids=["no mean", "mean begun", "mean still to come", "convolutions", "convolutions and mean"],
)
def test_a_stopped_run_keeps_its_last_finished_epoch_and_resumes_to_the_same_end(
    train_images: ImageSet, test_images: ImageSet, tmp_path: Path, network: str, average_from: float
) -> None:
    """Ctrl-C after 2 of 4 epochs leaves a usable checkpoint; resumed, it is bit-equal to a run never stopped."""
    run = tiny_run(epochs=4, noise=0.1, network=network, width=8)
    run = replace(run, train=replace(run.train, average_from=average_from))
    whole = train(run, train_images, test_images, tmp_path / "whole")
    stopped = train(run, train_images, test_images, tmp_path / "stopped", on_epoch=Stop(after=2))
    assert len(find_checkpoint("stopped", tmp_path).history) == 2
    assert not same(whole, stopped)
    train(unfinished_run(stopped), train_images, test_images, stopped, resume=True)
    assert len(find_checkpoint("stopped", tmp_path).history) == 4
    assert same(whole, stopped)


def test_a_run_from_before_an_option_was_added_resumes(
    train_images: ImageSet, test_images: ImageSet, tmp_path: Path
) -> None:
    """Its state does not name the option, whose default is what it was trained with."""
    stopped = train(tiny_run(epochs=2), train_images, test_images, tmp_path / "m", on_epoch=Stop(after=1))
    metadata, tensors = resume.read_state(stopped)
    run = json.loads(metadata["run"])
    del run["train"]["average_from"]
    save_tensors(stopped / resume.STATE, tensors, metadata | {"run": json.dumps(run)})
    train(unfinished_run(stopped), train_images, test_images, stopped, resume=True)
    assert len(find_checkpoint("m", tmp_path).history) == 2


def test_a_killed_run_is_not_listed_and_resumes(train_images: ImageSet, test_images: ImageSet, tmp_path: Path) -> None:
    """A crash between epochs leaves hidden state only, from which the run goes on."""

    def crash(record: Record) -> None:
        raise RuntimeError("the power is gone")

    run = tiny_run(epochs=3)
    with pytest.raises(RuntimeError, match="power"):
        train(run, train_images, test_images, tmp_path / "m", on_epoch=crash)
    assert list_checkpoints(tmp_path) == ([], [])
    train(unfinished_run(tmp_path / "m"), train_images, test_images, tmp_path / "m", resume=True)
    assert same(tmp_path / "m", train(run, train_images, test_images, tmp_path / "whole"))


def test_a_run_stopped_before_its_first_epoch_leaves_nothing(
    train_images: ImageSet, test_images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even an empty folder."""

    def interrupt(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loop.Trainer, "step", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(tiny_run(), train_images, test_images, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_finished_run_leaves_only_the_checkpoint(tiny_checkpoints: Path) -> None:
    """No work folder, no optimiser state, no temporary file."""
    assert sorted(path.name for path in tiny_checkpoints.iterdir()) == ["cae", "cvae", "pca", "vae", "vqvae"]
    names = sorted(path.name for path in (tiny_checkpoints / "vae").iterdir())
    assert names == ["history.jsonl", "metrics.json", "model.safetensors"]


def test_a_taken_name_is_refused_and_the_old_checkpoint_untouched(
    train_images: ImageSet, test_images: ImageSet, tmp_path: Path
) -> None:
    """Without --overwrite nothing is replaced."""
    folder = train(tiny_run(), train_images, test_images, tmp_path / "m")
    before = weights(folder)
    with pytest.raises(CheckpointError, match="m exists already"):
        train(tiny_run(epochs=3), train_images, test_images, folder)
    assert all(torch.equal(value, weights(folder)[name]) for name, value in before.items())


def test_overwriting_replaces_only_when_the_new_one_is_finished(
    train_images: ImageSet, test_images: ImageSet, tmp_path: Path
) -> None:
    """While the new run trains, the old checkpoint is there; afterwards the new one is, and nothing else."""
    folder = train(tiny_run(), train_images, test_images, tmp_path / "m")
    lengths = []
    train(
        tiny_run(epochs=3),
        train_images,
        test_images,
        folder,
        overwrite=True,
        on_epoch=lambda record: lengths.append(len(find_checkpoint("m", tmp_path).history)),
    )
    assert lengths == [2, 2, 2]
    assert len(find_checkpoint("m", tmp_path).history) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_loss_that_leaves_the_finite_numbers_stops_the_run(
    train_images: ImageSet, test_images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says what to change, and no checkpoint appears."""
    step = loop.Trainer.step

    def astray(*arguments: Any) -> objective.Terms:
        parts = step(*arguments)
        return objective.Terms(parts.reconstruction * float("nan"), parts.kl_per_dim)

    monkeypatch.setattr(loop.Trainer, "step", astray)
    with pytest.raises(TrainingError, match="lower --learning-rate"):
        train(tiny_run(), train_images, test_images, tmp_path / "m")
    assert list_checkpoints(tmp_path) == ([], [])


def test_a_loss_that_explodes_stops_the_run(
    train_images: ImageSet, test_images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finite loss too, once it has done so in each order of the images; it tells the epoch and what to change."""
    step = loop.Trainer.step
    explosive: list[tuple[int, int]] = []

    def astray(trainer: loop.Trainer, *arguments: Any) -> objective.Terms:
        parts = step(trainer, *arguments)
        explosive.append((len(trainer.history), trainer.attempt))
        return objective.Terms(parts.reconstruction + (5000 if trainer.history else 0), parts.kl_per_dim)

    monkeypatch.setattr(loop.Trainer, "step", astray)
    with pytest.raises(TrainingError, match=r"exploded in epoch 2, to 5,.* lower --learning-rate"):
        train(tiny_run(), train_images, test_images, tmp_path / "m")
    assert set(explosive) == {(0, 0), *((1, attempt) for attempt in range(5))}
    assert list_checkpoints(tmp_path) == ([], [])


def test_an_epoch_whose_loss_explodes_is_begun_anew_in_another_order(
    train_images: ImageSet, test_images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the weights at its start, whatever the steps before the explosion did to them; the history tells of it."""
    step = loop.Trainer.step

    def explode_at(last: bool) -> None:
        def astray(trainer: loop.Trainer, *arguments: Any) -> objective.Terms:
            parts = step(trainer, *arguments)
            if len(trainer.history) != 1 or trainer.attempt > 0:
                return parts
            if last:  # told when the epoch is over
                return objective.Terms(parts.reconstruction + 5000, parts.kl_per_dim)
            raise training.ExplosionError("at once")

        monkeypatch.setattr(loop.Trainer, "step", astray)

    for name, last in (("early", False), ("late", True)):
        explode_at(last)
        train(tiny_run(epochs=3), train_images, test_images, tmp_path / name)
        history = find_checkpoint(name, tmp_path).history
        assert [record.get("attempts") for record in history] == [None, 2, None]
    assert same(tmp_path / "early", tmp_path / "late")
    monkeypatch.setattr(loop.Trainer, "step", step)
    assert not same(tmp_path / "late", train(tiny_run(epochs=3), train_images, test_images, tmp_path / "usual"))


@pytest.mark.parametrize("beta", [0.0, 1.0, 1000.0])
def test_no_weight_of_the_kl_term_passes_for_an_explosion(
    beta: float, train_images: ImageSet, test_images: ImageSet, tmp_path: Path
) -> None:
    """With none the KL may grow without end, with a large one the reconstruction gets worse: both as asked for."""
    folder = train(tiny_run(beta=beta, warmup=0.5), train_images, test_images, tmp_path / "m")
    assert len(find_checkpoint("m", tmp_path).history) == tiny_run().train.epochs, folder


def test_a_conditional_model_needs_labels(train_images: ImageSet, test_images: ImageSet, tmp_path: Path) -> None:
    """Unlabelled images are refused with the reason."""
    unlabelled = ImageSet(train_images.images, None)
    with pytest.raises(TrainingError, match="no labels"):
        train(tiny_run(condition="decoder"), unlabelled, test_images, tmp_path / "m")


def test_resuming_nothing_is_refused(tmp_path: Path) -> None:
    """There is one line, with the name."""
    with pytest.raises(TrainingError, match="no unfinished run of m"):
        unfinished_run(tmp_path / "m")
    assert work_folder(tmp_path / "m").name.startswith(".")


def test_test_images_are_never_learnt_from(train_images: ImageSet, tmp_path: Path) -> None:
    """Quite different test images give bit-equal weights."""
    for seed in (1, 2):
        train(tiny_run(), train_images, squares(50 * seed, seed), tmp_path / f"test{seed}")
    assert same(tmp_path / "test1", tmp_path / "test2")


def test_one_cycle_rises_to_the_peak_and_falls_to_nothing() -> None:
    """Low at the start, the peak after the rise, zero at the end, and never above the peak."""
    rates = np.array([one_cycle(progress, 4e-3) for progress in np.linspace(0, 1, 101)])
    assert rates[0] == pytest.approx(4e-3 * schedule.LOWEST_RATE)
    assert rates.argmax() == round(100 * schedule.RISE)
    assert rates.max() == pytest.approx(4e-3)
    assert rates[-1] == pytest.approx(0)


def test_the_rate_stays_as_it_is_where_averaging_begins() -> None:
    """Before, the one cycle; from there on, its value there."""
    config = TrainConfig(average_from=0.75)
    assert learning_rate(0.6, config) == one_cycle(0.6, config.learning_rate) > learning_rate(0.75, config)
    assert learning_rate(0.75, config) == learning_rate(0.9, config) == learning_rate(1.0, config) > 0


def test_the_model_is_the_mean_of_its_weights_after_each_late_step(
    train_images: ImageSet, test_images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every step of the last half, and of no other; test figures are that model's."""
    seen: list[list[torch.Tensor]] = []
    update = loop.Trainer.update

    def watched(self: loop.Trainer, progress: float) -> None:
        update(self, progress)
        if progress >= 0.5:
            seen.append([parameter.detach().clone() for parameter in self.trained])

    monkeypatch.setattr(loop.Trainer, "update", watched)
    run = tiny_run(epochs=4)
    folder = train(replace(run, train=replace(run.train, average_from=0.5)), train_images, test_images, tmp_path / "m")
    assert len(seen) == 2 * -(-len(train_images) // run.train.batch_size)
    model, stored = load_model(folder)
    for index, parameter in enumerate(model.parameters()):
        torch.testing.assert_close(parameter, torch.stack([weights[index] for weights in seen]).mean(0))
    batches = Batches(test_images, stored, torch.device("cpu"))
    figures = objective.evaluate(model, batches, loop._generator(torch.device("cpu"), stored.train.seed))
    recorded = find_checkpoint("m", tmp_path).history[-1]["test"]
    assert figures["total"] == pytest.approx(recorded["total"], abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("beta2", "rates"), [(0.999, 3.16), (0.99, 1.0)])
def test_a_rare_large_gradient_moves_a_weight_by_so_many_learning_rates(
    train_images: ImageSet, beta2: float, rates: float
) -> None:
    """At most (1 - beta1) / sqrt(1 - beta2) of them (Kingma & Ba 2015, section 2.1)."""
    run = describe_images(tiny_run(), train_images)
    run = replace(run, train=replace(run.train, adam_beta2=beta2))
    trainer = loop.Trainer(run, train_images, train_images)
    weight = trainer.trained[0]

    gradients = [torch.zeros_like(parameter) for parameter in trainer.trained]
    for parameter, gradient in zip(trainer.trained, gradients, strict=True):
        parameter.grad = gradient

    def move(gradient: float) -> float:
        gradients[0].view(-1)[0] = gradient
        before = weight.detach().view(-1)[0].item()
        trainer.update(schedule.RISE)  # at the peak of the learning rate
        return abs(weight.detach().view(-1)[0].item() - before) / run.train.learning_rate

    for step in range(4000):  # longer than either remembers
        move(1e-7 * (-1) ** step)
    assert move(run.train.gradient_clip / 2) == pytest.approx(rates, rel=0.02)


def test_a_batch_is_pixels_in_the_unit_interval_and_noise_where_asked(train_images: ImageSet) -> None:
    """Every image comes once an epoch; noise is added to the input only, with the deviation asked for."""
    run = describe_images(tiny_run(noise=0.2), train_images)
    trainer = loop.Trainer(run, train_images, train_images)
    batches = trainer.train.shuffled(64, torch.Generator().manual_seed(0))
    images, inputs = (
        torch.cat(parts) for parts in zip(*((batch.images.clone(), batch.inputs) for batch in batches), strict=True)
    )
    assert len(images) == len(train_images)
    assert images.sum() == pytest.approx(train_images.images.sum() / 255, rel=1e-5)
    assert (images.min(), images.max()) == (0, 1)
    assert (inputs - images).std().item() == pytest.approx(0.2, rel=0.05)


def test_binarised_batches_are_drawn_anew_each_time(train_images: ImageSet) -> None:
    """Every pixel is 0 or 1, and a grey image gives another batch the second time."""
    grey = replace(train_images, images=np.full_like(train_images.images, 128))
    run = replace(tiny_run(), data=DataConfig(binarise=True))
    batches = Batches(grey, run, torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    first, second = (next(batches.in_order(50, generator)).images for _ in range(2))
    assert set(first.unique().tolist()) == {0.0, 1.0}
    assert not torch.equal(first, second)


def test_several_samples_train_the_importance_weighted_bound() -> None:
    """The cost is the negative log of the mean weight, worked out sample by sample; one sample gives the ELBO."""
    run = tiny_run(image_shape=(1, 8, 8), importance_samples=5)
    model = build(run.model)
    images = torch.rand(6, 1, 8, 8)
    batch = Batch(images, images, None)
    cost, parts = objective.objective(model, batch, 0.5, torch.Generator().manual_seed(1))
    posterior = model.encode(images)
    weights = []
    for codes in posterior.samples(5, torch.Generator().manual_seed(1)):
        reconstruction = model.pixel_nll(model.decode(codes), images)
        weights.append(-reconstruction - 0.5 * (posterior.log_density(codes) - losses.log_normal(codes, 0.0, 0.0)))
    torch.testing.assert_close(cost, -losses.importance_weighted_bound(torch.stack(weights)))
    assert parts.reconstruction.shape == (6,)
    single = build(replace(run.model, importance_samples=1))
    cost, parts = objective.objective(single, batch, 0.5, torch.Generator().manual_seed(1))
    torch.testing.assert_close(cost, parts.reconstruction + 0.5 * parts.kl_per_dim.sum(1))


def test_a_deterministic_model_has_no_importance_weights() -> None:
    """Asking for several samples is refused in one line."""
    with pytest.raises(ConfigError, match="importance_samples is 5"):
        tiny_run(family="cae", importance_samples=5)


def test_training_images_are_mirrored_and_moved_if_asked_for() -> None:
    """Over many draws each column of a small image turns up mirrored and not, moved by at most one pixel each way."""
    picture = torch.arange(9, dtype=torch.uint8).reshape(1, 1, 3, 3)
    generator = torch.Generator().manual_seed(0)
    many = augmented(picture.expand(500, 1, 3, 3), flip=True, shift=1, generator=generator)
    seen = {tuple(image.flatten().tolist()) for image in many}
    padded = np.pad(np.arange(9).reshape(3, 3), 1, "edge")
    views = [padded[row : row + 3, column : column + 3] for row in range(3) for column in range(3)]
    assert seen == {tuple(turned.flatten().tolist()) for view in views for turned in (view, view[:, ::-1])}


def test_only_training_batches_are_augmented() -> None:
    """In order, as for evaluation, images are as they are; shuffled, some are mirrored."""
    images = np.random.default_rng(0).integers(0, 256, (400, 1, 8, 8), np.uint8)
    run = replace(tiny_run(), train=TrainConfig(flip=True))
    batches = Batches(ImageSet(images, None), run, torch.device("cpu"))
    plain = torch.from_numpy(images).float() / 255
    in_order = torch.cat([batch.images.clone() for batch in batches.in_order(64, torch.Generator())])
    assert torch.equal(in_order, plain)
    shuffled = batches.shuffled(64, torch.Generator().manual_seed(0))
    drawn = torch.cat([batch.images.clone() for batch in shuffled])
    known = {image.numpy().tobytes() for image in plain}
    mirrored = {image.flip(2).numpy().tobytes() for image in plain}
    turned = [image.numpy().tobytes() for image in drawn]
    assert all(image in known | mirrored for image in turned)
    assert 100 < sum(image not in known for image in turned) < 300


@pytest.mark.parametrize("share", [0.0, 0.25, 0.75, 1.0])
def test_so_many_of_the_images_are_augmented(share: float) -> None:
    """A batch holds about that share of mirrored images; the others are as they are."""
    images = np.random.default_rng(0).integers(0, 256, (800, 1, 4, 4), np.uint8)
    run = replace(tiny_run(), train=TrainConfig(flip=True))
    batches = Batches(ImageSet(images, None), run, torch.device("cpu"))
    known = {image.tobytes() for image in images}
    drawn = next(batches.shuffled(800, torch.Generator().manual_seed(0), share)).images
    seen = [image.tobytes() for image in drawn.mul(255).round().byte().numpy()]
    changed = sum(image not in known for image in seen) / len(images)
    assert changed == pytest.approx(share / 2, abs=0.06)  # half of the chosen ones are mirrored
    assert (share > 0) == (changed > 0)


@pytest.mark.parametrize(("until", "shares"), [(1.0, [1, 1, 1, 1]), (0.5, [1, 0.5, 0, 0])])
def test_a_training_may_end_with_images_as_they_are(
    until: float, shares: list[float], train_images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each epoch augments fewer images, none after the point asked for."""
    seen: list[float] = []
    shuffled = Batches.shuffled

    def recorded(batches: Batches, size: int, generator: torch.Generator, share: float) -> object:
        seen.append(share)
        return shuffled(batches, size, generator, share)

    monkeypatch.setattr(Batches, "shuffled", recorded)
    run = replace(tiny_run(), train=TrainConfig(epochs=4, flip=True, augment_until=until))
    trainer = loop.Trainer(describe_images(run, train_images), train_images, train_images)
    for _ in range(4):
        trainer.epoch(show_progress=False)
    assert seen == shares
