"""CelebA (Liu, Luo, Wang & Tang 2015): 202,599 aligned faces of celebrities with 40 attributes each."""

from __future__ import annotations

import io
import zipfile
from functools import partial
from pathlib import Path

import numpy as np

from vae_core.config import DataConfig
from vae_core.data.base import DataError, DataSource, ImageSet, Split, find_first, register
from vae_core.data.decoding import Form, decode
from vae_core.data.image_files import ImageFile, list_image_files

IMAGES = ("celeba/img_align_celeba", "celeba/img_align_celeba.zip", "celeba/celeba_first10k_89x109.zip")
ATTRIBUTES = (
    "celeba/list_attr_celeba.txt",
    "celeba/list_attr_celeba.csv",
    "celeba/list_attr_celeba.zip",
    "celeba/list_attr_first10k.csv",
)
HINT = "get it from its authors and put img_align_celeba (or .zip) and list_attr_celeba.txt into celeba there"
SIZE = 64
FIRST_TEST_INDEX = 182_638  # of the official partition, as is the next
LAST_TRAIN_INDEX = 162_770
FEW = 10_000
TEST_SHARE = 5  # the last fifth of the available images, where the official test images are missing


def _indices(split: Split, available: np.ndarray) -> np.ndarray:
    """The sorted indices of a split among the available ones: the official partition, or the last fifth as test."""
    if available[-1] >= FIRST_TEST_INDEX:
        return available[available >= FIRST_TEST_INDEX if split == "test" else available <= LAST_TRAIN_INDEX]
    cut = len(available) - len(available) // TEST_SHARE
    return available[cut:] if split == "test" else available[:cut]


def _index(file: ImageFile) -> int:
    """An image's index, which is its file's name."""
    stem = Path(file.name).stem
    if not stem.isdecimal():
        raise DataError(f"{file.container / file.name} is not named like a CelebA image (000001.jpg)")
    return int(stem)


def read_attributes(path: Path, indices: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """The attributes of some images, bool (N, 40), and their names.

    Args:
        path: CelebA's text file, one with commas instead of spaces, or a zip archive with either in it.
        indices: the sorted indices of the images, from 1.

    Raises:
        DataError: if the file is damaged or lacks an image.
    """
    try:
        content = path.read_bytes()
        if path.suffix == ".zip":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                content = archive.read(archive.namelist()[0])
        lines = content.decode("utf-8").replace(",", " ").splitlines()
        if lines[0].strip().isdecimal():  # the text file begins with the number of images
            del lines[0]
        names = [name for name in lines[0].split() if name != "image_id"]
        chosen = [lines[index] for index in indices]  # line 1 is image 000001
        values = np.array([line.split()[1:] for line in chosen]).astype(np.int8)
        named = [int(line.partition(".")[0]) for line in chosen]
    except (OSError, ValueError, IndexError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is damaged or does not cover the images ({error}); get it again") from error
    if values.shape != (len(indices), len(names)) or named != list(indices):
        raise DataError(f"{path} does not list the images 000001, 000002 ... in their order; get it again")
    return values > 0, tuple(name.replace("_", " ") for name in names)


def _read(config: DataConfig, split: Split, root: Path, *, most: int | None = None) -> ImageSet:
    files = {
        index: file
        for file in list_image_files(find_first(config.name, root, IMAGES, HINT))
        if (index := _index(file)) and (most is None or index <= most)
    }
    attributes_file = find_first(f"{config.name}'s list of attributes", root, ATTRIBUTES, HINT)
    if len(files) < TEST_SHARE:
        raise DataError(f"{config.name} has only {len(files)} images here, too few for two splits")
    indices = _indices(split, np.array(sorted(files)))
    form = Form(config.size or SIZE, config.channels or 3, config.fit)
    decoded = decode([files[index] for index in indices], form, config.name, skip_damaged=True)
    attributes, names = read_attributes(attributes_file, indices[decoded.indices])
    return ImageSet(decoded.images, None, (), attributes, names)


LICENCE = "non-commercial research; the photographs do not come with the program"
register(
    "celeba",
    DataSource(
        "CelebA",
        LICENCE,
        _read,
        split="the official partition by index; where only the first images are there, the last fifth is for the test",
    ),
)
register(
    "celeba-10k",
    DataSource(
        "CelebA, the first 10,000 images",
        LICENCE,
        partial(_read, most=FEW),
        split="by index: 1 to 8,000 for training, 8,001 to 10,000 for the test",
    ),
)
