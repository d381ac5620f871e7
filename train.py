"""Train an autoencoder and leave it as a checkpoint that the app lists.

With no options it trains the default VAE on the embedded Fashion-MNIST images.

Examples:
  python train.py
  python train.py --data fashion-mnist --preset cae --latent 16 --epochs 20 --name mine
  python train.py --data folder:my_pictures --size 64
  python train.py --recipe fashion-vae-16 --overwrite
  python train.py --resume --name mine

Ctrl-C stops after keeping the last finished epoch; --resume goes on from there.
The defaults below are those of the preset or recipe: `python train.py --preset cae --help` shows the CAE's.
"""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.conf import OmitArgPrefixes, Suppress, arg

from vae_core.checkpoint import check_name, checkpoints_folder, find_checkpoint
from vae_core.config import DataConfig, Fit, ModelConfig, RunConfig, TrainConfig, UserError
from vae_core.data import DATASETS, FOLDER_PREFIX, ImageSet, load_images
from vae_core.models.presets import PRESETS
from vae_core.recipes import list_recipes, load_recipe, preset_run


@dataclass(frozen=True)
class ModelOptions(ModelConfig):
    """A ModelConfig without the fields that the data decides."""

    image_shape: Annotated[tuple[int, int, int], Suppress] = (1, 28, 28)
    classes: Annotated[int, Suppress] = 0


@dataclass(frozen=True)
class Options:
    """The command line."""

    preset: Annotated[str, arg(metavar="NAME", help=f"A named model: {', '.join(PRESETS)}.")] = "vae"
    recipe: Annotated[
        str | None,
        arg(metavar="NAME", help=f"Rebuild a shipped checkpoint: {', '.join(list_recipes())}."),
    ] = None
    data: Annotated[
        str,
        arg(
            metavar="NAME",
            help=f"The images: {', '.join(DATASETS)}, or folder:PATH of images, sub-folders being classes.",
        ),
    ] = "fashion-mnist-small"
    name: Annotated[str | None, arg(metavar="NAME")] = None
    """The checkpoint's name; else the recipe's, or the preset's with a number if that is taken."""
    size: Annotated[int | None, arg(metavar="PIXELS")] = None
    """Height and width that images are resized to; else their own size, or 64 for a folder."""
    fit: Fit = "crop"
    """How an image becomes a square. crop: its centre. pad: all of it, its edge's colour around."""
    channels: Annotated[int | None, arg(metavar="{1,3}")] = None
    """1 for grey, 3 for colour; else what the images have."""
    binarise: bool = False
    """Make each pixel black or white with its grey value as the probability of white, anew each time it is seen."""
    validation: int = 0
    """Images at the end of the training split that are kept out of the training, to choose between models."""
    data_root: Annotated[Path | None, arg(metavar="FOLDER")] = None
    """Where image sets lie; else the environment variable LATENT_DATA, else the user's cache folder."""
    out: Annotated[Path | None, arg(metavar="FOLDER")] = None
    """Where checkpoints lie; else the environment variable LATENT_CHECKPOINTS, else checkpoints/."""
    maps: bool = False
    """Also compute the PCA, t-SNE and UMAP maps of the test split; some minutes for 10,000 images."""
    overwrite: bool = False
    """Replace a checkpoint of that name, once the new one is finished."""
    resume: bool = False
    """Go on with the run of that --name which was stopped or killed; its own options hold."""
    model: ModelOptions = field(default_factory=ModelOptions)
    train: TrainConfig = field(default_factory=TrainConfig)


@dataclass(frozen=True)
class Basis:
    """The two options that decide the defaults of all others; read first."""

    preset: str = "vae"
    recipe: str | None = None

    def options(self) -> Options:
        """All options with the values of the preset or recipe."""
        run = load_recipe(self.recipe).run if self.recipe else preset_run(self.preset)
        return Options(
            preset=self.preset,
            recipe=self.recipe,
            data=run.data.name,
            size=run.data.size,
            fit=run.data.fit,
            channels=run.data.channels,
            binarise=run.data.binarise,
            validation=run.data.validation,
            model=ModelOptions(**vars(run.model)),
            train=run.train,
        )


