"""Image sets by name: where they come from, how they are read, and how they are split.

A set is one uint8 array in memory. Nothing here needs torch; torchvision is imported only to fetch a set.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.resources
import os
import tempfile
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from tqdm import tqdm

from vae_core.config import DataConfig, UserError
from vae_core.media import eight_bits

Split = Literal["train", "validation", "test"]

FOLDER_PREFIX = "folder:"
FOLDER_SIZE = 64
TEST_SHARE = 5  # one file in five of a folder goes to the test split
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm"})
GREY_MODES = frozenset({"1", "L", "LA", "I", "I;16", "I;16B", "F"})
FASHION_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
DIGIT_CLASSES = tuple(str(digit) for digit in range(10))


class DataError(UserError):
    """An image set that is unknown, absent or unusable."""


@dataclass(frozen=True)
class ImageSet:
    """Images in memory: ``images`` uint8 (N, C, H, W); ``labels`` int64 (N,) or None; a name for each label."""

    images: np.ndarray
    labels: np.ndarray | None
    class_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class DataSource:
    """One entry of DATASETS: what people should know of a set, and how to read a split of it."""

    title: str
    licence: str
    read: Callable[[Split, Path], ImageSet]
    fetch: Callable[[Path], None] | None = None
    """Downloads the set into a data root; None for sets that cannot be fetched or need no fetching."""


class DataMissingError(DataError):
    """A set that is known but is not in the data root."""


def data_root(root: Path | None = None) -> Path:
    """The folder that holds image sets: the argument, else ``LATENT_DATA``, else the user's cache folder."""
    if root is not None:
        return root
    if named := os.environ.get("LATENT_DATA"):
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "latent-space-explorer" / "data"


def load_images(config: DataConfig, split: Split, *, root: Path | None = None, fetch: bool = False) -> ImageSet:
    """Load one split of an image set, in the size and number of channels that ``config`` asks for.

    Args:
        config: which set.
        split: ``train``, ``test``, or ``validation``: the images that ``config.validation`` keeps out of ``train``.
        root: the data root; see ``data_root``.
        fetch: download a set that is not in the data root, with progress and checksums.

    Raises:
        DataError: the set is unknown, damaged, or unusable.
        DataMissingError: the set is not in the data root and was not to be, or could not be, fetched.
    """
    if split == "test":
        return _load_split(config, split, root, fetch)
    whole = _load_split(config, "train", root, fetch)
    kept = len(whole) - config.validation
    if kept < 1:
        raise DataError(f"validation is {config.validation}, but {config.name} has only {len(whole)} training images")
    part = slice(kept) if split == "train" else slice(kept, None)
    return ImageSet(whole.images[part], None if whole.labels is None else whole.labels[part], whole.class_names)


def binarise(images: np.ndarray, seed: int) -> np.ndarray:
    """Images uint8 (N, C, H, W), each pixel 255 with its grey value as probability, else 0."""
    draws = np.random.default_rng(seed).random(images.shape, np.float32)
    return np.where(draws * 255 < images, np.uint8(255), np.uint8(0))


def _load_split(config: DataConfig, split: Literal["train", "test"], root: Path | None, fetch: bool) -> ImageSet:
    """The whole of one of the two splits that a set comes with."""
    if config.name.startswith(FOLDER_PREFIX):
        return _read_folder(config, split)
    source = DATASETS.get(config.name)
    if source is None:
        raise DataError(
            f"there is no data set called {config.name!r}; choose one of {', '.join(DATASETS)}, or folder:PATH"
        )
    folder = data_root(root)
    try:
        found = source.read(split, folder)
    except DataMissingError:
        if not (fetch and source.fetch):
            raise
        source.fetch(folder)
        found = source.read(split, folder)
    return ImageSet(_fit_array(found.images, config), found.labels, found.class_names)


def describe(name: str) -> DataSource:
    """Title and licence of a set by the name that a configuration holds.

    Raises:
        DataError: if there is no such set.
    """
    if name.startswith(FOLDER_PREFIX):
        folder = Path(name.removeprefix(FOLDER_PREFIX))
        return DataSource(
            f"Pictures in {folder.name}", "the owner's", lambda split, root: _read_folder(DataConfig(name), split)
        )
    if name not in DATASETS:
        raise DataError(f"there is no data set called {name!r}")
    return DATASETS[name]


# --- sets of fixed arrays ------------------------------------------------------------------------------------


