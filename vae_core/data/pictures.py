"""Picture files, in folders or zip archives, decoded on all cores into one array that is kept for the next start."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import os
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from tqdm import tqdm

from vae_core.config import DataConfig
from vae_core.data.base import DataError, ImageSet
from vae_core.files import atomic_write, cache_folder, trim_folder, write_text
from vae_core.media import eight_bits

TEST_SHARE = 5  # one file in five goes to the test split
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm"})
GREY_MODES = frozenset({"1", "L", "LA", "I", "I;16", "I;16B", "F"})
LARGEST_MEMBER = 100_000_000  # bytes of a file in an archive, unpacked
LARGEST_CACHE = 4_000_000_000  # bytes
CACHE_VERSION = 1  # to be raised when the same pictures would be decoded otherwise

UNREADABLE = (
    OSError,
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    zipfile.BadZipFile,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Picture:
    """One picture file: ``name`` is its path inside its set, with slashes, and decides its split."""

    name: str
    place: Path
    """The folder or the zip archive that holds it."""
    stamp: tuple[int, int]
    """Its size in bytes, and its time of change (in an archive its checksum)."""


@dataclass(frozen=True)
class Form:
    """What pictures are made into: squares of ``size`` pixels, cropped or padded, with 1 or 3 channels."""

    size: int
    channels: int
    fit: str


def list_pictures(place: Path) -> list[Picture]:
    """All picture files in a folder or a zip archive, by name; hidden files and other kinds are passed over.

    Raises:
        DataError: if it is neither, or holds no pictures.
    """
    if not (place.is_dir() or zipfile.is_zipfile(place)):
        raise DataError(f"{place} is neither a folder nor a zip archive of images")
    found = sorted(_files_of(place), key=lambda picture: picture.name)
    shown = [picture for picture in found if not any(part.startswith(".") for part in picture.name.split("/"))]
    pictures = [picture for picture in shown if Path(picture.name).suffix.lower() in SUFFIXES]
    if not pictures:
        others = f" (it holds {len(shown)} other files, such as {Path(shown[0].name).name})" if shown else ""
        raise DataError(f"{place} holds no images{others}; give a folder of .png or .jpg files")
    return pictures


def _files_of(place: Path) -> Iterator[Picture]:
    if place.is_dir():
        for folder, _, names in os.walk(place):
            for name in names:
                path = Path(folder, name)
                with contextlib.suppress(FileNotFoundError):  # a link to nowhere
                    status = path.stat()
                    yield Picture(path.relative_to(place).as_posix(), place, (status.st_size, status.st_mtime_ns))
        return
    with zipfile.ZipFile(place) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                yield Picture(member.filename, place, (member.file_size, member.CRC))


def name_hash(name: str) -> bytes:
    """A fixed random-looking value of a name; what orders and splits pictures."""
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()


def is_test(name: str) -> bool:
    """Whether a picture goes to the test split: one in five, by a hash of its name alone.

    So a picture stays in its split when others come.
    """
    return name_hash(name)[0] % TEST_SHARE == 0


def shuffled(pictures: list[Picture]) -> list[Picture]:
    """The pictures in the order of their names' hashes, so that any part of them is a fair sample."""
    return sorted(pictures, key=lambda picture: name_hash(picture.name))


# --- decoding ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decoded:
    """Decoded pictures: ``images`` uint8 (M, C, H, W), and the ``indices`` (M,) of those that could be decoded."""

    images: np.ndarray
    indices: np.ndarray


def decode(pictures: Sequence[Picture], form: Form, title: str, *, skip_damaged: bool = False) -> Decoded:
    """Decode pictures on all cores with progress, or map them from the file that an earlier call left.

    Args:
        pictures: which.
        form: what they are made into.
        title: the set's name for messages.
        skip_damaged: pass over pictures that cannot be read, and say in one line how many there were, instead of
            raising. Meant for known public sets, where it is not the user's to mend them.

    Raises:
        DataError: if a picture cannot be read, or none can.
    """
    path = cache_folder("images") / f"{_key(pictures, form)}.npy"
    found = _map(path, form)
    if found is None:
        try:
            found = _decode_to(path, pictures, form, skip_damaged)
        except OSError as error:  # a full disk, or one that cannot be written: then without a cache
            _log.warning("%s: decoded images cannot be kept in %s (%s)", title, path.parent, error.strerror)
            found = _decode_in_memory(pictures, form, skip_damaged)
    images, skipped = found
    if skipped:
        example = pictures[skipped[0]].name
        _log.warning(
            "%s: %d of %d images cannot be read and were skipped, such as %s",
            title,
            len(skipped),
            len(pictures),
            example,
        )
    if not len(images):
        raise DataError(f"{title}: none of its {len(pictures)} images can be read; get the set again")
    return Decoded(images, np.delete(np.arange(len(pictures)), skipped))


def _key(pictures: Sequence[Picture], form: Form) -> str:
    listing = [(picture.name, str(picture.place), picture.stamp) for picture in pictures]
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


def _decode_to(path: Path, pictures: Sequence[Picture], form: Form, skip_damaged: bool) -> tuple[np.ndarray, list[int]]:
    """Decode into a cache file, one image after another, and map it."""
    skipped: list[int] = []
    header: dict[str, Any] = {"descr": "|u1", "fortran_order": False}
    shape = (form.channels, form.size, form.size)
    with atomic_write(path) as file:
        np.lib.format.write_array_header_1_0(file, header | {"shape": (len(pictures), *shape)})
        start = file.tell()
        for index, image in enumerate(_decoded(pictures, form, skip_damaged)):
            if image is None:
                skipped.append(index)
            else:
                file.write(image.tobytes())
        file.seek(0)  # the format leaves room for another count of images
        np.lib.format.write_array_header_1_0(file, header | {"shape": (len(pictures) - len(skipped), *shape)})
        assert file.tell() == start
        write_text(path.with_suffix(".json"), json.dumps(skipped))
    trim_folder(path.parent, LARGEST_CACHE, keep=path)
    found = _map(path, form)
    if found is None:
        raise OSError(0, "what was written cannot be read again")
    return found