def read_options(arguments: list[str]) -> Options:
    """The command line as Options.

    Raises:
        UserError: if a preset or recipe is unknown, or a value out of range.
        SystemExit: with 2 for an option that does not exist, with 0 after --help.
    """
    plain = [argument for argument in arguments if argument not in ("-h", "--help")]
    basis, _ = tyro.cli(Basis, args=plain, return_unknown_args=True, add_help=False)
    return tyro.cli(Options, args=arguments, default=basis.options(), description=__doc__, config=(OmitArgPrefixes,))


def configure(options: Options) -> RunConfig:
    """The run that the options ask for, before the data has had its say."""
    name = options.data
    if name.startswith(FOLDER_PREFIX):  # so that the app finds the images from wherever it is started
        name = f"{FOLDER_PREFIX}{Path(name.removeprefix(FOLDER_PREFIX)).expanduser().resolve()}"
    data = DataConfig(name, options.size, options.fit, options.channels, options.binarise, options.validation)
    return RunConfig(data, ModelConfig(**vars(options.model)), options.train)


def choose_name(options: Options, folder: Path) -> str:
    """The checkpoint's name: as given, the recipe's, or the preset's with the first free number."""
    if options.name is not None or options.recipe:
        return check_name(options.name if options.name is not None else options.recipe or "")
    taken = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
    names = (options.preset if number == 1 else f"{options.preset}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def load_both(run: RunConfig, root: Path | None) -> tuple[ImageSet, ImageSet]:
    """The training and the test split; a set that is not here is fetched."""
    train = load_images(run.data, "train", root=root, fetch=True)
    return train, load_images(replace(run.data, channels=train.images.shape[1]), "test", root=root, fetch=True)


def report(record: dict[str, Any]) -> None:
    """Print one epoch's line."""
    train, test = record["train"], record["test"]
    attempts = f"  (attempt {record['attempts']}: the loss had exploded)" if "attempts" in record else ""
    parts = " + ".join(
        f"{'KL' if name == 'kl' else name} {value:.2f}"
        for name, value in test.items()
        if name not in ("total", "kl_per_dim")
    )
    print(
        f"epoch {record['epoch']:3d}  nats per image: train {train['total']:9.2f}  test {test['total']:9.2f} "
        f"({parts})  "
        f"{record['images_per_second']:,.0f} images/s{attempts}",
        flush=True,
    )


def train(options: Options) -> None:
    """Do what the options ask for.

    Raises:
        UserError: for every mistake that the user can mend.
    """
    out = options.out or checkpoints_folder()
    folder = out / choose_name(options, out)
    from vae_core.training.fit import describe_images, fit
    from vae_core.training.resume import unfinished_run  # torch: only when the options are good

    run = unfinished_run(folder) if options.resume else configure(options)
    train_images, test_images = load_both(run, options.data_root)
    run = describe_images(run, train_images)
    print(
        f"{folder.name}: {run.model.latent}-dimensional {run.model.family} on {run.data.name}, "
        f"{len(train_images):,} training and {len(test_images):,} test images",
        flush=True,
    )
    fit(run, train_images, test_images, folder, on_epoch=report, resume=options.resume, overwrite=options.overwrite)
    metrics = find_checkpoint(folder.name, out).metrics
    print(f"{folder} is ready: test MSE {metrics.mse:.5f}, {metrics.total:.2f} nats per image", flush=True)
    if options.maps:
        from vae_core.maps import make_maps_with_bar

        make_maps_with_bar(folder.name, out, options.data_root)


def main(arguments: list[str]) -> int:
    """Run the command line; 2 for a user's mistake, 130 when stopped before the first epoch was finished."""
    try:
        train(read_options(arguments))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error.filename or 'writing'}: {error.strerror}; nothing half-written was left", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped before the first epoch was finished; nothing was kept", file=sys.stderr)
        return 130
    return 0


def stop_like_ctrl_c() -> None:
    """Let the signals by which other programs end a process keep the last finished epoch, as Ctrl-C does."""
    for name in ("SIGTERM", "SIGBREAK"):  # the second on Windows
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)


if __name__ == "__main__":
    stop_like_ctrl_c()
    sys.exit(main(sys.argv[1:]))