def _fit_array(images: np.ndarray, config: DataConfig) -> np.ndarray:
    """Resize and recolour a uint8 (N, C, H, W) array to what ``config`` asks for."""
    channels = config.channels or images.shape[1]
    size = (config.size, config.size) if config.size else images.shape[2:]
    if (channels, *size) == images.shape[1:]:
        return images
    pictures = (Image.fromarray(image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)) for image in images)
    return np.stack([_fit_picture(picture, size[0], channels) for picture in pictures])


def _read_embedded(name: str) -> ImageSet:
    """Read one of the files under ``samples/``, which come with the program."""
    resource = importlib.resources.files("vae_core").joinpath("samples", f"{name}.npz")
    with importlib.resources.as_file(resource) as path, np.load(path) as stored:
        return ImageSet(stored["images"][:, None], stored["labels"].astype(np.int64), FASHION_CLASSES)


def _read_fashion_small(split: Split, root: Path) -> ImageSet:
    return _read_embedded("fashion-mnist-test" if split == "test" else "fashion-mnist-train-10k")


def _read_fashion(split: Split, root: Path) -> ImageSet:
    if split == "test":  # the embedded file is the whole test split
        return _read_embedded("fashion-mnist-test")
    return _read_idx(root, "fashion-mnist", "FashionMNIST", split, FASHION_CLASSES)


def _read_mnist(split: Split, root: Path) -> ImageSet:
    return _read_idx(root, "mnist", "MNIST", split, DIGIT_CLASSES)


def _read_digits(split: Split, root: Path) -> ImageSet:
    """scikit-learn's 1,797 digits of 8x8 pixels; every fifth one is a test image."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)[:, None]
    chosen = (np.arange(len(images)) % TEST_SHARE == 0) == (split == "test")
    return ImageSet(images[chosen], digits.target[chosen].astype(np.int64), DIGIT_CLASSES)


def _read_idx(root: Path, name: str, torchvision_name: str, split: Split, class_names: tuple[str, ...]) -> ImageSet:
    """Read MNIST's own file format from ``root/name`` or from torchvision's layout."""
    folders = [root / name, root / torchvision_name / "raw"]
    prefix = "t10k" if split == "test" else "train"
    for folder in folders:
        images, labels = (folder / f"{prefix}-{part}.gz" for part in ("images-idx3-ubyte", "labels-idx1-ubyte"))
        if images.exists() and labels.exists():
            return ImageSet(_parse_idx(images)[:, None], _parse_idx(labels).astype(np.int64), class_names)
    raise DataMissingError(
        f"{name} is not in {root}; fetch it with `python train.py --data {name}`, or put its four .gz files into "
        f"{folders[0]}"
    )


def _parse_idx(path: Path) -> np.ndarray:
    """Read one gzipped idx file of bytes: magic, dimensions, then the values (LeCun's MNIST page)."""
    try:
        content = gzip.decompress(path.read_bytes())
        dimensions = content[3]
        shape = tuple(np.frombuffer(content, ">u4", dimensions, 4).tolist())
        return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape).copy()
    except (OSError, EOFError, ValueError, IndexError) as error:
        raise DataError(f"{path} is damaged ({error}); delete it and fetch the set again") from error


