"""Image files decoded on all cores into one array, which is kept for the next start."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from tqdm import tqdm

from vae_core.config import DataConfig
from vae_core.data.base import DataError, ImageSet
from vae_core.data.image_files import FileOpener, ImageFile
from vae_core.files import atomic_write, cache_folder, read_or_make, trim_folder, write_text
from vae_core.media import eight_bits

GREY_MODES = frozenset({"1", "L", "LA", "I", "I;16", "I;16B", "F"})
LARGEST_CACHE = 4_000_000_000  # bytes
CACHE_VERSION = 1  # to be raised when the same files would be decoded otherwise

UNREADABLE = (
    OSError,
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    zipfile.BadZipFile,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Form:
    """What images are made into: squares of ``size`` pixels, cropped or padded, with 1 or 3 channels."""

    size: int
    channels: int
    fit: str


@dataclass(frozen=True)
class Decoded:
    """Decoded images: ``images`` uint8 (M, C, H, W), and the ``indices`` (M,) of those that could be decoded."""

    images: np.ndarray
    indices: np.ndarray


def decode(files: Sequence[ImageFile], form: Form, title: str, *, skip_damaged: bool = False) -> Decoded:
    """Decode images on all cores with progress, or map them from the file that an earlier call left.

    Args:
        files: which.
        form: what they are made into.
        title: the set's name for messages.
        skip_damaged: pass over images that cannot be read, and say in one line how many there were, instead of
            raising. Meant for known public sets, where it is not the user's to mend them.

    Raises:
        DataError: if an image cannot be read, or none can.
    """
    path = cache_folder("images") / f"{_key(files, form)}.npy"
    decoded = _map(path, form)
    if decoded is None:
        try:
            decoded = _decode_to(path, files, form, skip_damaged)
        except OSError as error:  # a full disk, or one that cannot be written: then without a cache
            _log.warning("%s: decoded images cannot be kept in %s (%s)", title, path.parent, error.strerror)
            decoded = _decode_in_memory(files, form, skip_damaged)
    images, skipped = decoded
    if skipped:
        example = files[skipped[0]].name
        _log.warning(
            "%s: %d of %d images cannot be read and were skipped, such as %s",
            title,
            len(skipped),
            len(files),
            example,
        )
    if not len(images):
        raise DataError(f"{title}: none of its {len(files)} images can be read; get the set again")
    return Decoded(images, np.delete(np.arange(len(files)), skipped))


def _key(files: Sequence[ImageFile], form: Form) -> str:
    listing = [(file.name, str(file.container), file.stamp) for file in files]
    return hashlib.sha256(json.dumps([CACHE_VERSION, asdict(form), listing]).encode()).hexdigest()[:32]


def _map(path: Path, form: Form) -> tuple[np.ndarray, list[int]] | None:
    """Decoded images and the indices of those that were skipped, from the cache; None if they are not there."""
    try:
        skipped = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        images = np.load(path, mmap_mode="c")  # changes, if any, stay in memory
        os.utime(path)  # the least recently used go first
    except (OSError, ValueError, EOFError):
        return None
    fits = images.ndim == 4 and images.shape[1:] == (form.channels, form.size, form.size)
    return (np.asarray(images), skipped) if fits else None


def _decode_to(path: Path, files: Sequence[ImageFile], form: Form, skip_damaged: bool) -> tuple[np.ndarray, list[int]]:
    """Decode into a cache file, one image after another, and map it."""
    skipped: list[int] = []
    header: dict[str, Any] = {"descr": "|u1", "fortran_order": False}
    shape = (form.channels, form.size, form.size)
    with atomic_write(path) as file:
        np.lib.format.write_array_header_1_0(file, header | {"shape": (len(files), *shape)})
        start = file.tell()
        for index, image in enumerate(_decoded(files, form, skip_damaged)):
            if image is None:
                skipped.append(index)
            else:
                file.write(image.tobytes())
        file.seek(0)  # the format leaves room for another count of images
        np.lib.format.write_array_header_1_0(file, header | {"shape": (len(files) - len(skipped), *shape)})
        assert file.tell() == start
        write_text(path.with_suffix(".json"), json.dumps(skipped))
    trim_folder(path.parent, LARGEST_CACHE, keep=path)
    decoded = _map(path, form)
    if decoded is None:
        raise OSError(0, "what was written cannot be read again")
    return decoded


def _decode_in_memory(files: Sequence[ImageFile], form: Form, skip_damaged: bool) -> tuple[np.ndarray, list[int]]:
    images = list(_decoded(files, form, skip_damaged))
    skipped = [index for index, image in enumerate(images) if image is None]
    kept = [image for image in images if image is not None]
    return np.stack(kept) if kept else np.empty((0, form.channels, form.size, form.size), np.uint8), skipped


def _decoded(files: Sequence[ImageFile], form: Form, skip_damaged: bool) -> Iterator[np.ndarray | None]:
    """Each image decoded, uint8 (channels, size, size), in order; None for one that was skipped."""

    def one(file: ImageFile) -> np.ndarray | None:
        try:
            return _decode_one(file, form, opener)
        except DataError:
            if skip_damaged:
                return None
            raise

    with FileOpener(files) as opener:
        pool = ThreadPoolExecutor(os.cpu_count())  # Pillow decodes outside Python's global lock
        try:
            images = pool.map(one, files)
            yield from tqdm(images, "Reading images", len(files), unit="image", leave=False, disable=None)
        finally:
            pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _opened(file: ImageFile, opener: FileOpener) -> Iterator[Image.Image]:
    """Open an image; one that Pillow does not know, or finds too large, becomes a DataError."""
    path = file.container / file.name
    with contextlib.ExitStack() as stack:
        try:
            stream = stack.enter_context(opener.open(file))
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                opened = stack.enter_context(Image.open(stream))
        except UNREADABLE as error:
            raise DataError(f"{path} cannot be read as an image; mend or remove it") from error
        yield opened


def _decode_one(file: ImageFile, form: Form, opener: FileOpener) -> np.ndarray:
    with _opened(file, opener) as opened:
        try:
            opened.draft(None, (2 * form.size, 2 * form.size))  # a JPEG's own quick way to a smaller image
            return _fit(ImageOps.exif_transpose(opened), form)
        except (OSError, SyntaxError, ValueError) as error:  # Pillow's own for truncated and malformed files
            raise DataError(f"{file.container / file.name} is damaged; mend or remove it") from error


def _fit(image: Image.Image, form: Form) -> np.ndarray:
    """A square of the form's size and channels, uint8 (channels, size, size).

    Cropped: the largest square around the centre. Padded: the whole image, with the median colour of its edge around.
    """
    plain = eight_bits(image).convert("L" if form.channels == 1 else "RGB")
    size = (form.size, form.size)
    if form.fit == "pad":
        fitted = ImageOps.pad(plain, size, Image.Resampling.LANCZOS, color=_edge_colour(plain))
    else:
        fitted = ImageOps.fit(plain, size, Image.Resampling.LANCZOS)
    return np.atleast_3d(np.asarray(fitted)).transpose(2, 0, 1)


def _edge_colour(image: Image.Image) -> tuple[int, ...] | int:
    """The median of the pixels along an image's four sides."""
    pixels = np.atleast_3d(np.asarray(image))
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    median = tuple(int(value) for value in np.median(edge, 0))
    return median if len(median) > 1 else median[0]