def _decode_in_memory(pictures: Sequence[Picture], form: Form, skip_damaged: bool) -> tuple[np.ndarray, list[int]]:
    images = list(_decoded(pictures, form, skip_damaged))
    skipped = [index for index, image in enumerate(images) if image is None]
    kept = [image for image in images if image is not None]
    return np.stack(kept) if kept else np.empty((0, form.channels, form.size, form.size), np.uint8), skipped


def _decoded(pictures: Sequence[Picture], form: Form, skip_damaged: bool) -> Iterator[np.ndarray | None]:
    """Each picture decoded, uint8 (channels, size, size), in order; None for one that was skipped."""

    def one(picture: Picture) -> np.ndarray | None:
        try:
            return _decode_one(picture, form, files)
        except DataError:
            if skip_damaged:
                return None
            raise

    with Files(pictures) as files:
        pool = ThreadPoolExecutor(os.cpu_count())  # Pillow decodes outside Python's global lock
        try:
            images = pool.map(one, pictures)
            yield from tqdm(images, "Reading images", len(pictures), unit="image", leave=False, disable=None)
        finally:
            pool.shutdown(cancel_futures=True)


class Files:
    """Opens picture files, those in archives too; safe to share between threads.

    Raises:
        DataError: if an archive cannot be opened.
    """

    def __init__(self, pictures: Sequence[Picture]) -> None:
        places = {picture.place for picture in pictures}
        try:
            self._archives = {place: zipfile.ZipFile(place) for place in places if not place.is_dir()}
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(f"an archive of images cannot be opened ({error}); get it again") from error

    def __enter__(self) -> Files:
        return self

    def __exit__(self, *error: object) -> None:
        for archive in self._archives.values():
            archive.close()

    def open(self, picture: Picture) -> BinaryIO:
        """A picture file's bytes.

        Raises:
            OSError, zipfile.BadZipFile: if it cannot be read.
        """
        archive = self._archives.get(picture.place)
        if archive is None:
            return (picture.place / picture.name).open("rb")
        if picture.stamp[0] > LARGEST_MEMBER:
            raise OSError(0, "too large")
        return io.BytesIO(archive.read(picture.name))


@contextlib.contextmanager
def _opened(picture: Picture, files: Files) -> Iterator[Image.Image]:
    """Open a picture; one that Pillow does not know, or finds too large, becomes a DataError."""
    path = picture.place / picture.name
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(files.open(picture))
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                opened = stack.enter_context(Image.open(file))
        except UNREADABLE as error:
            raise DataError(f"{path} cannot be read as an image; mend or remove it") from error
        yield opened


def _decode_one(picture: Picture, form: Form, files: Files) -> np.ndarray:
    with _opened(picture, files) as opened:
        try:
            opened.draft(None, (2 * form.size, 2 * form.size))  # a JPEG's own quick way to a smaller picture
            return _fit(ImageOps.exif_transpose(opened), form)
        except (OSError, SyntaxError, ValueError) as error:  # Pillow's own for truncated and malformed files
            raise DataError(f"{picture.place / picture.name} is damaged; mend or remove it") from error


def _fit(picture: Image.Image, form: Form) -> np.ndarray:
    """A square of the form's size and channels, uint8 (channels, size, size).

    Cropped: the largest square around the centre. Padded: the whole picture, with the median colour of its edge around.
    """
    plain = eight_bits(picture).convert("L" if form.channels == 1 else "RGB")
    size = (form.size, form.size)
    if form.fit == "pad":
        fitted = ImageOps.pad(plain, size, Image.Resampling.LANCZOS, color=_edge_colour(plain))
    else:
        fitted = ImageOps.fit(plain, size, Image.Resampling.LANCZOS)
    return np.atleast_3d(np.asarray(fitted)).transpose(2, 0, 1)


def _edge_colour(picture: Image.Image) -> tuple[int, ...] | int:
    """The median of the pixels along a picture's four sides."""
    pixels = np.atleast_3d(np.asarray(picture))
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    median = tuple(int(value) for value in np.median(edge, 0))
    return median if len(median) > 1 else median[0]


def fit_array(found: ImageSet, config: DataConfig) -> ImageSet:
    """A set whose images are in the size and have the channels that ``config`` asks for."""
    images = found.images
    channels = config.channels or images.shape[1]
    size = (config.size, config.size) if config.size else images.shape[2:]
    if (channels, *size) == images.shape[1:]:
        return found
    form = Form(size[0], channels, config.fit)
    pictures = (Image.fromarray(image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)) for image in images)
    return replace(found, images=np.stack([_fit(picture, form) for picture in pictures]))


# --- grey or colour ---------------------------------------------------------------------------------------------


def channels_of(pictures: Sequence[Picture]) -> int:
    """1 if all pictures are grey, else 3; remembered, as it may mean to look into each."""
    path = cache_folder("images") / f"{_key(pictures, Form(0, 0, 'channels'))}.json"
    try:
        if (found := json.loads(path.read_text(encoding="utf-8"))) in (1, 3):
            return int(found)
    except (OSError, ValueError):
        pass
    with Files(pictures) as files:
        channels = 1 if all(_is_grey(picture, files) for picture in pictures) else 3
    with contextlib.suppress(OSError):
        write_text(path, json.dumps(channels))
    return channels


def _is_grey(picture: Picture, files: Files) -> bool:
    with _opened(picture, files) as opened:
        return opened.mode in GREY_MODES
