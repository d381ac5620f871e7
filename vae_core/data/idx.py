"""MNIST's own file format, and sets that come in it."""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vae_core.data.base import DataError, DataMissingError, ImageSet, Split


def read_idx(root: Path, name: str, torchvision_name: str, split: Split, class_names: tuple[str, ...]) -> ImageSet:
    """Read a set in MNIST's file format from ``root/name`` or from torchvision's layout.

    Raises:
        DataMissingError: if it is in neither.
        DataError: if a file is damaged.
    """
    folders = [root / name, root / torchvision_name / "raw"]
    prefix = "t10k" if split == "test" else "train"
    for folder in folders:
        images, labels = (folder / f"{prefix}-{part}.gz" for part in ("images-idx3-ubyte", "labels-idx1-ubyte"))
        if images.exists() and labels.exists():
            return ImageSet(_parse(images)[:, None], _parse(labels).astype(np.int64), class_names)
    raise DataMissingError(
        f"{name} is not in {root}; fetch it with `python train.py --data {name}`, or put its four .gz files into "
        f"{folders[0]}"
    )


def _parse(path: Path) -> np.ndarray:
    """Read one gzipped idx file of bytes: magic, dimensions, then the values (LeCun's MNIST page)."""
    try:
        content = gzip.decompress(path.read_bytes())
        dimensions = content[3]
        shape = tuple(np.frombuffer(content, ">u4", dimensions, 4).tolist())
        return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape).copy()
    except (OSError, EOFError, ValueError, IndexError) as error:
        raise DataError(f"{path} is damaged ({error}); delete it and fetch the set again") from error


def fetch_torchvision(class_name: str, folder_name: str) -> Callable[[Path], None]:
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
