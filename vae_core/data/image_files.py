"""Image files in folders and zip archives: their listing, their split, and opening them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vae_core.data.base import DataError

TEST_SHARE = 5  # one file in five goes to the test split
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm"})
LARGEST_MEMBER = 100_000_000  # bytes of a file in an archive, unpacked


@dataclass(frozen=True)
class ImageFile:
    """One image file: ``name`` is its path inside its set, with slashes, and decides its split."""

    name: str
    container: Path
    """The folder or the zip archive that holds it."""
    stamp: tuple[int, int]
    """Its size in bytes, and its time of change (in an archive its checksum)."""


def list_image_files(container: Path) -> list[ImageFile]:
    """All image files in a folder or a zip archive, by name; hidden files and other kinds are passed over.

    Raises:
        DataError: if it is neither, or holds no images.
    """
    if not (container.is_dir() or zipfile.is_zipfile(container)):
        raise DataError(f"{container} is neither a folder nor a zip archive of images")
    in_order = sorted(_files_in(container), key=lambda file: file.name)
    shown = [file for file in in_order if not any(part.startswith(".") for part in file.name.split("/"))]
    files = [file for file in shown if Path(file.name).suffix.lower() in SUFFIXES]
    if not files:
        others = f" (it holds {len(shown)} other files, such as {Path(shown[0].name).name})" if shown else ""
        raise DataError(f"{container} holds no images{others}; give a folder of .png or .jpg files")
    return files


def _files_in(container: Path) -> Iterator[ImageFile]:
    if container.is_dir():
        for folder, _, names in os.walk(container):
            for name in names:
                path = Path(folder, name)
                with contextlib.suppress(FileNotFoundError):  # a link to nowhere
                    status = path.stat()
                    yield ImageFile(
                        path.relative_to(container).as_posix(), container, (status.st_size, status.st_mtime_ns)
                    )
        return
    with zipfile.ZipFile(container) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                yield ImageFile(member.filename, container, (member.file_size, member.CRC))


def name_hash(name: str) -> bytes:
    """A fixed random-looking value of a name; what orders and splits images."""
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()


def is_test(name: str) -> bool:
    """Whether an image goes to the test split: one in five, by a hash of its name alone.

    So an image stays in its split when others come.
    """
    return name_hash(name)[0] % TEST_SHARE == 0


def shuffled(files: list[ImageFile]) -> list[ImageFile]:
    """The images in the order of their names' hashes, so that any part of them is a fair sample."""
    return sorted(files, key=lambda file: name_hash(file.name))


class FileOpener:
    """Opens image files, those in archives too; safe to share between threads.

    Raises:
        DataError: if an archive cannot be opened.
    """

    def __init__(self, files: Sequence[ImageFile]) -> None:
        containers = {file.container for file in files}
        try:
            self._archives = {
                container: zipfile.ZipFile(container) for container in containers if not container.is_dir()
            }
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(f"an archive of images cannot be opened ({error}); get it again") from error

    def __enter__(self) -> FileOpener:
        return self

    def __exit__(self, *error: object) -> None:
        for archive in self._archives.values():
            archive.close()

    def open(self, file: ImageFile) -> BinaryIO:
        """A image file's bytes.

        Raises:
            OSError, zipfile.BadZipFile: if it cannot be read.
        """
        archive = self._archives.get(file.container)
        if archive is None:
            return (file.container / file.name).open("rb")
        if file.stamp[0] > LARGEST_MEMBER:
            raise OSError(0, "too large")
        return io.BytesIO(archive.read(file.name))
