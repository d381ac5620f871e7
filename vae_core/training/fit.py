"""A whole training run: epochs until it is finished or stopped, and the checkpoint that it leaves."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from vae_core.checkpoint import CheckpointError, check_name, save_history, save_metrics, save_model
from vae_core.config import RunConfig
from vae_core.data import ImageSet
from vae_core.evaluation.evaluate import evaluate_checkpoint
from vae_core.training import ExplosionError, TrainingError
from vae_core.training.loop import Trainer
from vae_core.training.resume import STATE, load_state, save_state, state_folder, work_folder

MOST_ATTEMPTS = 5  # at an epoch whose loss explodes


def fit(
    run: RunConfig,
    train: ImageSet,
    test: ImageSet,
    folder: Path,
    *,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    show_progress: bool = True,
) -> Path:
    """Train a model and leave it as a checkpoint folder.

    The checkpoint appears when the run is finished, or stopped with Ctrl-C (KeyboardInterrupt) after at least one
    epoch; until then its state lies in ``work_folder(folder)``. ``resume`` takes up a run that was stopped or killed.

    Args:
        run: the configuration; its image shape and classes must be those of the data.
        train: images to learn from.
        test: images for the test figures; never learnt from.
        folder: the checkpoint's folder, its name the checkpoint's name.
        on_epoch: called with each epoch's record.
        resume: go on with an interrupted run of the same configuration.
        overwrite: replace a checkpoint of that name, once the new one is finished.
        show_progress: show progress bars.

    Returns:
        The checkpoint's folder.

    Raises:
        TrainingError: the loss exploded or left the finite numbers, or there is nothing to resume.
        CheckpointError: the name is taken or impossible, or the disk is full.
        ConfigError: the network cannot take the images.
        KeyboardInterrupt: stopped before the first epoch was finished; nothing is left behind.
    """
    check_name(folder.name)
    work = work_folder(folder)
    if folder.exists() and not (overwrite or resume):
        raise CheckpointError(f"{folder.name} exists already; choose another --name, or replace it with --overwrite")
    trainer = Trainer(run, train, test)
    if resume:
        load_state(trainer, state_folder(folder))
    elif work.exists():
        shutil.rmtree(work)
    epochs = run.train.epochs if trainer.trained else 1
    try:
        while len(trainer.history) < epochs:
            _next_epoch(trainer, folder, show_progress)
            save_state(trainer, work)
            save_history(work, trainer.history)
            if on_epoch:
                on_epoch(trainer.history[-1])
    except BaseException as error:
        if not (work / STATE).exists():
            shutil.rmtree(work, ignore_errors=True)
            raise
        if not isinstance(error, KeyboardInterrupt):
            raise
        load_state(trainer, work)  # the weights of the last finished epoch
    return _publish(trainer, train, test, work, folder, finished=len(trainer.history) == epochs)


def _next_epoch(trainer: Trainer, folder: Path, show_progress: bool) -> None:
    """Train for one epoch; if its loss explodes, go back to its start and show the images in another order.

    What explodes is rare: certain images after certain steps (Chowdhery et al. 2022, "PaLM", section 5.1, where going
    back and passing over a spike's batches kept it from coming again). A rate that is too high explodes again.
    """
    while True:
        try:
            return trainer.epoch(show_progress)
        except ExplosionError:
            trainer.attempt += 1
            if not trainer.history or trainer.attempt == MOST_ATTEMPTS:
                raise
            load_state(trainer, state_folder(folder))


def _publish(trainer: Trainer, train: ImageSet, test: ImageSet, work: Path, folder: Path, *, finished: bool) -> Path:
    """Turn a run's work folder into the checkpoint, replacing an older one only when all is written.

    An unfinished run keeps its state in the checkpoint, so that it can be resumed.
    """
    save_model(work, trainer.result.cpu().eval(), trainer.run)
    save_history(work, trainer.history)
    save_metrics(work, evaluate_checkpoint(work, test, train))
    if finished:
        (work / STATE).unlink(missing_ok=True)
    replaced = folder.parent / f".{folder.name}.replaced"
    shutil.rmtree(replaced, ignore_errors=True)
    if folder.exists():
        folder.rename(replaced)
    work.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)
    return folder


def describe_images(run: RunConfig, train: ImageSet) -> RunConfig:
    """The run with what the data decides: image shape, size, channels and number of classes.

    Raises:
        TrainingError: if the model is conditional and the images have no labels.
    """
    channels, height, width = train.images.shape[1:]
    conditional = run.model.condition != "none"
    if conditional and train.labels is None:
        raise TrainingError(f"{run.data.name} has no labels, which condition={run.model.condition} needs")
    model = replace(
        run.model,
        image_shape=(channels, height, width),
        classes=len(train.class_names) if conditional else 0,
    )
    size = run.data.size or (height if height == width else None)
    return replace(run, data=replace(run.data, size=size, channels=channels), model=model)
