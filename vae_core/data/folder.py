"""Any folder of pictures, ``folder:PATH``; its sub-folders, if any, are the classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vae_core.config import DataConfig
from vae_core.data.base import DataError, ImageSet, Split
from vae_core.data.pictures import Form, Picture, channels_of, decode, is_test, list_pictures, shuffled

FOLDER_PREFIX = "folder:"
FOLDER_SIZE = 64


def read_folder(config: DataConfig, split: Split, root: Path) -> ImageSet:
    """Read a split of the folder that a configuration names; the data root does not matter.

    Raises:
        DataError: if it is no folder, or its pictures are unusable.
    """
    folder = Path(config.name.removeprefix(FOLDER_PREFIX)).expanduser()
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; give folder:PATH with the path of a folder of images")
    pictures = list_pictures(folder)
    at_top = [picture for picture in pictures if "/" not in picture.name]
    if at_top and len(at_top) < len(pictures):
        raise DataError(
            f"{folder} mixes images ({at_top[0].name}) with sub-folders of images; put each image into a class's "
            "sub-folder, or all of them into one folder"
        )
    return read_classes(config, split, pictures, str(folder))


def read_classes(
    config: DataConfig, split: Split, pictures: list[Picture], title: str, *, skip_damaged: bool = False
) -> ImageSet:
    """Read a split of pictures whose topmost folders are their classes.

    Args:
        config: the form asked for; 64 pixels if it names no size.
        split: ``train`` or ``test``; by a hash of each picture's name.
        pictures: all of the set.
        title: the set's name for messages.
        skip_damaged: see ``decode``.

    Raises:
        DataError: if a split is empty or a picture cannot be read.
    """
    chosen = shuffled([picture for picture in pictures if is_test(picture.name) == (split == "test")])
    if not chosen:
        raise DataError(f"{title} holds only {len(pictures)} images, too few for a training and a test split")
    form = Form(config.size or FOLDER_SIZE, config.channels or channels_of(pictures), config.fit)
    decoded = decode(chosen, form, title, skip_damaged=skip_damaged)
    folders = sorted({_top(picture) for picture in pictures} - {""})
    labels = np.array([folders.index(_top(chosen[index])) for index in decoded.indices]) if folders else None
    return ImageSet(decoded.images, labels, tuple(folder.replace("_", " ") for folder in folders))


def _top(picture: Picture) -> str:
    """The topmost folder that a picture lies in; empty for one that lies in none."""
    top, slash, _ = picture.name.partition("/")
    return top if slash else ""
