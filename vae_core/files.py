"""Files on the disk: atomic writing, so that nothing is lost or half-written, and bounded caches."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from platformdirs import user_cache_path

Value = TypeVar("Value")

APPLICATION = "latent-space-explorer"
DAMAGED = (
    OSError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
    RuntimeError,
    MemoryError,
    zlib.error,
    zipfile.BadZipFile,
)
"""What numpy, json and zipfile raise for files that are absent, cut short or altered."""

_log = logging.getLogger(__name__)


def user_folder(part: str) -> Path:
    """A folder of ours in the user's cache folder, wherever the operating system keeps that."""
    return user_cache_path(APPLICATION, appauthor=False) / part


def cache_folder(part: str) -> Path:
    """Where computed results are kept: ``LATENT_CACHE/part``, else the same in the user's cache folder."""
    named = os.environ.get("LATENT_CACHE")
    return Path(named) / part if named else user_folder(part)


def read_or_make(
    path: Path,
    read: Callable[[Path], Value],
    make: Callable[[], Value],
    write: Callable[[Path, Value], None],
    *,
    damaged: tuple[type[Exception], ...] = DAMAGED,
    most_bytes: int | None = None,
) -> Value:
    """What a cache file holds; if it is absent or damaged, the value is made, and written for the next time.

    A file that cannot be written costs only a warning in the log.

    Args:
        path: the file.
        read: reads it; raises one of ``damaged`` if it is absent or damaged.
        make: makes the value; what it raises is raised.
        write: writes the value to the file, atomically.
        damaged: the exceptions of ``read`` after which the value is made.
        most_bytes: what the file's folder may hold; older files are removed. None for no bound.
    """
    try:
        return read(path)
    except damaged:
        value = make()
    try:
        write(path, value)
        if most_bytes is not None:
            trim_folder(path.parent, most_bytes, keep=path)
    except OSError as error:
        _log.warning("%s cannot be written (%s)", path, error.strerror or error)
    return value


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside ``path`` that takes its place only when all of it is on the disk.

    If the block raises, the temporary file is removed and whatever ``path`` held before is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp makes files that only their owner can read
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, in UTF-8."""
    with atomic_write(path) as file:
        file.write(text.encode())


def trim_folder(folder: Path, most_bytes: int, keep: Path | None = None) -> None:
    """Remove the files of a cache that were written or used longest ago, until it holds at most so many bytes.

    ``keep`` stays in any case. Other processes may write and remove files meanwhile.
    """
    total = 0
    for _, size, path in sorted(_files(folder), reverse=True):
        total += size
        if total > most_bytes and path != keep:
            with contextlib.suppress(OSError):  # some systems do not remove what is in use
                path.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """When each file in a folder was written or used, and its bytes."""
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            yield status.st_mtime, status.st_size, path