def fit_array(image_set: ImageSet, config: DataConfig) -> ImageSet:
    """A set whose images are in the size and have the channels that ``config`` asks for."""
    images = image_set.images
    channels = config.channels or images.shape[1]
    size = (config.size, config.size) if config.size else images.shape[2:]
    if (channels, *size) == images.shape[1:]:
        return image_set
    form = Form(size[0], channels, config.fit)
    pillow_images = (Image.fromarray(image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)) for image in images)
    return replace(image_set, images=np.stack([_fit(pillow_image, form) for pillow_image in pillow_images]))


# --- grey or colour ---------------------------------------------------------------------------------------------


def channels_of(files: Sequence[ImageFile]) -> int:
    """1 if all images are grey, else 3; remembered, as it may mean looking into each file."""

    def read(path: Path) -> int:
        channels = json.loads(path.read_text(encoding="utf-8"))
        if channels not in (1, 3):
            raise ValueError("no number of channels")
        return int(channels)

    def look() -> int:
        with FileOpener(files) as opener:
            return 1 if all(_is_grey(file, opener) for file in files) else 3

    path = cache_folder("images") / f"{_key(files, Form(0, 0, 'channels'))}.json"
    return read_or_make(path, read, look, lambda path, channels: write_text(path, json.dumps(channels)))


def _is_grey(file: ImageFile, opener: FileOpener) -> bool:
    with _opened(file, opener) as image:
        return image.mode in GREY_MODES