def _fetch_torchvision(class_name: str, folder_name: str) -> Callable[[Path], None]:
    """A function that downloads one of torchvision's MNIST-like sets, with its progress bar and checksums."""

    def fetch(root: Path) -> None:
        from torchvision import datasets
        from torchvision.datasets.utils import download_url

        source = getattr(datasets, class_name)
        folder = root / folder_name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as temporary:
                for file_name, checksum in source.resources:
                    _download(download_url, source.mirrors, temporary, file_name, checksum)
                for file_name, _ in source.resources:  # only when all four are here and verified
                    os.replace(Path(temporary) / file_name, folder / file_name)
        except (OSError, RuntimeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DataMissingError(
                f"{folder_name} could not be fetched ({reason}); put its four .gz files into {folder}"
            ) from error

    return fetch


def _download(download_url: Callable[..., None], mirrors: list[str], folder: str, name: str, checksum: str) -> None:
    """Fetch one file from the first mirror that has it; re-raise the last mirror's error if none does."""
    for position, mirror in enumerate(mirrors, start=1):
        try:
            download_url(f"{mirror}{name}", root=folder, filename=name, md5=checksum)
            return
        except (OSError, RuntimeError):
            if position == len(mirrors):
                raise


# --- folders of pictures -------------------------------------------------------------------------------------


def _read_folder(config: DataConfig, split: Split) -> ImageSet:
    """Read a folder of pictures; sub-folders, if any, are the classes.

    The split is by a hash of each file's path inside the folder, so it stays the same when files are added.
    """
    folder = Path(config.name.removeprefix(FOLDER_PREFIX)).expanduser()
    paths = _list_pictures(folder)
    class_names = sorted({_class_of(path, folder) for path in paths} - {""})
    chosen = [path for path in paths if _is_test(path, folder) == (split == "test")]
    if not chosen:
        raise DataError(f"{folder} holds only {len(paths)} images, too few for a training and a test split")
    channels = config.channels or (1 if all(_is_grey(path) for path in paths) else 3)
    images = _decode_all(chosen, config.size or FOLDER_SIZE, channels)
    labels = np.array([class_names.index(_class_of(path, folder)) for path in chosen]) if class_names else None
    return ImageSet(images, labels, tuple(class_names))


def _list_pictures(folder: Path) -> list[Path]:
    """All picture files in a folder, in a fixed order; hidden files and other kinds of file are passed over."""
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; give folder:PATH with the path of a folder of images")
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    pictures = [path for path in files if path.suffix.lower() in IMAGE_SUFFIXES]
    if not pictures:
        others = f" (it holds {len(files)} other files, such as {files[0].name})" if files else ""
        raise DataError(f"{folder} holds no images{others}; give a folder of .png or .jpg files")
    at_top = [path for path in pictures if path.parent == folder]
    if at_top and len(at_top) < len(pictures):
        raise DataError(
            f"{folder} mixes images ({at_top[0].name}) with sub-folders of images; put each image into a class's "
            "sub-folder, or all of them into one folder"
        )
    return pictures


def _class_of(path: Path, folder: Path) -> str:
    """The sub-folder that a picture lies in; empty for a picture at the top."""
    parts = path.relative_to(folder).parts
    return parts[0] if len(parts) > 1 else ""


def _is_test(path: Path, folder: Path) -> bool:
    digest = hashlib.sha256(path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape")).digest()
    return digest[0] % TEST_SHARE == 0


def _is_grey(path: Path) -> bool:
    with _opened(path) as picture:
        return picture.mode in GREY_MODES


def _opened(path: Path) -> Image.Image:
    """Open a picture file; a file that Pillow does not know, or finds too large, becomes a DataError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(path)
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning, OSError) as error:
        raise DataError(f"{path} cannot be read as an image; mend or remove it") from error


def _decode(path: Path, size: int, channels: int) -> np.ndarray:
    with _opened(path) as picture:
        try:
            return _fit_picture(ImageOps.exif_transpose(picture), size, channels)
        except (OSError, SyntaxError, ValueError) as error:  # Pillow's own for truncated and malformed files
            raise DataError(f"{path} is damaged; mend or remove it") from error


def _fit_picture(picture: Image.Image, size: int, channels: int) -> np.ndarray:
    """Centre-crop to a square, resize, and convert to uint8 (channels, size, size)."""
    plain = eight_bits(picture).convert("L" if channels == 1 else "RGB")
    fitted = ImageOps.fit(plain, (size, size), Image.Resampling.LANCZOS)
    return np.atleast_3d(np.asarray(fitted)).transpose(2, 0, 1)


def _decode_all(paths: list[Path], size: int, channels: int) -> np.ndarray:
    """Decode pictures on all cores, with progress, into uint8 (N, channels, size, size)."""
    images = np.empty((len(paths), channels, size, size), np.uint8)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow decodes outside Python's global lock
        decoded = pool.map(lambda path: _decode(path, size, channels), paths)
        bar = tqdm(decoded, "Reading images", len(paths), unit="image", leave=False, disable=None)
        for index, image in enumerate(bar):
            images[index] = image
    return images


DATASETS: dict[str, DataSource] = {
    "fashion-mnist-small": DataSource(
        "Fashion-MNIST, 10,000 of the training images", "MIT (Zalando SE)", _read_fashion_small
    ),
    "fashion-mnist": DataSource(
        "Fashion-MNIST", "MIT (Zalando SE)", _read_fashion, _fetch_torchvision("FashionMNIST", "fashion-mnist")
    ),
    "mnist": DataSource("MNIST", "CC BY-SA 3.0", _read_mnist, _fetch_torchvision("MNIST", "mnist")),
    "digits": DataSource("Digits of 8x8 pixels (UCI)", "CC BY 4.0", _read_digits),
}
"""Every set that can be asked for by name. To add one, write a reader and enter it here."""
