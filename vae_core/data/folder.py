"""Any folder of images, ``folder:PATH``; its sub-folders, if any, are the classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vae_core.config import DataConfig
from vae_core.data.base import DataError, ImageSet, Split
from vae_core.data.decoding import Form, channels_of, decode
from vae_core.data.image_files import ImageFile, is_test, list_image_files, shuffled

FOLDER_PREFIX = "folder:"
FOLDER_SIZE = 64


def read_folder(config: DataConfig, split: Split, root: Path) -> ImageSet:
    """Read a split of the folder that a configuration names; the data root does not matter.

    Raises:
        DataError: if it is no folder, or its images are unusable.
    """
    folder = Path(config.name.removeprefix(FOLDER_PREFIX)).expanduser()
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; give folder:PATH with the path of a folder of images")
    files = list_image_files(folder)
    at_top = [file for file in files if "/" not in file.name]
    if at_top and len(at_top) < len(files):
        raise DataError(
            f"{folder} mixes images ({at_top[0].name}) with sub-folders of images; put each image into a class's "
            "sub-folder, or all of them into one folder"
        )
    return read_classes(config, split, files, str(folder))


def read_classes(
    config: DataConfig, split: Split, files: list[ImageFile], title: str, *, skip_damaged: bool = False
) -> ImageSet:
    """Read a split of images whose topmost folders are their classes.

    Args:
        config: the form asked for; 64 pixels if it names no size.
        split: ``train`` or ``test``; by a hash of each image's name.
        files: all of the set.
        title: the set's name for messages.
        skip_damaged: see ``decode``.

    Raises:
        DataError: if a split is empty or an image cannot be read.
    """
    chosen = shuffled([file for file in files if is_test(file.name) == (split == "test")])
    if not chosen:
        raise DataError(f"{title} holds only {len(files)} images, too few for a training and a test split")
    form = Form(config.size or FOLDER_SIZE, config.channels or channels_of(files), config.fit)
    decoded = decode(chosen, form, title, skip_damaged=skip_damaged)
    folders = sorted({_top(file) for file in files} - {""})
    labels = np.array([folders.index(_top(chosen[index])) for index in decoded.indices]) if folders else None
    return ImageSet(decoded.images, labels, tuple(folder.replace("_", " ") for folder in folders))


def _top(file: ImageFile) -> str:
    """The topmost folder that an image lies in; empty for one that lies in none."""
    top, slash, _ = file.name.partition("/")
    return top if slash else ""
